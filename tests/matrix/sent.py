"""What the access matrix sends to each address that takes something."""

from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from portal.disclosure.views.answering import brand_seen
from tests.matrix.stage import SCAN, Stage

ORDER = {"scope": "report", "format": "json", "language": "en"}
# What is sent: what would do something where the sender has the right, so that a refusal is one of rights.
BODIES: dict[str, Callable[[Stage], dict[str, Any]]] = {
    "grant": lambda stage: {
        "brands": [stage.world.brand_b.pk],
        "scopes": ["report"],
        "cycles": "all",
        "confirmed": "yes",
    },
    "grant_change": lambda _stage: {"cycles": "from", "cycle_number": 2, "confirmed": "yes"},
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
    "report_withhold": lambda stage: {"brand": stage.world.brand_a.pk, "cycle": 2},
    "as_brand_trial": lambda stage: {"brands": [stage.world.brand_b.pk], "scopes": ["report"], "cycles": "all"},
    "confirmations": lambda _stage: {"act": "on"},
    "grant_confirmation": lambda _stage: {"answer": "confirm"},
    "copies_answer": lambda _stage: {"outcome": "destroyed"},
    "api:copies-answer": lambda _stage: {"kept": []},
    "successor": lambda _stage: {"name": "Other", "email": "other@test.example"},
    "handover": lambda _stage: {"act": "stop"},
    "stop_all": lambda _stage: {"reason": ""},
    "resume": lambda stage: {
        "brand": [stage.world.brand_b.pk],
        "grants": [str(stage.stopped.pk)],
        "seen": brand_seen(stage.world.brand_b),
    },
    "requests_answer": lambda stage: {
        "ids": [str(stage.request.pk)],
        "answer": "approve",
        "confirmed": "yes",
        "seen": brand_seen(stage.request.brand),
    },
    "request_approve": lambda stage: {"as_asked": "yes", "seen": brand_seen(stage.request.brand)},
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
    "report_order": lambda _stage: ORDER,
    "member_invite": lambda _stage: {"email": "other@test.example", "role": "member", "name": "Other"},
    "member_role": lambda _stage: {"role": "manager", "held": "member"},
    "assessment_correct": lambda _stage: {"note": "Wages"},
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
    "api:grant-preview": lambda _stage: {"cycles": "from", "cycle_number": 2},
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
    "api:grant": lambda _stage: {"cycles": "from", "cycle_number": 2},
    "api:request-later": lambda _stage: {"days": 7},
    "api:brand-requests": lambda stage: {
        "factories": [stage.world.factory_b.pk],
        "scopes": ["report"],
        "purpose": "Sourcing review",
    },
    "api:brand-factories-match": lambda _stage: {"lines": [{"bw_id": "KH-0002"}]},
    "api:tokens": lambda _stage: {"name": "Hourly", "roles": ["integration_report"], "days": 5},
}
