"""The demo, loaded for all tests of this folder as the app role, and rolled back after them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import transaction
from django.test import override_settings

from assessments.models import Answer, Assessment
from factories.models import Factory
from portal.core.models import Event
from portal.demo.loader import Loaded, load_demo
from sharing.models import AccessRecord, SharingGrant
from tests.conftest import work_in
from tests.demo import TODAY


@dataclass(frozen=True)
class Twice:
    """The demo as it is loaded, what two loads said, whether a signed paper was stored with it, and where."""

    loaded: Loaded
    fingerprints: tuple[str, str]
    has_paper: bool
    storages: dict[str, Any]


@pytest.fixture(scope="package")
def loaded_twice(
    empty_database: str, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Twice]:
    """The demo programme as of `TODAY`, loaded, undone and loaded again."""
    from django.conf import settings

    work_in(empty_database)
    given: Any = settings.STORAGES
    private = {**given["private"], "OPTIONS": {"location": tmp_path_factory.mktemp("private")}}
    with (
        django_db_blocker.unblock(),
        override_settings(DEBUG=True, STORAGES={**given, "private": private}),
        transaction.atomic(),
    ):
        with transaction.atomic():
            load_demo(TODAY)
            first = fingerprint()
            transaction.set_rollback(True)
        loaded = load_demo(TODAY)
        assert loaded is not None
        paper = SharingGrant.objects.exclude(consent_document="")[0].consent_document
        yield Twice(loaded, (first, fingerprint()), storages["private"].exists(paper), {**given, "private": private})
        transaction.set_rollback(True)


@pytest.fixture
def demo(loaded_twice: Twice) -> Loaded:
    """What was loaded; tests of it only read."""
    return loaded_twice.loaded


def fingerprint() -> str:
    """A digest of what the demo says, without keys that a database numbers."""
    rows: list[Any] = [
        Factory.objects.values_list("bw_id", "name", "local_name", "address", "workers_women", "enrolment_status"),
        Assessment.objects.values_list(
            "id", "factory__bw_id", "cycle", "version", "state", "published_at", "tool__name"
        ),
        SharingGrant.objects.values_list("id", "brand__name", "factory__bw_id", "scope", "valid_from", "ended_at"),
        AccessRecord.objects.values_list("at", "person__email", "assessment_id", "action", "copy_number"),
        Answer.objects.values_list("assessment_id", "question__ext_id", "finding", "value", "note"),
        Event.objects.values_list("at", "kind", "actor__email"),
    ]
    digest = hashlib.sha256()
    for query in rows:
        for row in sorted(map(repr, query)):
            digest.update(row.encode())
    return digest.hexdigest()
