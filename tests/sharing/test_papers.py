"""Grants that staff record from a form signed on paper (R6)."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from portal.core.days import days_from_now, today
from portal.core.scans import kind_of_scan
from portal.notices.outbox import notice_kinds
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access
from sharing.models import PaperConsent, SharingGrant
from sharing.papers.services import Signature, record_paper_consent
from tests.sharing.directions import cycles_read
from tests.sharing.notices import said
from tests.world import World

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 40 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 40 + b"IEND\xae\x42\x60\x82"


def paper(world: World, persona: str = "team_leader", scan: bytes = PDF, **changes: Any) -> list[SharingGrant]:
    """Record a form that factory A signed for brand A."""
    order: dict[str, Any] = {
        "by": world.person(persona),
        "factory": world.factory_a,
        "brands": [world.brand_a],
        "scopes": ["report", "step1"],
        "terms": Terms(hold_days=3),
        "signature": Signature("Sok Dara, manager", today(world.factory_a)),
        "scan": SimpleUploadedFile("../../form.html", scan, content_type="text/html"),
    }
    return record_paper_consent(**order | changes)


def test_r6_staff_make_a_grant_only_from_a_signed_form(world: World, client_of: Any) -> None:
    grants = paper(world)
    manager, member = client_of(world.person("manager_a")), world.person("brand_a_member")

    assert {grant.granted_for for grant in grants} == {"Sok Dara, manager"}
    assert cycles_read(world, "brand_a_member") == {1, 2}
    text = said("paper.recorded", world.person("manager_a"))
    assert "shares with Aster & Oak, as on a form signed by Sok Dara, manager" in text
    assert notice_kinds["paper.recorded"].is_mandatory
    assert said("paper.recorded", member) == ""
    page = manager.get(reverse("factory_brand", args=[world.factory_a.pk, world.brand_a.pk])).content.decode()
    assert "Form signed by Sok Dara, manager, recorded by staff (Team Leader)." in page
    scan = manager.get(reverse("grant_document", args=[grants[0].pk]))
    assert b"".join(scan.streaming_content) == PDF  # type: ignore[attr-defined]
    assert scan.headers["Content-Type"] == "application/pdf"
    assert scan.headers["X-Content-Type-Options"] == "nosniff"
    assert scan.headers["Content-Disposition"].startswith("attachment; filename=")
    assert client_of(member).get(reverse("grant_document", args=[grants[0].pk])).status_code == 404
    revoke_access(by=world.person("manager_a"), grant=grants[0])
    assert grants[0].pk not in SharingGrant.objects.live().values_list("pk", flat=True)
    for persona in ("manager_a", "advisor", "vietnam_manager", "brand_a_manager", "constituent", "operator"):
        with pytest.raises(PermissionDenied):
            paper(world, persona, brands=[world.brand_b])


def test_paper_consent_waits_for_the_second_person_and_is_recorded_once(world: World) -> None:
    world.factory_a.confirms_sharing = True
    world.factory_a.save()
    assert {grant.status() for grant in paper(world)} == {"unconfirmed"}
    assert cycles_read(world, "brand_a_member") == set()
    with pytest.raises(ValidationError, match="already has exactly this access"):
        paper(world)
    assert PaperConsent.objects.count() == 1


def test_a_scan_is_what_its_content_says(world: World, client_of: Any, tmp_path: Any) -> None:
    for content, kind in ((PDF, "application/pdf"), (JPEG, "image/jpeg"), (PNG, "image/png")):
        assert kind_of_scan(SimpleUploadedFile("form.exe", content)) == kind
    for bad in (b"", b"<script>alert(1)</script>", b"%PDF-1.7 cut off", b"GIF89a", JPEG[:-2], b"MZ" + PDF,
                PDF + b"x" * 11_000_000):  # fmt: skip
        with pytest.raises(ValidationError):
            paper(world, scan=bad)
    tomorrow = days_from_now(1, world.factory_a)
    with pytest.raises(ValidationError, match="This day is in the future"):
        paper(world, signature=Signature("Sok Dara", tomorrow))
    with pytest.raises(ValidationError, match="before the programme began"):
        paper(world, signature=Signature("Sok Dara", date(1900, 1, 1)))
    world.brand_b.is_active = False
    world.brand_b.save()
    with pytest.raises(ValidationError, match="not active"):
        paper(world, brands=[world.brand_a, world.brand_b])
    assert not SharingGrant.objects.exists()
    assert not PaperConsent.objects.exists()
    assert not [path for path in tmp_path.rglob("consents/*") if path.is_file()]
    staff, address = client_of(world.person("team_leader")), reverse("grant_paper", args=[world.factory_a.pk])
    body = {"brands": [world.brand_a.pk], "scopes": ["report"], "cycles": "all", "signed_by": "Sok Dara",
            "signed_on": "2026-01-05"}  # fmt: skip
    answer = staff.post(address, body | {"scan": SimpleUploadedFile("form.pdf", b"<html>")})
    assert set(answer.context["form"].errors) == {"is_as_signed"}
    answer = staff.post(address, body | {"scan": SimpleUploadedFile("form.pdf", b"<html>"), "is_as_signed": "on"})
    assert "not a complete PDF, JPEG or PNG" in answer.content.decode()
    answer = staff.post(address, body | {"scan": SimpleUploadedFile("form.pdf", PDF), "is_as_signed": "on"})
    assert answer.status_code == 302
