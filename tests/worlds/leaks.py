"""Changes of the product that tell a hidden fact, one of each kind: the harness must find and name each."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import connection, connections

from assessments.corrections.api import CorrectionListView
from assessments.reading.api import AssessmentListView
from assessments.reports import services as report_services
from portal.core.middleware import PrivateResponses
from portal.home import brand as home
from portal.notices import mails
from portal.notices.webhooks import sending
from sharing.grants.serializers.grants import GrantSerializer
from tests.worlds.databases import World
from tests.worlds.observing import Look

READER = "brand_a_member"


@dataclass(frozen=True)
class Leak:
    """How the first world's product is changed, and by which part of whose answer the harness is to name it."""

    name: str
    change: Callable[[World], AbstractContextManager[Any]]
    part: str
    what: str = "GET / "
    sign: str = ""  # what the lines that are named hold
    who: str = READER


def around(target: Any, name: str, after: Callable[[Any], Any]) -> Callable[[World], AbstractContextManager[Any]]:
    """Return the change that passes what a function returns through another one."""

    def change(_world: World) -> AbstractContextManager[Any]:
        original = getattr(target, name)
        return patch.object(target, name, lambda *args, **named: after(original(*args, **named)))

    return change


def with_header(response: Any) -> Any:
    """Add a header."""
    response.headers["X-Versions"] = "2"
    return response


def after_query(answer: Any) -> Any:
    """Ask the database once more."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return answer


def after_mail(sent: int) -> int:
    """Send a mail more."""
    mail.send_mail("A second version", "There is one.", None, ["brand.a.member@test.example"])
    return sent


def with_field(row: Any) -> Any:
    """Add a field."""
    return {**row, "versions": 2}


def with_count(body: bytes | None) -> bytes | None:
    """Add a count to a message."""
    return body and body.replace(b"{", b'{"versions":2,', 1)


def oldest_first(_world: World) -> AbstractContextManager[Any]:
    """Turn a list round."""
    return patch.object(AssessmentListView, "keyset_order", ("listed_at", "id"))


def with_other_number(stamp: Any) -> Any:
    """Print another copy number."""
    return dataclasses.replace(stamp, copy_number=stamp.copy_number + 1)


def forbidden(_answer: Any) -> Any:
    """Refuse."""
    raise PermissionDenied


@contextmanager
def without_indexes(world: World) -> Iterator[None]:
    """Let the same statements read whole tables."""
    with connections["owner"].cursor() as cursor:
        for way in ("indexscan", "bitmapscan", "indexonlyscan"):
            cursor.execute(f'ALTER DATABASE "{world.database}" SET enable_{way} = off')
    yield


LEAKS = [
    Leak("status", around(CorrectionListView, "rows", forbidden), "status", "GET /api/v1/corrections/", "+403"),
    Leak("header", around(PrivateResponses, "__call__", with_header), "headers", sign="X-Versions"),
    Leak("count", around(home, "_sharing_factories", lambda number: number + 1), "body"),
    Leak("statement", around(home, "_sharing_factories", after_query), "statements", sign="SELECT 1"),
    Leak("field", around(GrantSerializer, "to_representation", with_field), "body", "GET /api/v1/grants/", "versions"),
    Leak("order", oldest_first, "body", "GET /api/v1/assessments/"),
    Leak("blocks", without_indexes, "blocks", sign="Seq Scan"),
    Leak("mail", around(mails, "send_due_mails", after_mail), "mails", "mails", "A second version"),
    Leak("webhook", around(sending, "_body", with_count), "webhooks", "webhooks", "versions", who="brand-a"),
    Leak("file", around(report_services, "_stamp", with_other_number), "file", "file report json", "copy_number"),
]
# What is asked to find them.
ASKS = ("home", "api:corrections", "api:grants", "api:assessments")
LOOK = Look((READER,), is_counting_blocks=True, asks=ASKS, formats=("json",))
