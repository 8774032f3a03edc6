"""The parts of the gate by side: together they are never more than the gate, and for their side all of it."""

import pytest

from assessments.models import Assessment, CorrectionNotice
from sharing.models import AccessRequest, DestroyNotice, SharingGrant
from tests.matrix.stage import GROUPS, PERSONAS, Stage

pytestmark = pytest.mark.django_db
STAFF = [one for one in GROUPS["staff"] if one != "constituent"]
FACTORY = GROUPS["factory"]


def test_a_side_sees_what_the_gate_shows_it_and_nobody_sees_more(stage: Stage) -> None:
    for persona in PERSONAS:
        if persona in {"anonymous", "token"}:
            continue
        user = stage.world.person(persona)
        pairs = {
            "own": (Assessment.objects.own_of(user), Assessment.objects.visible_to(user), FACTORY),
            "staff": (Assessment.objects.worked_on_by(user), Assessment.objects.visible_to(user), STAFF),
            "inside": (Assessment.objects.inside(user), Assessment.objects.visible_to(user), FACTORY + STAFF),
            "requests": (AccessRequest.objects.inside(user), AccessRequest.objects.visible_to(user), FACTORY + STAFF),
            "copies": (DestroyNotice.objects.inside(user), DestroyNotice.objects.visible_to(user), FACTORY + STAFF),
            "notices": (
                CorrectionNotice.objects.inside(user),
                CorrectionNotice.objects.visible_to(user),
                FACTORY + STAFF,
            ),
            "grants": (SharingGrant.objects.inside(user), SharingGrant.objects.visible_to(user), FACTORY + STAFF),
        }
        for name, (part, gate, side) in pairs.items():
            seen = set(part.values_list("pk", flat=True))
            expected = set(gate.values_list("pk", flat=True)) if persona in side else set()
            assert (persona, name, seen) == (persona, name, expected)
