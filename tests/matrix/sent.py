"""What the access matrix sends to each address that takes something."""

from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from portal.core.days import days_from_now
from portal.disclosure.brands import brand_rows, copies_kept
from portal.disclosure.previews import Difference, preview_confirmation
from portal.disclosure.resuming import resumptions
from portal.disclosure.sheets import Sheet, history_seen, seal, seal_of, sheet_of
from portal.disclosure.views.confirming import seal_of_confirming
from portal.disclosure.views.resuming import seal_of_resuming
from sharing.grants.services.outcomes import Terms
from sharing.requests.services.answering import as_asked
from tests.matrix.stage import SCAN, Stage


def _sheet(stage: Stage, brand_id: int) -> Sheet:
    """What the manager of factory A sees before a decision on a brand."""
    return sheet_of(by=stage.world.person("manager_a"), factory=stage.world.factory_a, brand_ids=[brand_id])


def _seen_of_sharing(stage: Stage) -> str:
    terms = Terms(hold_days=7)  # the country's default
    [effect] = _sheet(stage, stage.world.brand_b.pk).sharing(["report"], terms)
    return seal_of(["report"], terms, [effect.difference], [effect.history])


def _seen_of_change(stage: Stage) -> str:
    terms = Terms(cycles="from", cycle_numbers=[2], hold_days=stage.grant.hold_days)
    effect = _sheet(stage, stage.grant.brand_id).changing(stage.grant, terms)
    return seal_of([stage.grant.scope], terms, [effect.difference], [effect.history])


def _seen_of_resuming(stage: Stage) -> str:
    by, factory = stage.world.person("manager_a"), stage.world.factory_a
    return seal_of_resuming(resumptions(by=by, factory=factory, brand_ids=[stage.world.brand_b.pk]))


def _answer(stage: Stage) -> tuple[Difference, list[object]]:
    """What approving the request does, and what there was before."""
    sheet = _sheet(stage, stage.request.brand_id)
    [(row, copies)] = sheet.with_copies
    return sheet.approving(stage.request).difference, history_seen(row.position, copies)


def _seen_of_requests(stage: Stage) -> str:
    shown, history = _answer(stage)
    return seal("approve", [[stage.request.pk, 0, stage.request.brand], [shown, history]])


def _seen_of_a_request(stage: Stage) -> str:
    shown, history = _answer(stage)
    return seal_of(stage.request.scopes, as_asked(stage.request), [shown], [history, 0])


def _seen_of_confirming(stage: Stage) -> str:
    by, grant = stage.world.person("representative_a"), stage.pending
    [row] = brand_rows(person=by, factory=stage.world.factory_a, only=grant.brand_id)
    difference = preview_confirmation(position=row.position, reports=row.sight.reports, grant=grant)
    copies = copies_kept(by, stage.world.factory_a, [grant.brand_id])
    return seal_of_confirming(grant, difference, row, copies.get(grant.brand_id, 0))


def _planned(stage: Stage) -> dict[str, Any]:
    return {
        "tool": stage.world.tool.pk,
        "mode": "virtual",
        "start_date": days_from_now(20, stage.world.factory_a).isoformat(),
        "first": stage.world.person("advisor").pk,
        "second": stage.world.person("team_leader").pk,
    }


