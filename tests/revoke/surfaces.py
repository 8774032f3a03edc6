"""Every way to the data that brand A holds: its name, and a question that is true while it is open.

A name ends with who asks, where that is not the brand's member: `, token` (its integration) or `, factory` (factory
A's manager, who is told what the brand may read: by the brand's own pages, "Why?" and "Who could see it").
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils.http import urlencode

from assessments.models import Answer, Assessment, ReportCopy
from portal.accounts.models import User
from sharing import access
from tests.revoke.held import FORMATS, Held, file_key

Surface = Callable[[], bool]
Surfaces = Iterator[tuple[str, Surface]]


def surfaces(held: Held) -> Surfaces:
    """All of them, for the browsers that there are."""
    if "member" in held.browsers:
        yield from _pages(held, held.browsers["member"])
        yield from _corrections(held, held.browsers["member"])
        yield from _files(held, held.browsers["member"])
    for who in ("member", "token"):
        if who in held.browsers:
            yield from _api(held, who, held.browsers[who])
            yield from _api_files(held, who, held.browsers[who])
    if "factory" in held.browsers:
        yield from _from_the_factory(held, held.browsers["factory"])


def open_ones(held: Held, among: Collection[str] | None = None) -> set[str]:
    """The names of the surfaces that answer, of all or of some."""
    return {name for name, is_open in surfaces(held) if (among is None or name in among) and is_open()}


def open_gates(held: Held) -> set[str]:
    """What the querysets and decisions behind the surfaces let through, for the member and the integration."""
    report, found = Assessment.objects.select_related("factory").get(pk=held.read.pk), set()
    for who, pk in (("member", held.member.pk), ("token", held.stage.integration)):
        user = User.objects.get(pk=pk)
        gates: dict[str, Any] = {
            "visible_to": Assessment.objects.visible_to(user).filter(pk=report.pk),
            "shared_with": Assessment.objects.shared_with(user).filter(pk=report.pk),
            "answers": Answer.objects.visible_to(user, "report").filter(assessment=report),
            "files": ReportCopy.objects.visible_to(user),
            "openings": access.openings(user, report),
            "decision": access.decide(user, report, "step1"),
            "has_perm": user.has_perm("assessments.view_report", report),
        }
        found |= {f"{name}, {who}" for name, gate in gates.items() if gate}
    return found


GATES = {
    f"{name}, {who}"
    for name in ("visible_to", "shared_with", "answers", "files", "openings", "decision", "has_perm")
    for who in ("member", "token")
}


def is_there(client: Client, url: str, **headers: str) -> bool:
    """Whether the address answers with something; anything but 200 and "not there" is an error of the test."""
    response: Any = client.get(url, headers=headers)
    if response.streaming:
        b"".join(response.streaming_content)
    assert response.status_code in {200, 302, 401, 404}, (url, response.status_code)
    return response.status_code == 200


def was_taken(client: Client, url: str, body: dict[str, str] | None = None, content_type: str = "") -> bool:
    """Whether what was posted was accepted."""
    more: Any = {"content_type": content_type} if content_type else {}
    response = client.post(url, body or {}, **more)
    assert response.status_code in {200, 202, 302, 401, 404}, (url, response.status_code)
    return response.status_code in {200, 202, 302} and "/login/" not in response.headers.get("Location", "")


def says(client: Client, url: str, words: str) -> Surface:
    """Whether the words stand there. A page that sends the reader elsewhere does not show them."""
    return lambda: words in client.get(url).content.decode()


# --- the brand's pages -----------------------------------------------------------------------------------


def _pages(held: Held, client: Client) -> Surfaces:
    pk, name = str(held.read.pk), held.world.factory_a.name
    older = held.world.assessments["a1"]
    why = reverse("explain", args=[held.world.factory_a.pk])
    yield "page", lambda: is_there(client, f"/assessments/{pk}/")
    yield "history", says(client, f"/assessments/{older.pk}/", f"/assessments/{pk}/")
    yield "list", says(client, "/shared/", pk)
    yield "list, searched", says(client, f"/shared/?{urlencode({'q': name})}", pk)
    yield "list, filtered", says(client, f"/shared/?{urlencode({'cluster': 'Compensation'})}", pk)
    yield "count on the first page", lambda: _figures(client) == [1, 2]
    yield "why", says(client, f"{why}?cycle=2&scope=report", "Can read it")
    order = {"scope": "report", "format": "csv", "language": "en"}
    yield "order form", lambda: was_taken(client, f"/assessments/{pk}/reports/", order)


def _figures(client: Client) -> list[int]:
    """Factories and reports that the first page counts for a brand."""
    response = client.get("/")
    sections = response.context["sections"] if response.status_code == 200 else []
    return [figure for section in sections for _label, figure, _url in section["stats"]]


def _corrections(held: Held, client: Client) -> Surfaces:
    """Of cycle 1's report, which was replaced; it closes with the other one, but for a withdrawal of that."""
    page = reverse("correction", args=[held.stage.correction.assessment_id])
    yield "correction", lambda: is_there(client, page)
    yield "corrections", says(client, reverse("corrections"), page)
    yield (
        "correction on the first page",
        says(client, "/", "that your brand read w"),
    )  # was, were corrected or withdrawn
    api = f"/api/v1/corrections/{held.stage.correction.assessment_id}/acknowledge/"
    yield "correction, taking note over the API", lambda: was_taken(client, api)
    taking_note = reverse("correction_acknowledge", args=[held.stage.correction.assessment_id])
    yield "correction, taking note", lambda: was_taken(client, taking_note)


