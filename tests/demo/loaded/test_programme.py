"""The demo programme: how much there is, of every kind, believable and consistent."""

import json
from collections import Counter
from datetime import datetime, time, timedelta
from io import StringIO
from time import monotonic

from django.core.management import call_command
from django.db import connection
from django.db.models import Count, F, Max, Q
from django.utils import timezone

from assessments.models import Answer, Assessment, Tool
from brands.models import Brand, Supplier
from factories.models import ClosureDays, CountryProgramme, Factory
from portal.accounts.models import User
from portal.core.models import Event
from sharing.models import AccessRecord, SharingGrant
from tests.demo import TODAY


def test_it_is_loaded_as_the_app_role(demo):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)")
        role, is_superuser = cursor.fetchone()
    assert role == "portal_app"
    assert not is_superuser


def test_it_is_the_same_every_time(loaded_twice):
    first, second = loaded_twice.fingerprints
    assert first == second
    assert loaded_twice.has_paper


def test_the_figures_are_as_described(demo):
    assert CountryProgramme.objects.filter(factories__isnull=False).distinct().count() == 9
    assert Factory.objects.count() == demo.factories == 160
    assert Brand.objects.count() == demo.brands == 14
    assert 550 <= Assessment.objects.count() == demo.assessments <= 660
    assert 130_000 <= Answer.objects.count() == demo.answers <= 180_000
    assert 600 <= SharingGrant.objects.count() == demo.grants <= 1_200
    assert AccessRecord.objects.count() == demo.readings > 1_000
    assert Event.objects.count() == demo.events
    assert Supplier.objects.count() == demo.suppliers > 300


def test_assessed_factories_have_three_to_five_cycles(demo):
    cycles = Assessment.objects.values("factory").annotate(n=Max("cycle"), all=Count("cycle", distinct=True))
    assert {row["n"] for row in cycles} == {3, 4, 5}
    assert all(row["n"] == row["all"] for row in cycles)
    assert not Assessment.objects.exclude(factory__current_cycle__gte=F("cycle")).exists()


def test_every_state_and_mode_is_there(demo):
    states = Counter(Assessment.objects.values_list("state", flat=True))
    assert set(states) == set(Assessment.State.values)
    assert min(states.values()) >= 3
    assert set(Assessment.objects.values_list("mode", flat=True)) == set(Assessment.Mode.values)


def test_every_finding_is_there_and_evidence_is_in_many_scripts(demo):
    assert set(Answer.objects.values_list("finding", flat=True)) == set(Answer.Finding.values)
    for first, last in [("\u1780", "\u17ff"), ("\u0980", "\u09ff"), ("\u0600", "\u06ff"), ("\u1ea0", "\u1ef9")]:
        assert Answer.objects.filter(finding="nc", note__regex=f"[{first}-{last}]").exists()
    assert not Answer.objects.filter(finding="nc", note="").exists()
    assert not Answer.objects.filter(note__contains="{").exists()


def test_planned_ones_have_no_answers_and_lie_ahead(demo):
    planned = Assessment.objects.filter(state="planned")
    assert not planned.filter(answers__isnull=False).exists()
    assert not planned.filter(start_date__lte=TODAY).exists()


def test_r23_a_virtual_check_assesses_its_subset_only(demo):
    virtual = Answer.objects.filter(assessment__mode="virtual")
    outside = set(virtual.filter(question__in_vcc=False).values_list("finding", flat=True))
    assert outside <= {"not_assessed", "not_applicable"}
    assert "nc" in set(virtual.filter(question__in_vcc=True).values_list("finding", flat=True))
    assert set(virtual.values_list("provenance", flat=True)) == {"virtual"}


def test_r39_some_are_late(demo):
    open_ones = Assessment.objects.filter(state__in=["internal_review", "factory_review"])
    late = open_ones.filter(end_date__lt=TODAY - timedelta(days=28)).count()
    assert 5 <= late < open_ones.count()


def test_r49_national_law_is_marked_where_it_hides_results(demo):
    countries = set(
        Answer.objects.filter(finding="nc_national_law").values_list(
            "assessment__factory__programme__country", flat=True
        )
    )
    assert countries == {"VN", "EG"}
    assert CountryProgramme.objects.get(country="VN").national_law_results_hidden


def test_r48_one_country_assesses_nobody(demo):
    programme = CountryProgramme.objects.get(assessments_allowed=False)
    assert programme.name == "Sri Lanka"
    assert not programme.factories.exists()


def test_corrections_say_what_changed(demo):
    corrections = Assessment.objects.filter(version=2).select_related("supersedes")
    assert corrections.count() >= 5
    for correction in corrections:
        assert correction.correction_note.startswith("Question ")
        assert correction.supersedes.state == "superseded"
        assert correction.published_at > correction.supersedes.published_at
        before = set(correction.supersedes.answers.values_list("question_id", "finding"))
        after = set(correction.answers.values_list("question_id", "finding"))
        assert len(before - after) == 1


def test_the_trend_improves_from_cycle_to_cycle(demo):
    found = Assessment.objects.filter(state="published", mode="on_site").values("cycle")
    rows = found.annotate(n=Count("answers", filter=Q(answers__finding="nc")), all=Count("id", distinct=True))
    rates = [row["n"] / row["all"] for row in rows.order_by("cycle")]
    assert rates == sorted(rates, reverse=True)


