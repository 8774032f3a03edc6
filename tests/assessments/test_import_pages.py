"""The pages of the import: who may, what they show, and that nothing happens before the decision."""

import html

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.translation import override

from assessments.imports import words
from assessments.imports.models import ImportBatch
from assessments.models import Assessment, Question
from assessments.reports.table import COLUMNS
from portal.accounts.models import User
from portal.core.models import Job
from tests.assessments.tables import LEAVE, OVERTIME, ROW, load, table

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("run_jobs")]

UPLOAD = "/assessments/import/"


def upload(client, content, name="table.csv"):
    response = client.post(UPLOAD, {"file": SimpleUploadedFile(name, content)})
    assert response.status_code == 302, response.content.decode()
    return response.headers["Location"]


@pytest.mark.parametrize(
    ("persona", "status"),
    [
        ("team_leader", 200),
        ("programme_manager", 200),
        ("global_staff", 200),
        ("advisor", 403),
        ("constituent", 404),
        ("manager_a", 404),
        ("brand_a_manager", 404),
        ("outsider", 404),
        ("operator", 404),
        ("anonymous", 302),
    ],
)
def test_who_may_upload(world, client_of, persona, status):
    client = client_of(world.people[persona])
    assert client.get(UPLOAD).status_code == status
    before = ImportBatch.objects.count()
    refused = client.post(UPLOAD, {"file": SimpleUploadedFile("t.csv", table({}))})
    assert (refused.status_code, ImportBatch.objects.count() - before) == ((302, 1) if status == 200 else (status, 0))


def test_upload_preview_import(world, client_of):
    client = client_of(world.person("team_leader"))
    page = upload(client, table({}, OVERTIME, LEAVE, {}))
    preview = client.get(page).content.decode()
    assert "Exact duplicate rows (ignored)" in preview
    assert not Assessment.objects.filter(quest_id="70003").exists()
    assert client.post(f"{page}apply/").status_code == 302
    assert Assessment.objects.filter(quest_id="70003").count() == 1
    assert "Imported" in client.get(page).content.decode()


def test_importing_again_says_that_nothing_changes(world, client_of):
    client = client_of(world.person("team_leader"))
    for _ in range(2):
        page = upload(client, table({}, OVERTIME))
        shown = client.get(page).content.decode()
        client.post(f"{page}apply/")
    assert "changes nothing" in shown


def test_errors_are_shown_and_downloaded_without_formulas(world, client_of):
    client = client_of(world.person("team_leader"))
    page = upload(client, table({"Finding": "=1+1"}, {**OVERTIME, "Cycle": "first"}))
    shown = client.get(page).content.decode()
    assert "Nothing was imported" in shown
    assert "=1+1" in shown
    assert "Finding" in shown
    response = client.get(f"{page}errors.csv")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    assert response.headers["Content-Type"].startswith("text/csv")
    assert '"2","Finding","\'=1+1",' in text
    assert '"3","Cycle","first",' in text


def test_creating_what_is_unknown_needs_the_tick(world, client_of):
    client = client_of(world.person("team_leader"))
    page = upload(client, table({"Factory Assessed ID": "KH-0077", "Factory Assessed Name": "Lotus Yarn (Obsolete)"}))
    assert "KH-0077" in client.get(page).content.decode()
    refused = client.post(f"{page}apply/", {})
    assert refused.status_code == 400
    assert not Assessment.objects.filter(quest_id="70003").exists()
    client.post(f"{page}apply/", {"create_missing": "on"})
    made = Assessment.objects.get(quest_id="70003").factory
    assert (made.bw_id, made.name, made.is_obsolete) == ("KH-0077", "Lotus Yarn", True)


def test_the_preview_of_a_new_questionnaire_lists_its_questions(world, client_of):
    client = client_of(world.person("team_leader"))
    page = upload(client, table({"Questionnaire": "Cambodia CAT V9"}, {"Questionnaire": "Cambodia CAT V9", **LEAVE}))
    shown = client.get(page).content.decode()
    assert "Cambodia CAT V9, 2 clusters, 2 compliance points, 2 questions" in shown
    assert ROW["Q Label"] in shown
    assert "This concerns 1 question of type NC" in shown
    assert 'name="treat_as_step1"' in shown
    assert "checked" not in shown
    client.post(f"{page}apply/", {"create_missing": "on"})
    assert not Question.objects.filter(tool__name="Cambodia CAT V9", step=1).exists()


def test_new_questions_become_step_1_only_on_purpose(world, client_of):
    client = client_of(world.person("team_leader"))
    page = upload(client, table({"Questionnaire": "Cambodia CAT V9"}, {"Questionnaire": "Cambodia CAT V9", **LEAVE}))
    client.post(f"{page}apply/", {"create_missing": "on", "treat_as_step1": "on"})
    assert list(Question.objects.filter(tool__name="Cambodia CAT V9", step=1).values_list("type", flat=True)) == ["NC"]


