"""What the triggers keep final is final for every session of the app role."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Model, QuerySet

from assessments.models import Answer
from portal.accounts.models import MembershipPeriod
from sharing.models import CycleReport, SharingGrant
from tests.world import World


def _refused(rows: "QuerySet[Model]", **change: object) -> bool:
    """Return whether the database refuses to change all these rows, or without a change to delete them."""
    assert rows.exists()
    try:
        with transaction.atomic():
            rows.update(**change) if change else rows.delete()
    except DatabaseError:
        return True
    return False


@pytest.mark.django_db
def test_no_setting_of_a_session_switches_a_trigger_off(world: World) -> None:
    """Any role may set `pgtrigger.ignore`, in which django-pgtrigger looks for the triggers to leave out."""
    world.grant()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', (SELECT array_agg(tgname)::text FROM pg_trigger), true)")
    answers = Answer.objects.filter(assessment=world.assessments["a2"])
    earlier = timedelta(days=365)
    assert _refused(SharingGrant.objects.all(), valid_from=F("valid_from") - earlier)
    assert _refused(SharingGrant.objects.all(), brand=world.brand_b)
    assert _refused(MembershipPeriod.objects.all(), since=F("since") - earlier)
    assert _refused(CycleReport.objects.all(), first_published_at=F("first_published_at") - earlier)
    assert _refused(answers, finding="compliant")
    assert _refused(answers)
