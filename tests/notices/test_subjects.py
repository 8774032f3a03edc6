"""What a mail to the people of a factory is called: what happened, to which brand or report, and short."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from assessments.publication.services import take_step
from portal.notices.models import Notice, WebhookEndpoint
from portal.notices.outbox import notice_kinds
from portal.notices.webhooks.secrets import lock, new_secret
from sharing.copies.services import answer_destroy_notice
from sharing.models import PaperConsent
from tests.matrix.stage import Stage

LONGEST = 60
ASTER, BLUEFINCH, TONLE = "Aster & Oak", "Bluefinch", "Tonle Lotus Garments"


def _copies(stage: Stage) -> dict[str, Any]:
    answer_destroy_notice(by=stage.world.person("brand_a_manager"), notice=stage.destroy_notice)
    return {"subject": stage.destroy_notice.pk}


def _ends_soon(stage: Stage) -> dict[str, Any]:
    expires_at = timezone.now() + timedelta(days=9)
    return {"subject": stage.world.grant(brand=stage.world.brand_b, expires_at=expires_at).pk}


def _withdrawn(stage: Stage) -> dict[str, Any]:
    a2 = stage.world.assessments["a2"]
    take_step(by=stage.world.person("programme_manager"), assessment=a2, name="withdraw", reason="Wrong factory")
    return {"subject": a2.pk}


def _webhook(stage: Stage) -> dict[str, Any]:
    made = WebhookEndpoint.objects.create(
        side="factory",
        organisation_id=stage.world.factory_a.pk,
        url="https://hooks.test.example/portal/",
        kinds=["report.published"],
        secret=lock(new_secret()),
        created_by=stage.world.person("manager_a"),
        paused_at=timezone.now(),
        paused_because="failing",
    )
    return {"subject": made.pk}


def _held(stage: Stage) -> dict[str, Any]:
    return {"subject": stage.withheld.pk, "brand_id": stage.world.brand_a.pk, "data": {"cycle": 9}}


# Of each kind that is mailed to a factory's people: what its notice is about, who reads it, and what it names.
Case = tuple[Callable[[Stage], dict[str, Any]], str, str]
CASES: dict[str, Case] = {
    "request.sent": (lambda stage: {"subject": stage.request.pk}, "manager_a", ASTER),
    "request.reminded": (lambda stage: {"subject": stage.request.pk}, "manager_a", ASTER),
    "confirmation.asked": (lambda stage: {"subject": stage.pending.pk}, "representative_a", BLUEFINCH),
    "confirmation.answered": (lambda stage: {"subject": stage.pending.pk}, "manager_a", BLUEFINCH),
    "access.ended": (lambda stage: {"subject": stage.stopped.pk}, "member_a", BLUEFINCH),
    "copy.answered": (_copies, "manager_a", ASTER),
    "report.scheduled": (lambda _stage: {"data": {"cycle": 2}}, "manager_a", "cycle 2"),
    "report.held": (_held, "manager_a", "cycle 9"),
    "report.allowed": (_held, "manager_a", ASTER),
    "paper.recorded": (lambda _stage: {"subject": PaperConsent.objects.get().pk}, "manager_a", ASTER),
    "grant.expiring": (_ends_soon, "manager_a", BLUEFINCH),
    "record.summarised": (lambda _stage: {"data": {"month": f"{timezone.now():%Y-%m}"}}, "manager_a", "brand"),
    "report.sent_to_factory": (lambda stage: {"subject": stage.world.assessments["a3"].pk}, "manager_a", "cycle 3"),
    "report.withdrawn": (_withdrawn, "manager_a", "cycle 2"),
    "handover.changed": (lambda stage: {"subject": stage.handover.pk}, "manager_b", "Mekong Heron Apparel"),
    "webhook.paused": (_webhook, "manager_a", "hooks.test.example"),
}


def test_every_kind_that_is_mailed_to_a_factory_is_here() -> None:
    assert {name for name, kind in notice_kinds.items() if kind.reader("factory")} == set(CASES)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", CASES)
def test_the_subject_of_a_mail_to_a_factory_is_short_and_says_whom_it_is_about(stage: Stage, kind: str) -> None:
    about, persona, named = CASES[kind]
    factory = stage.world.factory_b if persona == "manager_b" else stage.world.factory_a
    place = {"side": "factory", "organisation_id": factory.pk, "factory_id": factory.pk}
    notice = Notice(kind=kind, **place, **{key: _text(value) for key, value in about(stage).items()})
    line = notice_kinds[kind].line(notice, stage.world.person(persona))
    assert line is not None
    assert named in line.subject
    assert len(line.subject) <= LONGEST, line.subject
    assert not line.subject.startswith(TONLE)


def _text(value: Any) -> Any:
    return value if isinstance(value, dict | int) else str(value)