def test_the_preview_lists_the_assessments(world, client_of):
    client = client_of(world.person("team_leader"))
    shown = client.get(upload(client, table({}, OVERTIME))).content.decode()
    for told in ("Mekong Heron Apparel", "27 Mar 2016", "Cambodia CAT V1", "70003"):
        assert told in shown


@pytest.mark.parametrize("cycle", ["7", "seven"])
def test_ignored_columns_are_named_with_the_preview_and_with_errors(world, client_of, cycle):
    columns = ["Inspector mood", "Tag", *(name for name in COLUMNS if name != "Tags")]
    client = client_of(world.person("team_leader"))
    shown = client.get(upload(client, table({"Cycle": cycle}, columns=columns))).content.decode()
    assert "These columns (Inspector mood, Tag) are not part of the table and are ignored." in shown
    assert "“Tag” meant as “Tags”" in shown


def test_an_upload_is_its_owners(world, client_of):
    page = upload(client_of(world.person("team_leader")), table({}))
    for persona in ("programme_manager", "global_staff", "vietnam_manager", "outsider"):
        other = client_of(world.person(persona))
        assert other.get(page).status_code == 404
        assert other.get(f"{page}errors.csv").status_code == 404
        assert other.post(f"{page}apply/").status_code == 404
        assert other.post(f"{page}discard/").status_code == 404
    assert not Assessment.objects.filter(quest_id="70003").exists()


def test_a_discarded_upload_is_gone(world, client_of):
    client = client_of(world.person("team_leader"))
    page = upload(client, table({}))
    assert client.post(f"{page}discard/").status_code == 302
    assert client.get(page).status_code == 404


def test_a_file_that_is_too_large_is_refused_unread(world, client_of, settings):
    settings.UPLOAD_MAX_BYTES = 1024 * 1024
    client = client_of(world.person("team_leader"))
    response = client.post(UPLOAD, {"file": SimpleUploadedFile("t.csv", b"x" * 1_200_000)})
    assert response.status_code == 413
    assert "1 MB" in response.content.decode()
    assert not ImportBatch.objects.exists()


def test_a_lie_about_the_size_is_found_while_receiving(world, client_of, settings):
    settings.UPLOAD_MAX_BYTES = 100_000
    client = client_of(world.person("team_leader"))
    response = client.post(UPLOAD, {"file": SimpleUploadedFile("t.csv", b"x" * 150_000)})
    assert response.status_code == 413
    assert not ImportBatch.objects.exists()


def test_uploads_are_protected_from_other_sites(world):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(world.person("team_leader"), backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(UPLOAD, {"file": SimpleUploadedFile("t.csv", table({}))}).status_code == 403


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_an_empty_file_says_so(world, client_of, content):
    client = client_of(world.person("team_leader"))
    response = client.post(UPLOAD, {"file": SimpleUploadedFile("t.csv", content)}, follow=True)
    assert "empty" in response.content.decode()


def test_the_job_page_leads_to_the_upload(world, client_of):
    client = client_of(world.person("team_leader"))
    page = upload(client, table({}))
    batch = ImportBatch.objects.get()
    assert client.get(reverse("job", args=[batch.job_id])).headers["Location"] == page
    polled = client.get(page, headers={"HX-Request": "true"})
    assert polled.headers["HX-Refresh"] == "true"


def test_a_preview_is_read_in_the_language_of_whoever_reads_it(world, client_of):
    """Not in the one that was chosen when a worker checked the table."""
    leader = world.person("team_leader")
    User.objects.filter(pk=leader.pk).update(language="km")
    client = client_of(leader)
    load(leader, table({}))
    here = upload(client, table({"Factory Assessed Name": "Another Name"}))
    kept = ImportBatch.objects.latest("created_at").plan
    assert (kept["nothing"], kept["notes"][0]["code"]) == (True, "renamed")

    pages = {}
    for language in ("en", "fr", "km"):
        with override(language):
            pages[language] = list(words.notes(kept))
    assert "These factories have a different name in the portal, which is kept: KH-0002" in " ".join(pages["en"])
    assert len({" ".join(page) for page in pages.values()}) == 3
    User.objects.filter(pk=leader.pk).update(language="fr")
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "fr"
    assert pages["fr"][0] in html.unescape(client.get(here).content.decode())


@pytest.mark.parametrize(("state", "title"), [("checking", "Checking the table"), ("applying", "Importing the table")])
def test_while_the_job_runs_the_page_and_its_poll_say_so(world, client_of, state, title):
    client = client_of(world.person("team_leader"))
    page = upload(client, table({}, OVERTIME, LEAVE, {}))
    ImportBatch.objects.update(state=state)
    Job.objects.update(state=Job.State.RUNNING, finished_at=None)
    for headers in ({}, {"HX-Request": "true"}):
        response = client.get(page, headers=headers)
        assert response.status_code == 200
        assert title in response.content.decode()
        assert ("<html" in response.content.decode()) == (not headers)
