"""A programme of a given shape in an empty database: many factories, many brands, ten grants a factory, four cycles.

Rows are made in SQL with the triggers off, then the indexes of roles and visibility are made as `check_roles` and
`check_sharing` make them. Only ever in a throw-away database. Brands have Zipf-like shares of the factories; four of
them are measured: one with 3 grants, one with 100, the median one, and one with a fifth of all factories.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

CYCLES = 4
GRANTS = 10
MEASURED = ("three", "hundred", "median", "fifth")
BRAND_OF = dict(zip(MEASURED, (1, 2, 3, 4), strict=True))


@dataclass(frozen=True)
class Size:
    """The numbers of factories and brands."""

    factories: int
    brands: int


SIZES = (Size(2_000, 300), Size(20_000, 1_000), Size(60_000, 2_000))

FILLED = (
    "assessments_figures",
    "assessments_assessment",
    "sharing_visibility",
    "sharing_cyclereport",
    "sharing_sharinggrant",
    "factories_factory",
    "guardian_groupobjectpermission",
)


def build(size: Size, first: int = 1) -> dict[str, Any]:
    """Add the factories from the `first` on; return members of the measured brands, global staff and a manager."""
    from django.db import connections, transaction

    people = _people(size)
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        triggers(cursor, "DISABLE")
        numbers = {"first": first, "factories": size.factories, "brands": size.brands, "by": people["staff"].pk}
        for statement in _statements():
            cursor.execute(statement, numbers)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        triggers(cursor, "ENABLE")
    _index()
    people["manager"] = _manager()
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return people


def triggers(cursor: Any, action: str, tables: Iterable[str] = FILLED) -> None:
    """Switch the triggers of tables off ("DISABLE") or on ("ENABLE")."""
    for table in tables:
        cursor.execute(f"ALTER TABLE {table} {action} TRIGGER USER")


def _index() -> None:
    from portal.accounts import role_index
    from sharing.visibility import comparing as visibility_index

    visibility_index.rebuild()
    role_index.rebuild()


def _people(size: Size) -> dict[str, Any]:
    """Make the country, the brands with their role groups, a member of each measured brand, and global staff; once."""
    from brands.models import Brand
    from brands.roles import BRAND
    from factories.models import CountryProgramme
    from factories.roles import PROGRAMME
    from portal.accounts.models import User
    from portal.accounts.roles import create_role_groups_in_bulk
    from portal.accounts.services import add_member

    if not CountryProgramme.objects.exists():
        programmes = CountryProgramme.objects.bulk_create(
            [
                CountryProgramme(pk=1, name="Global programme", is_global=True),
                CountryProgramme(pk=2, name="Cambodia", country="KH"),
                CountryProgramme(pk=3, name="Vietnam", country="VN"),
            ]
        )
        create_role_groups_in_bulk(PROGRAMME, programmes)
        staff = User.objects.create(email="staff@bench.example", name="Staff")
        add_member(by=None, kind=PROGRAMME, organisation=programmes[0], member=staff, role="global_staff")
    known = Brand.objects.count()
    brands = [
        Brand(pk=pk, name=f"Brand {pk}", kind="participant" if pk % 3 == 0 else "partner")
        for pk in range(known + 1, size.brands + 1)
    ]
    create_role_groups_in_bulk(BRAND, Brand.objects.bulk_create(brands))
    for name, pk in BRAND_OF.items() if not known else ():
        member = User.objects.create(email=f"{name}@bench.example", name=name)
        add_member(by=None, kind=BRAND, organisation=Brand.objects.get(pk=pk), member=member, role="member")
    _tool()
    emails = {name: f"{name}@bench.example" for name in (*MEASURED, "staff")}
    found = {user.email: user for user in User.objects.filter(email__in=emails.values())}
    return {name: found[email] for name, email in emails.items()}


def _tool() -> None:
    """Make one questionnaire of eight clusters, for the filter by non-compliance."""
    from assessments.models import Cluster, Tool

    if not Tool.objects.exists():
        tool = Tool.objects.create(pk=1, name="Cambodia CAT", kind="CAT")
        Cluster.objects.bulk_create(
            Cluster(pk=number, tool=tool, name=f"Cluster {number}", order=number) for number in range(1, 9)
        )


def insert(table: str, rows: str, **values: str) -> str:
    """Return an INSERT of `values` (SQL by column) for each of `rows`; every other column gets a neutral value."""
    from django.apps import apps
    from django.db import models

    model = next(one for one in apps.get_models() if one._meta.db_table == table and not one._meta.proxy)
    for field in model._meta.local_concrete_fields:
        is_confirmed = field.column in values or field.null or field.generated or isinstance(field, models.AutoField)
        if field.column and not is_confirmed:
            plain = {"CharField": "''", "BooleanField": "false", "DateTimeField": "now()", "TextField": "''"}
            values[field.column] = plain.get(field.get_internal_type(), "0")
    return f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())} FROM {rows}"


# Which brands each factory shares with: the four measured ones, and others, some far more often than others.
PAIRS = f"""(
    SELECT f.id AS factory, chosen.brand FROM factories_factory f CROSS JOIN LATERAL (
        SELECT 1 AS brand WHERE f.id IN (7, 777, 1777)
        UNION SELECT 2 WHERE f.id %% 20 = 1 AND f.id <= 2000
        UNION SELECT 3 WHERE f.id %% 400 = 3
        UNION SELECT 4 WHERE f.id %% 5 = 0
        UNION SELECT 5 + floor((%(brands)s - 5) * power(random(), 3))::int
            FROM generate_series(1, {GRANTS}) WHERE f.id > 0
    ) chosen WHERE f.id >= %(first)s
) pair"""


def _statements() -> list[str]:
    return [*_reports(), *_figures(), *_grants()]


def _reports() -> list[str]:
    """Return the statements that make factories and their published reports."""
    cycles = f"factories_factory f CROSS JOIN generate_series(1, {CYCLES}) c WHERE f.id >= %(first)s"
    published = "now() - (f.id * 7919 + c * 104729) %% 1400 * interval '1 day' - f.id * interval '1 second'"
    return [
        insert(
            "factories_factory",
            "generate_series(%(first)s, %(factories)s) n",
            id="n",
            programme_id="2 + n %% 2",
            bw_id="'F' || n",
            name="'Factory ' || md5(n::text)",
            sector="'apparel'",
            time_zone="'Asia/Phnom_Penh'",
            enrolment_status="'enrolled'",
            current_cycle="1",
        ),
        insert("sharing_cyclereport", cycles, factory_id="f.id", cycle="c", first_published_at=published),
        insert(
            "assessments_assessment",
            "sharing_cyclereport r WHERE r.factory_id >= %(first)s",
            id="md5('assessment' || r.id)::uuid",
            factory_id="r.factory_id",
            cycle="r.cycle",
            version="1",
            tool_id="1",
            mode="'on_site'",
            state="'published'",
            start_date="(r.first_published_at - interval '30 days')::date",
            published_at="r.first_published_at",
            first_published_at="r.first_published_at",
            released_at="r.first_published_at - interval '7 days'",
            report_id="r.id",
        ),
    ]


def _figures() -> list[str]:
    """Return the statement that makes the figures of the reports."""
    return [
        insert(
            "assessments_figures",
            "assessments_assessment a CROSS JOIN unnest(ARRAY['report', 'step1']) s WHERE a.factory_id >= %(first)s",
            assessment_id="a.id",
            scope="s",
            points="(SELECT array_agg(n) FROM generate_series(1, 37) n)",
            clusters="(SELECT array_agg(1 + n %% 8) FROM generate_series(1, 37) n)",
            assessed="array_fill(6::smallint, ARRAY[37])",
            nc="array_fill(0::smallint, ARRAY[37])",
            nc_law="array_fill(0::smallint, ARRAY[37])",
            points_assessed="37",
            points_nc="a.cycle",
            nc_clusters="ARRAY[1 + (hashtext(a.id::text) & 7)]",
            findings="repeat('c', 250)",
        ),
    ]


def _grants() -> list[str]:
    """Return the statements that make grants, in our way and in the way of django-guardian's documentation."""
    return [
        insert(
            "sharing_sharinggrant",
            PAIRS,
            id="md5(pair.factory || '-' || pair.brand)::uuid",
            factory_id="pair.factory",
            brand_id="pair.brand",
            scope="'report'",
            cycles="'all'",
            cycle_numbers="'{}'",
            valid_from="now() - interval '900 days'",
            created_at="now() - interval '900 days'",
            granted_by_id="%(by)s",
            hold_days="CASE WHEN pair.factory %% 7 = 0 THEN 7 ELSE 0 END",
        ),
        # A row for each brand's group and factory.
        insert(
            "guardian_groupobjectpermission",
            "sharing_sharinggrant g "
            "JOIN brands_brandrole r ON r.organisation_id = g.brand_id AND r.role = 'member' "
            "JOIN django_content_type t ON t.app_label = 'factories' AND t.model = 'factory' "
            "JOIN auth_permission p ON p.content_type_id = t.id AND p.codename = 'view_factory' "
            "WHERE g.factory_id >= %(first)s",
            object_pk="g.factory_id::text",
            content_type_id="t.id",
            group_id="r.group_id",
            permission_id="p.id",
        ),
    ]


def _manager() -> Any:
    """Make the manager of the first factory."""
    from factories.models import Factory
    from factories.roles import FACTORY
    from portal.accounts.models import User
    from portal.accounts.roles import create_role_groups
    from portal.accounts.services import add_member

    known = User.objects.filter(email="manager@bench.example").first()
    if known is not None:
        return known
    factory = Factory.objects.get(pk=7)
    create_role_groups(FACTORY, factory)
    manager = User.objects.create(email="manager@bench.example", name="Manager")
    add_member(by=None, kind=FACTORY, organisation=factory, member=manager, role="manager")
    return manager
