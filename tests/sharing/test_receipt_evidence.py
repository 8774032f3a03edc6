"""What is brought to "Check a receipt": PDF, JSON, number, photo of the code; and what is refused."""

import io
import logging
import re
import resource
from pathlib import Path
from typing import Any

import pytest
import segno
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from PIL import Image, ImageFilter

from portal.core import turns
from portal.core.uploads import OneInMemory
from sharing.models import Receipt
from sharing.receipts import evidence
from sharing.receipts.document import json_of, pdf_of, verify_url
from sharing.receipts.evidence import LARGEST, Unread, UnreadError, code_in, document_in
from sharing.receipts.numbers import draw_number
from tests.world import World

pytestmark = pytest.mark.django_db
JPEG, PNG = "JPEG", "PNG"
PHOTO_SECONDS = evidence.PHOTO_SECONDS


def picture_of(*codes: str) -> Image.Image:
    """A photo of a sheet of paper with these codes on it."""
    sheet = Image.new("L", (1200, 1600), 215)
    for place, code in enumerate(codes):
        drawn = io.BytesIO()
        segno.make(code, error="m", micro=False).save(drawn, kind="png", scale=6, border=4)
        sheet.paste(Image.open(drawn).convert("L"), (100, 150 + 700 * place))
    return sheet


def photo_of(*codes: str, image: Image.Image | None = None, kind: str = JPEG) -> bytes:
    content = io.BytesIO()
    (image or picture_of(*codes)).save(content, kind)
    return content.getvalue()


def check(content: bytes = b"", client: Client | None = None, **fields: str) -> Any:
    file = {"file": SimpleUploadedFile("photo.jpg", content)} if content else {}
    return (client or Client()).post("/verify/", {**file, **fields})


def attached(text: str) -> str:
    """An attachment as another program writes it: not compressed."""
    return f"<</Type /EmbeddedFile>>\r\nstream\r\n{text}endstream "


