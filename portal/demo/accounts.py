"""The people of the demo: one login per role, the same in the tests, in the demo and in the README.

Plain data, no Django: the README's table says the same, and tests import it before a database exists.
"""

from dataclasses import dataclass
from typing import Final, Literal

PASSWORD: Final = "Seven-buttons-and-a-loom"

FACTORY_A: Final = "Tonle Lantern Garment Co., Ltd."
FACTORY_B: Final = "Phkay Needle Apparel Co., Ltd."
BRAND_A: Final = "Northlight Apparel"
BRAND_B: Final = "Kestrel Lane"
CAMBODIA: Final = "Cambodia"
VIETNAM: Final = "Vietnam"
GLOBAL: Final = "Global programme"

Kind = Literal["factory", "brand", "programme", ""]


@dataclass(frozen=True)
class Account:
    """One login.

    `key` is the persona's name in the tests, too; `kind`, `organisation` and `role` say where it belongs
    ("" for nowhere).
    """

    key: str
    email: str
    name: str
    describe: str
    kind: Kind = ""
    organisation: str = ""
    role: str = ""
    language: str = "en"
    is_active: bool = True
    is_operator: bool = False


ACCOUNTS: Final = (
    Account(
        "manager_a",
        "manager-a@demo.example",
        "Sophea Lantern",
        "Factory manager of factory A",
        "factory",
        FACTORY_A,
        "manager",
    ),
    Account(
        "member_a",
        "member-a@demo.example",
        "Dara Lantern",
        "Factory member of factory A",
        "factory",
        FACTORY_A,
        "member",
    ),
    Account(
        "representative_a",
        "representative-a@demo.example",
        "Bopha Lantern",
        "Worker representative of factory A",
        "factory",
        FACTORY_A,
        "worker_representative",
    ),
    Account(
        "manager_b",
        "manager-b@demo.example",
        "Chenda Needle",
        "Factory manager of factory B",
        "factory",
        FACTORY_B,
        "manager",
    ),
    Account(
        "brand_a_manager",
        "brand-a-manager@demo.example",
        "Ingrid Northlight",
        "Brand manager of brand A",
        "brand",
        BRAND_A,
        "manager",
    ),
    Account(
        "brand_a_member",
        "brand-a-member@demo.example",
        "Tomas Northlight",
        "Brand member of brand A",
        "brand",
        BRAND_A,
        "member",
    ),
    Account(
        "brand_b_manager",
        "brand-b-manager@demo.example",
        "Rufus Kestrel",
        "Brand manager of brand B",
        "brand",
        BRAND_B,
        "manager",
    ),
    Account(
        "brand_b_member",
        "brand-b-member@demo.example",
        "Olive Kestrel",
        "Brand member of brand B",
        "brand",
        BRAND_B,
        "member",
    ),
    Account(
        "advisor",
        "advisor@demo.example",
        "Rith Advisor",
        "Enterprise Advisor, factory A and others",
        "programme",
        CAMBODIA,
        "enterprise_advisor",
    ),
    Account(
        "team_leader",
        "team-leader@demo.example",
        "Maly Leader",
        "Team leader in Cambodia",
        "programme",
        CAMBODIA,
        "team_leader",
    ),
    Account(
        "programme_manager",
        "programme-manager@demo.example",
        "Vanna Programme",
        "Programme manager in Cambodia",
        "programme",
        CAMBODIA,
        "programme_manager",
    ),
    Account(
        "vietnam_manager",
        "vietnam-manager@demo.example",
        "Linh Programme",
        "Programme manager in Vietnam",
        "programme",
        VIETNAM,
        "programme_manager",
    ),
    Account(
        "global_staff",
        "global-staff@demo.example",
        "Amara Global",
        "Global staff, all countries",
        "programme",
        GLOBAL,
        "global_staff",
    ),
    Account(
        "constituent",
        "constituent@demo.example",
        "Kosal Constituent",
        "Constituent in Cambodia",
        "programme",
        CAMBODIA,
        "constituent",
    ),
    Account(
        "outsider",
        "outsider@demo.example",
        "Otto Outsider",
        "Outsider: signed in, but in no organisation",
    ),
    Account(
        "inactive",
        "inactive@demo.example",
        "Ines Inactive",
        "Inactive account of brand A: cannot sign in",
        "brand",
        BRAND_A,
        "member",
        is_active=False,
    ),
    Account(
        "operator",
        "operator@demo.example",
        "Oda Operator",
        "Operator: Django's admin only, reads no data",
        is_operator=True,
    ),
)

BY_KEY: Final = {account.key: account for account in ACCOUNTS}