def file_link(copy: ReportCopy, name: str) -> str:
    """The link as it stood on the page or in the answer."""
    return f"{reverse(name, args=[copy.pk])}?{urlencode({'key': file_key(copy)})}"


def _files(held: Held, client: Client) -> Surfaces:
    for kind in FORMATS:
        copy = held.copies[kind]
        yield f"{kind}, old link", lambda copy=copy: is_there(client, file_link(copy, "report_download"))
        yield f"{kind}, its job", lambda copy=copy: is_there(client, f"/jobs/{copy.job_id}/")
    waiting = f"/jobs/{held.waiting['member'].job_id}/"
    yield "waiting job", lambda: is_there(client, waiting)
    yield "progress bar", lambda: is_there(client, waiting, **{"HX-Request": "true"})


# --- the API, for people and programs --------------------------------------------------------------------


def _api(held: Held, who: str, client: Client) -> Surfaces:
    pk, factory = str(held.read.pk), held.world.factory_a.pk
    yield f"API list, {who}", says(client, "/api/v1/assessments/", pk)
    yield f"API shared, {who}", says(client, "/api/v1/shared/", pk)
    yield f"API shared by cluster, {who}", says(client, "/api/v1/shared/?cluster=Compensation", pk)
    yield f"API detail, {who}", lambda: is_there(client, f"/api/v1/assessments/{pk}/")
    for scope in ("report", "step1"):
        findings = f"/api/v1/assessments/{pk}/findings/?scope={scope}"
        yield f"API findings {scope}, {who}", lambda url=findings: is_there(client, url)
    yield f"API explain, {who}", lambda: is_there(client, f"/api/v1/assessments/{pk}/explain/?scope=report")
    yield f"API corrections, {who}", says(client, "/api/v1/corrections/", str(held.world.assessments["a1"].pk))
    if who == "member":  # a program asks about one assessment, not why
        why = reverse("api:factory-explain", args=[factory])
        yield f"API why, {who}", says(client, f"{why}?cycle=2&scope=report", '"allowed":true')


def _api_files(held: Held, who: str, client: Client) -> Surfaces:
    own, waiting = held.copies["token" if who == "token" else "json"], held.waiting[who]
    yield f"API file, {who}", lambda: is_there(client, f"/api/v1/reports/{own.pk}/")
    yield f"API old link, {who}", lambda: is_there(client, file_link(own, "api:report-file"))
    yield f"API job, {who}", lambda: is_there(client, f"/api/v1/jobs/{own.job_id}/")
    yield f"API waiting job, {who}", lambda: is_there(client, f"/api/v1/jobs/{waiting.job_id}/")
    order = {"assessment": str(held.read.pk), "scope": "report", "format": "csv", "language": "en"}
    yield f"API order, {who}", lambda: was_taken(client, "/api/v1/reports/", order, "application/json")


# --- what the factory is told of it ----------------------------------------------------------------------


def _from_the_factory(held: Held, client: Client) -> Surfaces:
    """View as brand, "Why?" and "Who could see it" give the brand's answer; a person's own answer is told apart."""
    factory, brand, pk = held.world.factory_a.pk, held.world.brand_a, str(held.read.pk)
    yield "as the brand, list, factory", says(client, reverse("as_brand", args=[factory, brand.pk]), pk)
    as_brand = reverse("as_brand_assessment", args=[factory, brand.pk, pk])
    yield "as the brand, page, factory", lambda: is_there(client, as_brand)
    asked = {"cycle": 2, "scope": "report"}
    for name, reader in (("brand", f"brand:{brand.pk}"), ("member", f"person:{held.member.pk}")):
        query = urlencode({**asked, "reader": reader})
        page, api = reverse("explain", args=[factory]), reverse("api:factory-explain", args=[factory])
        yield f"why the {name}, factory", says(client, f"{page}?{query}", "Can read it")
        yield f"API why the {name}, factory", says(client, f"{api}?{query}", '"allowed":true')
    page, api = reverse("who_could_see", args=[factory]), reverse("api:who-could-see", args=[factory])
    for name, words in (("brand", brand.name.replace("&", "&amp;")), ("member", held.member.name)):
        yield f"who could see, the {name}, factory", says(client, f"{page}?{urlencode(asked)}", words)
    for name, words in (("brand", f'"{brand.name}"'), ("member", f'"{held.member.name}"')):
        yield f"API who could see, the {name}, factory", says(client, f"{api}?{urlencode(asked)}", words)