def said(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.fixture(autouse=True)
def many_may_be_checked(monkeypatch: Any) -> None:
    from portal.core.api.throttling import VerifyThrottle

    monkeypatch.setattr(VerifyThrottle, "THROTTLE_RATES", {"verify": "600/min"})
    monkeypatch.setattr(evidence, "PHOTO_SECONDS", 5 * PHOTO_SECONDS)  # the tests share their machine with others


@pytest.fixture
def receipt(world: World) -> Receipt:
    world.grant()
    return Receipt.objects.get()


def test_the_pdf_carries_the_signed_document_and_one_that_was_changed_is_refused(receipt: Receipt) -> None:
    for from_inside in (True, False):
        pdf = pdf_of(receipt, from_inside=from_inside)
        assert document_in(pdf) == json_of(receipt, from_inside=from_inside)
    answer = check(pdf)
    assert answer.status_code == 200
    assert "This receipt is genuine" in said(answer)
    assert "rely on the words below, not on the pages" in said(answer)
    text = json_of(receipt, from_inside=False)
    other = text.replace('"signature": "', '"signature": "A')
    tampered = {
        "was altered, or was not issued by us": f"%PDF-1.7 {attached(other)}",
        "contains no signed receipt": "%PDF-1.7 without anything",
        "contains several receipts": f"%PDF-1.7 {attached(text)}{attached(other)}",
    }
    for words, content in tampered.items():
        answer = check(content.encode())
        assert (answer.status_code, words in said(answer)) == (400, True), words


def test_a_photo_of_the_code_is_checked_turned_grainy_and_from_any_camera(receipt: Receipt) -> None:
    picture = picture_of(verify_url(receipt))
    turned = picture.rotate(163, expand=True, fillcolor=215).filter(ImageFilter.GaussianBlur(1))
    for content in (photo_of(image=turned), photo_of(image=picture.rotate(90, expand=True), kind="WEBP")):
        answer = check(content)
        assert (answer.status_code, f"issued receipt {receipt.number}" in said(answer)) == (200, True)
    clear = Image.new("RGBA", picture.size)  # black on nothing at all
    clear.paste((0, 0, 0, 255), mask=picture.point(lambda shade: 255 if shade < 100 else 0))
    assert code_in(photo_of(image=clear, kind=PNG)).number == receipt.number
    address = verify_url(receipt)
    for other, words in {
        address[:-1] + ("0" if address[-1] != "0" else "1"): "issued no receipt with this number and signature",
        address.replace("http://testserver", "https://portal.example"): "leads to another website",
    }.items():
        answer = check(photo_of(other))
        assert (answer.status_code, words in said(answer)) == (400, True), words


def test_r50_a_portal_that_moved_still_knows_its_own_codes(receipt: Receipt, settings: Any) -> None:
    code = photo_of(verify_url(receipt))
    settings.BASE_URL = "https://new.example"
    assert "issued receipt" in said(check(code))


def test_a_photo_without_one_code_of_a_receipt_says_what_to_do(receipt: Receipt, monkeypatch: Any) -> None:
    address = verify_url(receipt)
    blurred = picture_of(address).filter(ImageFilter.GaussianBlur(14))
    whole = photo_of(address)
    for content, reason in (
        (photo_of(), Unread.NO_CODE),
        (photo_of(image=blurred), Unread.NO_CODE),
        (photo_of("https://elsewhere.example/"), Unread.OTHER_CODE),
        (photo_of(address, address.replace(receipt.number, draw_number())), Unread.SEVERAL_CODES),
        (whole[: len(whole) // 3], Unread.BROKEN),
        (b"\xff\xd8\xff" + b"x" * 500, Unread.BROKEN),
        (photo_of(image=Image.new("1", (9000, 9000)), kind=PNG), Unread.PIXELS),  # 81 million pixels in a few kB
    ):
        with pytest.raises(UnreadError) as refused:
            code_in(content)
        assert refused.value.reason == reason
    assert "Take it again from closer, in good light" in said(check(photo_of()))
    monkeypatch.setattr(evidence, "PHOTO_MEMORY", 1024**2)
    with pytest.raises(UnreadError, match="too_hard"):
        code_in(whole)


def test_what_is_too_large_or_of_another_kind_is_refused_before_it_is_read(monkeypatch: Any) -> None:
    def read(*_arguments: Any, **_options: Any) -> None:
        raise AssertionError("It is read.")

    monkeypatch.setattr(evidence.subprocess, "run", read)
    for content, words in (
        (b"{" * 70_000, "longer than any receipt"),
        (b"GIF89a\xff\xff", "not a PDF, a JSON file or a photo"),
        (b"\0\0\0\x18ftypheic\xff", "not a PDF, a JSON file or a photo"),
    ):
        answer = check(content)
        assert (answer.status_code, words in said(answer)) == (400, True), words


def test_a_number_alone_says_nothing_to_those_who_cannot_see_the_receipt(
    receipt: Receipt, world: World, client_of: Any
) -> None:
    unknown = draw_number()
    for visitor in (Client(), client_of(world.person("brand_b_member"))):
        answers = [said(check(client=visitor, number=number)) for number in (receipt.number, unknown)]
        known, other = (re.sub(rf"[\w-]{{64}}|{receipt.number}|{unknown}", "", answer) for answer in answers)
        assert known == other
        assert "A number alone cannot be checked" in known
    for side in ("member_a", "brand_a_member"):
        answer = check(client=client_of(world.person(side)), number=receipt.number.lower().replace("-", " "))
        assert (answer.status_code, f"/receipts/{receipt.number}/" in said(answer)) == (200, True)
    assert "it has sixteen letters and digits" in said(check(number=receipt.number[:-1] + "*"))


def test_a_photo_counts_for_twenty_checks_of_an_address(monkeypatch: Any) -> None:
    from portal.core.api.throttling import VerifyThrottle

    monkeypatch.setattr(VerifyThrottle, "THROTTLE_RATES", {"verify": "39/min"})
    assert [check(photo_of()).status_code for _ in range(2)] == [400, 429]


def test_one_photo_is_read_at_a_time_and_the_others_are_asked_to_come_back(receipt: Receipt, monkeypatch: Any) -> None:
    photo = photo_of(verify_url(receipt))
    other = connections.create_connection("default")
    with other.cursor() as cursor:  # another web process reads one
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [turns.ONLY, evidence.PHOTO_TURN])
        with monkeypatch.context() as patch:
            patch.setattr(evidence.subprocess, "run", pytest.fail)
            answer = check(photo)
        assert (answer.status_code, "Try again in a minute" in said(answer)) == (429, True)
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [turns.ONLY, evidence.PHOTO_TURN])
    other.close()
    assert [check(photo).status_code for _ in range(2)] == [200, 200]


def test_a_photo_that_is_slow_on_purpose_ends_soon(monkeypatch: Any) -> None:
    monkeypatch.setattr(evidence, "PHOTO_SECONDS", PHOTO_SECONDS)
    finder = Image.new("L", (9, 9), 255)
    for shade, side in ((0, 7), (255, 5), (0, 3)):
        finder.paste(shade, ((9 - side) // 2, (9 - side) // 2, (9 + side) // 2, (9 + side) // 2))
    wall = Image.new("L", (2400, 2400), 255)
    for place in range(0, 2400 * 2400 // 9, 9):
        wall.paste(finder, (place % 2400, place // 2400 * 9))
    slow = photo_of(image=wall, kind=PNG)
    assert len(slow) < 50_000
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    with pytest.raises(UnreadError):
        code_in(slow)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 3


def test_a_request_of_a_stranger_takes_no_more_memory_than_one_file(monkeypatch: Any) -> None:
    def sent(*sizes: int) -> Any:
        files = [SimpleUploadedFile(f"{place}.json", b"{" * size) for place, size in enumerate(sizes)]
        return Client().post("/verify/", {"file": files})

    kept: list[bytearray] = []
    begun = OneInMemory.__init__

    def watched(handler: OneInMemory, *arguments: Any) -> None:
        begun(handler, *arguments)
        kept.append(handler.kept)

    monkeypatch.setattr(OneInMemory, "__init__", watched)
    assert "longer than any receipt" in said(sent(70_000, 80_000, 90_000))
    assert [len(one) for one in kept] == [70_000]
    kept.clear()
    answer = sent(LARGEST + 1)  # with the form it is announced as little more than is accepted
    assert (answer.status_code, "larger than 5 MB" in said(answer)) == (413, True)
    assert len(kept[0]) <= LARGEST
    kept.clear()
    assert sent(*[LARGEST] * 2).status_code == 413
    assert kept == [], "nothing was read"


def test_the_limit_of_an_address_is_checked_before_its_file_is_read(monkeypatch: Any) -> None:
    from portal.core.api.throttling import VerifyThrottle

    monkeypatch.setattr(VerifyThrottle, "THROTTLE_RATES", {"verify": "1/min"})
    assert check(b"{}").status_code == 400
    monkeypatch.setattr(OneInMemory, "__init__", pytest.fail)
    assert check(b"{}").status_code == 429


def test_nothing_of_a_file_is_stored_or_logged(
    receipt: Receipt, settings: Any, tmp_path: Path, monkeypatch: Any, caplog: Any
) -> None:
    def stored(*_arguments: Any, **_options: Any) -> None:
        raise AssertionError("It is stored.")

    monkeypatch.setattr("django.core.files.uploadhandler.TemporaryUploadedFile", stored)
    monkeypatch.setattr("tempfile.mkstemp", stored)
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    with caplog.at_level(logging.DEBUG):
        check(photo_of(verify_url(receipt)))
        check(pdf_of(receipt, from_inside=True))
        check(b"\xff\xd8\xffbroken")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert receipt.number not in caplog.text