def test_safety_leads_and_child_labour_is_rare(demo):
    rows = Answer.objects.filter(finding="nc").values_list("question__compliance_point__cluster__name")
    found = dict(rows.annotate(n=Count("id")))
    assert max(found, key=lambda name: found[name]) == "Occupational Safety and Health"
    assert found["Child Labour"] < sum(found.values()) / 50
    assert found["Forced Labour"] < sum(found.values()) / 50


def test_every_kind_of_grant_is_there(demo):
    grants = list(SharingGrant.objects.all())
    assert {grant.scope for grant in grants} == {"report", "step1"}
    assert {grant.cycles for grant in grants} == {"all", "from", "only"}
    assert {grant.status() for grant in grants} == {"live", "waiting", "unconfirmed", "expired", "ended"}
    assert any(grant.hold_days for grant in grants)
    assert any(grant.replaces_id for grant in grants)
    assert any(grant.end_reason for grant in grants)
    assert any(grant.expires_at and grant.status() == "live" for grant in grants)
    pairs: dict[tuple[int, int], set[str]] = {}
    for grant in grants:
        pairs.setdefault((grant.factory_id, grant.brand_id), set()).add(grant.scope)
    assert {"report"} in pairs.values()
    assert {"step1"} in pairs.values()


def test_r6_a_manager_of_the_factory_granted_or_paper_stands_behind_it(demo):
    for grant in SharingGrant.objects.select_related("factory").order_by("granted_for", "id")[::5]:
        own = Factory.objects.where(grant.granted_by, "manage_sharing").filter(pk=grant.factory_id).exists()
        assert own is not bool(grant.granted_for)


def test_what_was_read_was_open_then(demo):
    for record in AccessRecord.objects.order_by("id")[::40]:
        assessment = Assessment.objects.get(pk=record.assessment_id)
        readable = Assessment.objects.visible_to(record.person, scope=record.scope, at=record.at)
        assert record.at > assessment.published_at
        assert readable.filter(pk=assessment.pk).exists()


def test_downloads_have_numbers_of_their_own(demo):
    numbers = list(AccessRecord.objects.filter(action="download").values_list("copy_number", flat=True))
    assert len(numbers) == len(set(numbers)) > 100
    assert max(numbers) < 100_001
    assert not AccessRecord.objects.exclude(action="download").exclude(copy_number=None).exists()


def test_the_log_tells_of_every_change_in_its_order(demo):
    kinds = Counter(Event.objects.values_list("kind", flat=True))
    assert kinds["grant.created"] + kinds["grant.changed"] == demo.grants
    ended = SharingGrant.objects.exclude(ended_at=None).count()
    assert kinds["grant.revoked"] + kinds["grant.replaced"] == ended
    published = Assessment.objects.exclude(published_at=None).count()
    assert kinds["assessment.published"] == published
    assert kinds["member.joined"] >= User.objects.filter(groups__isnull=False).distinct().count()
    times = list(Event.objects.order_by("id").values_list("at", flat=True))
    assert times == sorted(times)
    assert times[-1] < timezone.make_aware(datetime.combine(TODAY, time()))


def test_the_models_own_validation_has_nothing_to_say(demo):
    for model in (CountryProgramme, Factory, Brand, Tool):
        for row in model.objects.all():
            row.full_clean(validate_unique=False, validate_constraints=True)
    for row in Supplier.objects.all()[:50]:
        row.full_clean(validate_unique=False, validate_constraints=False)


def test_profiles_are_mostly_complete(demo):
    complete = [factory.profile_completeness for factory in Factory.objects.all()]
    assert 100 > min(complete) > 80
    assert complete.count(100) > 110


def test_a_second_load_says_so_at_once(demo):
    out, started = StringIO(), monotonic()
    call_command("load_demo", stdout=out)
    assert "already" in out.getvalue()
    assert monotonic() - started < 1


def test_event_data_is_json_of_ids_and_words(demo):
    granted = Event.objects.filter(kind="grant.created")[0]
    assert set(granted.data) == {
        "scope", "cycles", "cycle_numbers", "valid_from", "expires_at", "hold_days", "replaces", "follows",
    }  # fmt: skip
    json.dumps(granted.data)


def test_each_planned_visit_has_two_assessors_who_are_free(demo):
    planned = Assessment.objects.filter(state="planned").prefetch_related("assessors")
    assert len(planned) >= 3
    days = Counter()
    for visit in planned:
        people = [one.person_id for one in visit.assessors.all()]
        assert len(set(people)) == 2
        days.update(
            (person, visit.start_date + timedelta(days=number))
            for person in people
            for number in range(visit.planned_days)
        )
    assert set(days.values()) == {1}
    assert not Assessment.objects.filter(state="planned", quest_id__isnull=False).exists()


def test_factories_a_and_b_entered_closure_days(demo):
    assert ClosureDays.objects.values("factory").distinct().count() == 2
    assert ClosureDays.objects.filter(first_day__gt=TODAY).count() == ClosureDays.objects.count() == 3
