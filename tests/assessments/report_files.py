"""Ordering, making and fetching the files of reports, for the tests about them."""

from collections.abc import Callable

from django.core.files.storage import storages
from django.urls import reverse

from assessments.reports import render
from assessments.reports.services import link_key, order_report
from brands.roles import BRAND
from factories.roles import FACTORY, PROGRAMME
from portal.accounts.services import add_member
from portal.core import jobs
from sharing.grants.services.revoking import revoke_access

ORDER = {"scope": "report", "language": "en", "format": "json"}


def order(world, reader, assessment="a2", **changes):
    return order_report(by=reader, assessment=world.assessments[assessment], **(ORDER | changes))


def make(copy):
    """The copy after a worker ran its job."""
    jobs.run(copy.job_id)
    copy.refresh_from_db()
    copy.job.refresh_from_db()
    return copy


def revoke(world, grant):
    return revoke_access(by=world.person("manager_a"), grant=grant)


def post_order(client, assessment, **changes):
    return client.post(reverse("report_order", args=[assessment.pk]), ORDER | changes)


def job_page(copy) -> str:
    return reverse("job", args=[copy.job_id])


def link(copy, by=None) -> str:
    key = link_key(by=by or copy.reader, copy=copy)
    return reverse("report_download", args=[copy.pk]) + f"?key={key}"


def content(response) -> bytes:
    return b"".join(response.streaming_content)


def stored(copy) -> bytes:
    with storages["private"].open(copy.file) as file:
        return bytes(file.read())


def stored_files() -> list[str]:
    storage = storages["private"]
    return storage.listdir("reports")[1] if storage.exists("reports") else []


def meanwhile(monkeypatch, act: Callable[[], object]) -> None:
    """Do `act` once, in the middle of the rendering of the next report."""

    def rendered(*args, **kwargs):
        file = render(*args, **kwargs)
        act()
        return file

    monkeypatch.setattr("assessments.reports.services.render", rendered)


def join(world, person, side) -> None:
    """Make somebody who belongs to nobody one of the staff, of factory A's or of brand A's people."""
    kind, organisation, role = {
        "staff": (PROGRAMME, world.cambodia, "team_leader"),
        "factory": (FACTORY, world.factory_a, "member"),
        "brand": (BRAND, world.brand_a, "member"),
    }[side]
    add_member(by=None, kind=kind, organisation=organisation, member=person, role=role)
