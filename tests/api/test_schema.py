"""The OpenAPI description: complete, valid, for signed-in people only, and what the API really does."""

import dataclasses
import io
from collections.abc import Iterator
from typing import Any, get_type_hints
from uuid import uuid4

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.urls import get_resolver
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from assessments.reading.serializers import DocumentSerializer
from assessments.reports import document
from assessments.reports.schema import report_schema
from portal.core.api.throttling import PersonThrottle
from tests.amounts import REQUESTS
from tests.world import World

CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]
FUZZ = settings(
    max_examples=REQUESTS,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def description(db: None, world: World, api_of: Any) -> dict[str, Any]:
    """The description as a signed-in person fetches it."""
    loaded: dict[str, Any] = api_of(world.person("outsider")).get("/api/schema/?format=json").json()
    return loaded


def test_it_is_valid_and_complete_without_a_warning():
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=io.StringIO())


@pytest.mark.django_db
def test_the_address_of_the_description_puts_nothing_into_its_headers(world: World, api_of: Any) -> None:
    client = api_of(world.person("outsider"))
    for version in ("\0", "1\r\nX-Evil: 1", '1";filename=evil.exe'):
        answer = client.get("/api/schema/", {"version": version})  # as YAML, which is rendered once
        assert answer.status_code == 200
        assert "evil" not in str(answer.headers).lower()
        assert b"/api/v1/shared/" in answer.content


@pytest.mark.django_db
def test_every_address_of_the_api_is_described(description: dict[str, Any]):
    _, patterns = next(
        (resolver.namespace, resolver.url_patterns)
        for root in get_resolver().url_patterns
        if getattr(root, "urlconf_name", None) is not None and str(root.pattern) == "api/"
        for resolver in root.url_patterns
        if getattr(resolver, "namespace", None) == "api"
    )
    assert len(description["paths"]) == len(patterns) > 20
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            assert {"400", "401", "403", "404", "429"} <= set(operation["responses"])
            assert operation["security"] == [{"integrationToken": []}, {"cookieAuth": []}]


@pytest.mark.django_db
def test_what_answers_with_a_whole_list_is_described_as_one(description: dict[str, Any]):
    order = {"sharing-orders": "201", "sharing-preview": "200", "stop-sharing": "200"}
    order |= {"restore": "201", "restore-preview": "200"}
    for name, status in order.items():
        answer = description["paths"][f"/api/v1/factories/{{id}}/{name}/"]["post"]["responses"][status]
        assert answer["content"]["application/json"]["schema"]["type"] == "array", name


@pytest.mark.django_db
def test_description_and_reference_are_for_signed_in_people(world: World, client_of: Any, api_of: Any):
    assert api_of(None).get("/api/schema/").status_code == 401
    response = client_of(None).get("/api/docs/")
    assert (response.status_code, response["Location"]) == (302, "/accounts/login/?next=/api/docs/")

    page = client_of(world.person("brand_a_member")).get("/api/docs/")
    assert page.status_code == 200
    content = page.content.decode()
    assert 'data-schema="/api/schema/?format=json"' in content
    assert "<style" not in content
    assert " style=" not in content
    assert content.count("<script") == content.count("<script src=")
    assert "unsafe" not in page["Content-Security-Policy"]
    assert "://" not in "".join(line for line in content.splitlines() if "<script" in line or "<link" in line)


def _fields(serializer: Any) -> dict[str, Any]:
    return {name: getattr(field, "child", field) for name, field in serializer().fields.items()}


def test_the_document_is_described_as_it_is():
    """Field by field: the dataclasses, the API's description and the published JSON Schema of the file agree."""
    described, promised = _fields(DocumentSerializer), report_schema()
    assert set(described) == {field.name for field in dataclasses.fields(document.ReportDocument)}
    assert set(described) | {"copy", "schema_version"} == set(promised["properties"])
    parts = {
        document.FactoryFacts: (described["factory"], "factory"),
        document.AssessmentFacts: (described["assessment"], "assessment"),
        document.Summary: (described["total"], "summary"),
        document.Cluster: (described["clusters"], "cluster"),
        document.CompliancePoint: (described["clusters"].fields["points"].child, "compliancePoint"),
        document.Finding: (described["clusters"].fields["points"].child.fields["findings"].child, "finding"),
        document.LegendEntry: (described["legend"], "legendEntry"),
    }
    for part, (serializer, name) in parts.items():
        assert set(serializer.fields) == set(get_type_hints(part)) == set(promised["$defs"][name]["properties"]), part


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """Requests through the real handler stay in the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def _portal_for(api_of: Any, person: Any) -> Any:
    """The whole portal as a WSGI application, every request carrying the person's session."""
    session, handler = api_of(person).cookies["sessionid"].value, WSGIHandler()

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        environ["HTTP_COOKIE"] = f"sessionid={session}; csrftoken={'a' * 32}"
        environ["HTTP_X_CSRFTOKEN"] = "a" * 32
        environ.pop("HTTP_AUTHORIZATION", None)
        return handler(environ, start_response)

    return app


def _real_ids(world: World, path: str) -> list[Any]:
    """Ids that exist, own and others', for the place of `{id}` in a path."""
    kind = path.removeprefix("/api/v1/").split("/")[0]
    known: dict[str, list[Any]] = {
        "assessments": [assessment.pk for assessment in world.assessments.values()],
        "factories": [world.factory_a.pk, world.factory_b.pk],
        "brands": [world.brand_a.pk, world.brand_b.pk],
        "grants": list(world.factory_a.grants.values_list("pk", flat=True)),
        "programmes": [world.cambodia.pk],
    }
    return known.get(kind, [uuid4()])


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.usefixtures("_one_connection")
@pytest.mark.parametrize("persona", ["brand_a_manager", "manager_a"])
def test_whatever_is_sent_the_answer_is_as_described(
    world: World, api_of: Any, persona: str, monkeypatch: pytest.MonkeyPatch
):
    """Generated requests, valid and not, with real and made-up ids, through the whole stack."""
    monkeypatch.setattr(PersonThrottle, "THROTTLE_RATES", {"person": "1000000/min"})
    world.grant()
    world.grant(scope="step1", brand=world.brand_b)
    schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", _portal_for(api_of, world.person(persona)))
    tried: set[tuple[str, str, int]] = set()

    for operation in (result.ok() for result in schema.get_all_operations()):
        places = list(operation.path_parameters)
        ids = st.sampled_from(_real_ids(world, operation.path)) if places else st.none()

        @FUZZ
        @given(case=operation.as_strategy(), real=st.one_of(st.none(), ids))
        def send(case: Any, real: Any) -> None:
            if real is not None:
                case.path_parameters["id"] = str(real)
            response = case.call()
            tried.add((case.method, case.operation.path, response.status_code))
            case.validate_response(response, checks=CHECKS)

        send()

    assert {status for _, _, status in tried} >= {200, 400, 404}
    assert not {status for _, _, status in tried} & {401, 429, 500}
