"""Who looks at both worlds: the two brands' people, a program of brand A for each scope, and a factory's people."""

from dataclasses import dataclass, field

from django.test import Client

from assessments.reports.services import order_report
from brands.roles import BRAND
from portal.accounts.services import create_integration_token
from portal.ledger.sealing import seal_new_rows
from portal.notices.models import WebhookEndpoint
from portal.notices.webhooks.kinds import types_for
from portal.notices.webhooks.secrets import lock, new_secret
from sharing.models import Scope
from tests.matrix.stage import Stage, build_stage

TOKENS = {f"token_{scope}": f"integration_{scope}" for scope in Scope.values}  # besides the stage's, of two scopes
PROGRAMS = ("token", *TOKENS)
BRAND_A = ("brand_a_manager", "brand_a_member", *PROGRAMS)
BRAND_B = ("brand_b_manager", "brand_b_member")
BRANDS = (*BRAND_A, *BRAND_B)
FACTORY_A = ("manager_a", "member_a", "representative_a")
FACTORY_B = ("manager_b",)


@dataclass
class Scene(Stage):
    """The stage of the access matrix, and a token for each scope."""

    tokens: dict[str, str] = field(default_factory=dict)

    def client(self, persona: str) -> Client:
        """The browser or the program of a persona."""
        if persona in self.tokens:
            return Client(headers={"Authorization": f"Token {self.tokens[persona]}"})
        return super().client(persona)

    def is_program(self, persona: str) -> bool:
        """Whether the persona asks the API only."""
        return persona in PROGRAMS

    def address_of(self, persona: str) -> str:
        """Where mails to the persona go."""
        return self.world.person(persona).email


def build() -> Scene:
    """Make the stage, and a webhook of each brand that hears everything."""
    stage = build_stage()
    seal_new_rows(begins_with_history=True)
    made = Scene(**vars(stage))
    manager = made.world.person("brand_a_manager")
    for persona, role in TOKENS.items():
        token, secret = create_integration_token(
            by=manager, kind=BRAND, organisation=made.world.brand_a, name=persona, roles=[role], days=300
        )
        made.world.people[persona], made.tokens[persona] = token.user, secret
    _listen(made)
    return made


def order_file(scene: Scene) -> None:
    """Let brand A's member have a new file in the place of the stage's, which is deleted after a day."""
    order = {"scope": "report", "language": "en", "format": "json"}
    member, assessment = scene.world.person("brand_a_member"), scene.world.assessments["a2"]
    scene.copy = order_report(by=member, assessment=assessment, **order)
    scene.copy.refresh_from_db()


def silence_others(scene: Scene, audience: tuple[str, ...]) -> None:
    """Take the webhooks of a brand that is not looked at: its messages would draw ids between those of the other."""
    if not set(audience) & set(BRAND_B):
        WebhookEndpoint.objects.filter(organisation_id=scene.world.brand_b.pk).delete()


def _listen(made: Scene) -> None:
    """Let each brand hear of everything; the one of the stage hears nothing more, or it would hear it twice."""
    for brand, persona in ((made.world.brand_a, "brand_a_manager"), (made.world.brand_b, "brand_b_manager")):
        WebhookEndpoint.objects.create(
            side="brand",
            organisation_id=brand.pk,
            url=f"https://{persona.replace('_', '-')}.test.example/",
            kinds=sorted(types_for("brand")),
            secret=lock(new_secret()),
            created_by=made.world.person(persona),
        )
