"""Files of the private storage: whole or not at all, and gone when no row names them."""

import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from assessments.imports.models import ImportBatch
from assessments.reports.services import order_report
from portal.core import jobs
from portal.core.models import Job
from portal.core.uploads import folders, keep_upload, kept_upload, store_file, sweep_orphans
from sharing.models import PaperConsent
from tests.world import World

pytestmark = pytest.mark.django_db
DAY = 24 * 60 * 60


class DiskFull(ContentFile):
    """A file of which the first part can be written."""

    writings = 0

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        type(self).writings += 1
        yield b"the first part"
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture(autouse=True)
def own_storage(tmp_path: Path, settings: Any) -> Path:
    """The folder of the test's private storage, a folder of what arrives beside it."""
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "incoming"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    return tmp_path / "private"


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("store", [lambda file: store_file("reports/x.pdf", file), keep_upload])
def test_a_full_disk_leaves_no_piece_behind(own_storage: Path, store: Any) -> None:
    with pytest.raises(OSError, match="No space left"):
        store(DiskFull(b""))
    assert files(own_storage) == []


def test_a_row_that_cannot_be_written_takes_its_file_along(own_storage: Path) -> None:
    def fails() -> None:
        with kept_upload(ContentFile(b"x"), "consents") as name:
            assert files(own_storage) == [name]
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert files(own_storage) == []


def test_an_import_that_cannot_be_ordered_leaves_no_file(
    world: World, client_of, own_storage: Path, monkeypatch
) -> None:
    kept: list[str] = []

    def fails(**_values: Any) -> None:
        kept.extend(files(own_storage))
        raise RuntimeError

    monkeypatch.setattr("assessments.imports.services.start_job", fails)
    browser = client_of(world.person("team_leader"))
    browser.raise_request_exception = False
    assert browser.post("/assessments/import/", {"file": SimpleUploadedFile("t.csv", b"a,b")}).status_code == 500
    assert len(kept) == 1
    assert files(own_storage) == []


def test_at_night_what_no_row_names_is_deleted_and_nothing_else(world: World, own_storage: Path, settings) -> None:
    staff = world.person("team_leader")
    used = {folder: keep_upload(ContentFile(b"used"), folder) for folder in ("consents", "uploads")}
    PaperConsent.objects.create(
        factory=world.factory_a, document=used["consents"], content_type="image/png", sha256="0" * 64,
        signed_by="S", signed_on="2026-01-01", recorded_by=staff,
    )  # fmt: skip
    ImportBatch.objects.create(owner=staff, file=used["uploads"], file_name="t.csv")
    orphans = [keep_upload(ContentFile(b"orphan"), name) for name in folders]
    fresh = keep_upload(ContentFile(b"a row follows"), "uploads")
    (settings.FILE_UPLOAD_TEMP_DIR / "broken-off.upload").write_bytes(b"half")
    for name in [*used.values(), *orphans]:
        made_older(own_storage / name)
    made_older(settings.FILE_UPLOAD_TEMP_DIR / "broken-off.upload")

    assert sweep_orphans() == len(orphans) + 1
    assert files(own_storage) == sorted([*used.values(), fresh])
    assert list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []


def test_a_scan_whose_row_is_late_by_weeks_is_kept(own_storage: Path) -> None:
    """After a restore the rows may be older than the files: evidence has a month to be found."""
    scan = keep_upload(ContentFile(b"signed"), "consents")
    made_older(own_storage / scan, days=20)
    assert sweep_orphans() == 0
    assert files(own_storage) == [scan]


def made_older(path: Path, days: int = 40) -> None:
    then = time.time() - days * DAY
    os.utime(path, (then, then))


def test_a_report_on_a_full_disk_leaves_no_piece(world: World, own_storage: Path, monkeypatch) -> None:
    monkeypatch.setattr("assessments.reports.services.ContentFile", DiskFull)
    monkeypatch.setattr(DiskFull, "writings", 0)
    copy = order_report(
        by=world.person("manager_a"), assessment=world.assessments["a1"], scope="report", language="en", format="csv"
    )
    jobs.run(copy.job_id)
    copy.refresh_from_db()
    assert (copy.job.state, copy.file, DiskFull.writings) == (Job.State.FAILED, "", 1)
    assert files(own_storage) == []


@pytest.mark.parametrize("address", ["/accounts/login/", "/assessments/import/", "/verify/"])
def test_a_strangers_file_never_reaches_the_disk(client: Client, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Whatever size it says: temporary files are asked for where it would be stored."""

    def stored(*_args: Any, **_values: Any) -> None:
        raise AssertionError("It is stored.")

    monkeypatch.setattr("django.core.files.uploadhandler.TemporaryUploadedFile", stored)
    large = SimpleUploadedFile("large.json", b"x" * (5 * 1024 * 1024))
    answer = client.post(address, {"file": large, "login": "x", "password": "x"})
    assert answer.status_code in {200, 302, 400}


def test_the_same_file_of_somebody_signed_in_is_taken_in(world: World, client_of: Any) -> None:
    large = SimpleUploadedFile("t.csv", b"a,b\n" * (1024 * 1024))
    answer = client_of(world.person("team_leader")).post("/assessments/import/", {"file": large})
    assert answer.status_code == 302
    assert ImportBatch.objects.get().file


def test_a_file_larger_than_a_receipt_is_refused_before_it_is_read(client: Client) -> None:
    large = SimpleUploadedFile("large.json", b"x" * (6 * 1024 * 1024))
    answer = client.post("/verify/", {"file": large})
    assert answer.status_code == 413
    assert "This file is larger than 5 MB." in answer.content.decode()
