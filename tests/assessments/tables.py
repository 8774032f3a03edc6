"""Long tables that tests make, and what is asked of their import."""

import csv
import io

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from assessments.imports.services import confirm_import, error_rows, start_import
from assessments.models import Answer, Assessment, Tool
from assessments.reports.services import order_report
from assessments.reports.table import COLUMNS
from factories.models import Factory
from portal.core import jobs
from portal.core.models import Job

ROW = {
    "Country": "Cambodia",
    "Factory Assessed ID": "KH-0002",
    "Factory Assessed Name": "Mekong Heron Apparel",
    "Quest ID": "70003",
    "Cycle": "7",
    "Assesment Start Date": "27/03/2016",
    "Questionnaire": "Cambodia CAT V1",
    "Cluster": "Child Labour",
    "CP": "Child Labourers",
    "Question ID": "1000",
    "Q Label": "Workers below the legal minimum age were found",
    "Question type": "NC",
    "Finding": "1",
    "Tags": "Public Disclosure;Zero Tolerance",
}


OVERTIME = {
    "Cluster": "Compensation",
    "CP": "Overtime Wages",
    "Question ID": "1010",
    "Q Label": "Overtime is paid at the wrong rate",
    "Finding": "0",
    "Tags": "Public Disclosure",
}


LEAVE = {
    "Cluster": "Working Time",
    "CP": "Leave",
    "Question ID": "1022",
    "Q Label": "How many days of annual leave do workers get",
    "Question type": "FGW",
    "Finding": '18 days; "and more"\nfor some',
    "Tags": "",
}


def table(*changes, columns=COLUMNS, delimiter=",", encoding="utf-8"):
    """A file with one row for each change of `ROW`."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, delimiter=delimiter, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({**ROW, **change} for change in changes)
    return out.getvalue().encode(encoding)


def check(by, content, name="table.csv"):
    batch = start_import(by=by, upload=ContentFile(content, name=name))
    batch.refresh_from_db()
    return batch


def load(by, content, **options):
    batch = check(by, content)
    assert batch.state == "ready", error_rows(batch)
    batch = confirm_import(by=by, batch=batch, **options)
    batch.refresh_from_db()
    assert batch.job.state == "done", batch.job.error
    return batch


def messages(batch):
    return [(p.row, p.column, p.message) for p in error_rows(batch)]


def rows_of_everything():
    return [
        list(Assessment.objects.order_by("pk").values()),
        list(Answer.objects.order_by("pk").values()),
        list(Factory.objects.order_by("pk").values()),
        list(Tool.objects.order_by("pk").values()),
    ]


def file_of(reader, made, kind):
    copy = order_report(by=reader, assessment=made, scope="report", language="fr", format=kind)
    Job.objects.filter(pk=copy.job_id).update(state="queued")  # here jobs run before the copy is there to be made
    jobs.run(copy.job_id)
    copy.refresh_from_db()
    with storages["private"].open(copy.file) as file:
        return bytes(file.read())