ORDER = {"scope": "report", "format": "json", "language": "en"}
# What is sent: what would do something where the sender has the right, so that a refusal is one of rights.
BODIES: dict[str, Callable[[Stage], dict[str, Any]]] = {
    "grant": lambda stage: {
        "brands": [stage.world.brand_b.pk],
        "scopes": ["report"],
        "cycles": "all",
        "seen": _seen_of_sharing(stage),
    },
    "grant_change": lambda stage: {"cycles": "from", "cycle_numbers": [2], "seen": _seen_of_change(stage)},
    "grant_paper": lambda stage: {
        "brands": [stage.world.brand_b.pk],
        "scopes": ["report"],
        "cycles": "all",
        "signed_by": "Sok Dara, manager",
        "signed_on": "2026-01-05",
        "is_as_signed": "on",
        "scan": SimpleUploadedFile("form.pdf", SCAN),
    },
    "subscription_add": lambda stage: {
        "brand": stage.world.brand_b.pk,
        "bw_id": stage.world.factory_a.bw_id,
        "cycle": 2,
        "bought_on": "2026-01-05",
    },
    "subscription_withdraw": lambda _stage: {"reason": "Wrong factory"},
    "subscription_switch": lambda _stage: {"needed": "yes"},
    "api:programme-subscriptions": lambda stage: {
        "brand": stage.world.brand_b.pk,
        "factory": stage.world.factory_a.pk,
        "cycle": 2,
        "bought_on": "2026-01-05",
    },
    "api:subscription-withdraw": lambda _stage: {"reason": "Wrong factory"},
    "inbox_act": lambda _stage: {"snooze": "others-report-3"},
    "report_withhold": lambda stage: {"brand": stage.world.brand_a.pk, "cycle": 2},
    "confirmations": lambda _stage: {"act": "on"},
    "grant_confirmation": lambda stage: {"answer": "confirm", "seen": _seen_of_confirming(stage)},
    "copies_answer": lambda _stage: {"outcome": "destroyed"},
    "api:copies-answer": lambda _stage: {"kept": []},
    "successor": lambda _stage: {"name": "Other", "email": "other@test.example"},
    "handover": lambda _stage: {"act": "stop"},
    "stop_all": lambda _stage: {"reason": ""},
    "resume": lambda stage: {
        "brand": [stage.world.brand_b.pk],
        "grants": [str(stage.stopped.pk)],
        "seen": _seen_of_resuming(stage),
    },
    "requests_answer": lambda stage: {
        "ids": [str(stage.request.pk)],
        "answer": "approve",
        "seen": _seen_of_requests(stage),
    },
    "request_approve": lambda stage: {"as_asked": "yes", "seen": _seen_of_a_request(stage)},
    "request_later": lambda _stage: {"days": 7},
    "ask_list": lambda _stage: {"text": "KH-0002"},
    "ask": lambda stage: {
        "factory": stage.world.factory_b.pk,
        "scopes": ["report"],
        "cycles": "all",
        "purpose": "Sourcing review",
    },
    "code_entry": lambda stage: {"code": stage.request.code},
    "board_steps": lambda stage: {
        "step": "publish",
        "ids": [str(stage.world.assessments["a3"].pk)],
        "confirmed": "yes",
    },
    "plan_new": lambda stage: {"cycle": 3, **_planned(stage)},
    "plan": _planned,
    "report_order": lambda _stage: ORDER,
    "member_invite": lambda _stage: {"email": "other@test.example", "role": "member", "name": "Other"},
    "member_role": lambda _stage: {"role": "manager", "held": "member"},
    "assessment_correct": lambda _stage: {"note": "Wages"},
    "closure_list": lambda stage: dict.fromkeys(
        ("first_day", "last_day"), days_from_now(9, stage.world.factory_a).isoformat()
    ),
    "advisor_assign": lambda stage: {"advisor": stage.world.person("advisor").pk},
    "set_language": lambda _stage: {"language": "fr"},
    "me": lambda _stage: {"name": "Somebody", "language": "en"},
    "import_confirm": lambda _stage: {"create_missing": "on"},
    "brand_add": lambda _stage: {"name": "Calla", "kind": "participant", "is_active": "on"},
    "integrations": lambda _stage: {"name": "Hourly", "roles": ["integration_report"], "days": 5},
    "mail_choices": lambda _stage: {"grant.expiring": "daily"},
    "webhooks": lambda _stage: {"url": "https://93.184.215.14/hook", "kinds": ["report.published"]},
    "webhook": lambda _stage: {"kinds": ["grant.started"]},
    "webhook_pause": lambda _stage: {"pause": "yes"},
    "api:mail-choices": lambda _stage: {"kind": "report.published", "way": "daily"},
    "api:webhooks": lambda stage: {
        "organisation_kind": "brand",
        "organisation": stage.world.brand_a.pk,
        "url": "https://93.184.215.14/hook",
        "kinds": ["report.published"],
    },
    "api:webhook": lambda _stage: {"is_paused": True},
    "api:steps": lambda _stage: {"step": "publish"},
    "api:reports": lambda stage: {"assessment": str(stage.world.assessments["a2"].pk), **ORDER},
    "api:sharing-orders": lambda stage: {"brands": [stage.world.brand_b.pk], "scopes": ["report"]},
    "api:sharing-preview": lambda stage: {"brands": [stage.world.brand_b.pk], "scopes": ["report"]},
    "api:restore": lambda stage: {"grants": [str(stage.stopped.pk)]},
    "api:restore-preview": lambda stage: {"grants": [str(stage.stopped.pk)]},
    "api:grant-preview": lambda _stage: {"cycles": "from", "cycle_numbers": [2]},
    "api:withheld-reports": lambda stage: {"brand": stage.world.brand_a.pk, "cycle": 2},
    "api:factory-grants": lambda stage: {"brand": stage.world.brand_b.pk, "scope": "report"},
    "api:grant-confirmation": lambda _stage: {"answer": "confirm"},
    "api:handovers": lambda stage: {
        "factory": stage.world.factory_a.pk,
        "new_name": "Other",
        "new_email": "other@test.example",
        "evidence": "A letter",
    },
    "api:handover": lambda _stage: {"step": "stop"},
    "api:stop-sharing": lambda _stage: {"brand": None},
    "api:grant": lambda _stage: {"cycles": "from", "cycle_numbers": [2]},
    "api:request-later": lambda _stage: {"days": 7},
    "api:brand-requests": lambda stage: {
        "factories": [stage.world.factory_b.pk],
        "scopes": ["report"],
        "purpose": "Sourcing review",
    },
    "api:brand-factories-match": lambda _stage: {"lines": [{"bw_id": "KH-0002"}]},
    "api:tokens": lambda _stage: {"name": "Hourly", "roles": ["integration_report"], "days": 5},
}
