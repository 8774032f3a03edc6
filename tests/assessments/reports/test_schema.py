"""The JSON export keeps its published schema."""

import json

import pytest
from jsonschema import Draft202012Validator

from assessments.reports import build_document, languages, render
from assessments.reports.document import FINDING_CODES, POINT_STATUSES, PROVENANCES, SCOPES
from assessments.reports.schema import report_schema
from tests.assessments.reports.sample import STAMP, document, header

VALIDATOR = Draft202012Validator(report_schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)


def content(built):
    return json.loads(render(built, STAMP, "json").content)


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(report_schema())


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("language", languages())
def test_every_report_keeps_the_schema(scope, language):
    VALIDATOR.validate(content(document(scope, language)))


def test_an_empty_report_keeps_the_schema():
    VALIDATOR.validate(content(build_document(header(), [], scope="report", language="en")))


@pytest.mark.parametrize("status", ["superseded", "withdrawn", "draft"])
def test_every_status_keeps_the_schema(status):
    VALIDATOR.validate(content(document(status=status, mode="virtual", published_on=None)))


def test_the_schema_knows_every_code():
    definitions = report_schema()["$defs"]
    assert definitions["findingCode"]["enum"] == list(FINDING_CODES)
    assert definitions["compliancePoint"]["properties"]["status"]["enum"] == list(POINT_STATUSES)
    assert definitions["finding"]["properties"]["provenance"]["enum"] == [*PROVENANCES, ""]


def test_a_field_more_is_refused():
    told = content(document())
    told["tool"] = "CAF"
    assert not VALIDATOR.is_valid(told)


def test_the_file_names_the_factory_and_the_copy():
    file = render(document(), STAMP, "json")
    assert file.filename == "better-work-9001-cycle-4-v1-report-en-copy-1042.json"
    assert file.content_type == "application/json"


def test_an_unknown_format_is_refused():
    with pytest.raises(ValueError, match="Unknown report format 'docx'"):
        render(document(), STAMP, "docx")  # type: ignore[arg-type]
