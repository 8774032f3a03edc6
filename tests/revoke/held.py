"""What brand A holds before its access ends: all that a grant can lead to, and what waits to be told.

It stands on the stage of the access matrix, so that every address of the matrix has something to answer with.
"""

from copy import deepcopy as copy_of
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from assessments.models import Assessment, ReportCopy
from assessments.notices import notify_published
from assessments.reports.services import link_key, order_report
from portal.accounts.models import User
from portal.core import jobs
from portal.notices.models import WebhookEndpoint
from portal.notices.webhooks.kinds import types_for
from sharing.models import SharingGrant
from tests.matrix.stage import Stage, build_stage
from tests.world import World

FORMATS = ("pdf", "xlsx", "json", "csv")


class Browser(Client):
    """A browser that remembers which addresses it asked, by method and name."""

    def __init__(self, **defaults: Any) -> None:
        super().__init__(**defaults)
        self.asked: set[tuple[str, str]] = set()

    def request(self, **request: Any) -> Any:
        """Ask, and note it."""
        response = super().request(**request)
        self.asked.add((request["REQUEST_METHOD"], response.resolver_match.view_name))
        return response


def browser(user: User) -> Browser:
    """A browser signed in as the person."""
    client = Browser()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@dataclass
class Held:
    """Grants, people of the brand with browsers, an integration with a token, files of every format; and who grants.

    `browsers` are of the brand's `member` and its `token`, and of the `factory`'s manager, who looks on.
    """

    stage: Stage
    grants: list[SharingGrant]
    browsers: dict[str, Browser]
    copies: dict[str, ReportCopy] = field(default_factory=dict)
    waiting: dict[str, ReportCopy] = field(default_factory=dict)
    cookies: dict[str, Any] = field(default_factory=dict)

    @property
    def world(self) -> World:
        """Everybody and everything."""
        return self.stage.world

    @property
    def read(self) -> Assessment:
        """The assessment that everything here is about."""
        return self.world.assessments["a2"]

    @property
    def member(self) -> User:
        """Who reads for the brand."""
        return self.world.person("brand_a_member")

    def order(self, by: User, **changes: str) -> ReportCopy:
        """A file of it, ordered."""
        order = {"scope": "report", "language": "en", "format": "json", **changes}
        return order_report(by=by, assessment=self.read, **order)

    def reload_browsers(self) -> None:
        """As they were at first: an end that is undone signs nobody out."""
        for who, client in self.browsers.items():
            client.cookies = copy_of(self.cookies[who])


def hold() -> Held:
    """Make it all."""
    stage = build_stage()
    world = stage.world
    grants = list(SharingGrant.objects.filter(brand=world.brand_a, scope__in=["report", "step1"]))
    browsers = {
        "member": browser(world.person("brand_a_member")),
        "token": Browser(headers={"Authorization": f"Token {stage.token}"}),
        "factory": browser(world.person("manager_a")),
    }
    held = Held(stage, grants, browsers)
    held.cookies = {who: copy_of(client.cookies) for who, client in browsers.items()}
    readers = {"member": held.member, "token": world.person("token")}
    held.copies = {kind: _finished(held, held.member, kind) for kind in FORMATS if kind != "json"}
    held.copies |= {"json": stage.copy, "token": _finished(held, readers["token"], "json")}
    held.browsers["member"].get(f"/assessments/{held.read.pk}/")  # who read it is asked about, and told of an end
    held.waiting = {who: held.order(by, format="csv", scope="step1") for who, by in readers.items()}
    _subscribe(held)
    return held


def _finished(held: Held, by: User, kind: str) -> ReportCopy:
    copy = held.order(by, format=kind)
    jobs.run(copy.job_id)
    copy.refresh_from_db()
    assert copy.file
    return copy


def _subscribe(held: Held) -> None:
    """The brand's webhook asks for everything; there is news of grants, of a report and of a correction."""
    WebhookEndpoint.objects.filter(pk=held.stage.delivery.endpoint_id).update(kinds=list(types_for("brand")))
    notify_published(held.read)


def file_key(copy: ReportCopy) -> str:
    """What the link to the file bears, as it stood on the page or in the answer, still in time."""
    return link_key(by=copy.reader, copy=copy)
