"""The loader of the demo programme: all of it in one transaction, once."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from brands.models import Brand
from factories.models import CountryProgramme, Factory
from portal.accounts.models import User
from portal.demo.accounts import ACCOUNTS, BRAND_A, BY_KEY
from portal.demo.load.assessments import load_assessments, record_assessments
from portal.demo.load.continuity import (
    load_destroy_notices,
    load_handover,
    load_last_unconfirmed,
    load_unconfirmed,
)
from portal.demo.load.corrections import load_corrections
from portal.demo.load.news import load_waiting_notices, load_webhook
from portal.demo.load.organisations import load_brands, load_factories, load_programmes, load_suppliers
from portal.demo.load.people import Organisations, load_people
from portal.demo.load.plans import load_assessors, load_closures
from portal.demo.load.receipts import load_receipts, seal_history
from portal.demo.load.requests import load_requests
from portal.demo.load.rows import History
from portal.demo.load.sharing import load_grants, load_readings, load_withheld
from portal.demo.load.tools import load_tools
from portal.demo.plan.corrections import corrections
from portal.demo.plan.factories import FactoryPlan, factories
from portal.demo.plan.grants import downloads_before, ended_lately, grants, readings
from portal.demo.plan.people import manager_email
from portal.demo.plan.requests import requests
from portal.demo.plan.visits import visits
from sharing.models import SharingGrant

TO_CONFIRM = "Maison Mirabelle"  # the brand that factory A shares with once its representative confirms
ONE_AT_A_TIME = 0x64656D6F  # key of the database lock that a load holds


class DemoRefusedError(Exception):
    """The refusal to load the demo here; the message says why and what to do."""


@dataclass(frozen=True)
class Loaded:
    """The numbers of loaded rows."""

    programmes: int
    factories: int
    brands: int
    people: int
    tools: int
    questions: int
    assessments: int
    answers: int
    grants: int
    requests: int
    readings: int
    suppliers: int
    events: int
    receipts: int
    seals: int

    def __str__(self) -> str:
        return ", ".join(f"{count:,} {name}" for name, count in asdict(self).items())


def refuse_outside_debug() -> None:
    """Check that DEBUG is on: the demo's passwords are public. Raises `DemoRefusedError`."""
    if not settings.DEBUG:
        raise DemoRefusedError(
            "The demo programme has public passwords, so it is refused while DEBUG is off."
            " Use it on a machine of your own, with DEBUG=true."
        )


def is_loaded() -> bool:
    """Return whether the demo is in the database already."""
    return User.objects.filter(email=ACCOUNTS[0].email).exists()


@transaction.atomic
def load_demo(today: date | None = None) -> Loaded | None:
    """Load everything; return None when it is loaded already.

    `today` is the anchor from which all dates follow. Raises `DemoRefusedError` without DEBUG, or when the
    database holds other programmes.
    """
    refuse_outside_debug()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    if is_loaded():
        return None
    if CountryProgramme.objects.exists():
        raise DemoRefusedError(
            "This database holds data already, and the demo goes into an empty one only. Use another database."
        )
    return _load(today or timezone.localdate())


def _load(today: date) -> Loaded:
    # All of the history is before the start of the anchor day, so nothing in it is ever in the future.
    now = datetime.combine(today, time(), UTC)
    founded = now - timedelta(days=2600)
    history = History()
    plans = factories(today)
    planned = visits(plans, today)

    programmes = load_programmes(history, founded)
    brands = load_brands(history, founded + timedelta(days=30))
    own_factories = load_factories(plans, programmes, history, now - timedelta(days=20))
    supplier_count = load_suppliers(plans, brands)
    by_name = {factory.name: factory for factory in own_factories.values()}
    places = Organisations({p.name: p for p in programmes.values()}, brands, own_factories | by_name)
    users = load_people(plans, places, history, founded + timedelta(days=60))

    tools, questions = load_tools(programmes)
    answer_count = load_assessments(planned, own_factories, tools, questions)
    record_assessments(planned, own_factories, users, history)
    load_assessors(planned, users)
    load_closures(plans, own_factories, users, now, history)

    ended = ended_lately(plans[0], now)
    consents = (*grants(plans, now), ended)
    load_grants(consents, own_factories, brands, users, history)
    waivers = requests(plans, consents, now)
    load_requests(waivers, own_factories, brands, users, history)
    visits_of = {key: list(own) for key, own in groupby(planned, key=lambda visit: visit.factory.bw_id)}
    read = readings(consents, visits_of, now) + downloads_before(ended, visits_of[plans[0].bw_id])
    read.sort(key=lambda reading: reading.at)
    load_readings(read, own_factories, brands, users)
    load_corrections(corrections(planned, consents, read, now), own_factories, brands, users, history)
    _load_what_waits(plans, own_factories, brands, users, now, history)
    return Loaded(
        programmes=len(programmes),
        factories=len(plans),
        brands=len(brands),
        people=len(users),
        tools=len(tools),
        questions=len(questions),
        assessments=len(planned),
        answers=answer_count,
        grants=SharingGrant.objects.count(),
        requests=len(waivers),
        readings=len(read),
        suppliers=supplier_count,
        events=history.write(),
        receipts=load_receipts(),
        seals=seal_history(),
    )


def _load_what_waits(
    plans: Sequence[FactoryPlan],
    own_factories: dict[str, Factory],
    brands: dict[str, Brand],
    users: dict[str, User],
    now: datetime,
    history: History,
) -> None:
    """Load what is left for those who sign in to do."""
    first = own_factories[plans[0].bw_id]
    load_destroy_notices(first, brands, now, history)
    load_unconfirmed(plans[1], own_factories, brands, users, history, now)
    load_last_unconfirmed(plans[0], first, brands[TO_CONFIRM], users, history, now)
    load_handover(next(plan for plan in plans[2:] if plan.is_assessed), own_factories, users, history, now)
    load_withheld(first, users[manager_email(plans[0])], brands, now - timedelta(minutes=30), history)
    load_webhook(brands[BRAND_A], users[BY_KEY["brand_a_manager"].email], now, history)
    load_waiting_notices(now)
