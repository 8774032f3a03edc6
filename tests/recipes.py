"""The recipes of CONTRIBUTING.md, followed on a copy of the repository: what is written by hand, file by file.

`by_hand` has, for each file, after which text what is added; for a new file the place is empty. The recipe's own tests
are in files of `tests`, which count too.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".state", "__pycache__", ".*_cache", ".hypothesis")
NEW = ""


@dataclass(frozen=True)
class Recipe:
    """One recipe: the heading of its section, its files by hand, and how many they may be at most."""

    heading: str
    by_hand: dict[str, list[tuple[str, str]]]
    most_files: int
    tests: tuple[str, ...]


PAGE = Recipe(
    "A page",
    {
        "brands/views/suppliers.py": [
            (
                '    return render(request, "brands/supplier_list.html", context)\n',
                '''

@login_required
@require_GET
def supplier_countries(request: HttpRequest, pk: int) -> HttpResponse:
    """Count the brand's suppliers in each country."""
    person = person_of(request)
    brand = get_object_or_404(Brand.objects.own(person), pk=pk)
    suppliers = Supplier.objects.visible_to(person).filter(brand=brand)
    countries = suppliers.order_by("country").values("country").annotate(count=Count("pk"))
    return render(request, "brands/supplier_countries.html", {"brand": brand, "countries": countries})
''',
            ),
            ("from django.core.exceptions import PermissionDenied\n", "from django.db.models import Count\n"),
        ],
        "brands/urls.py": [
            (
                '    path("brands/<int:pk>/suppliers/", suppliers.supplier_list, name="supplier_list"),\n',
                '    path("brands/<int:pk>/suppliers/countries/", suppliers.supplier_countries, '
                'name="supplier_countries"),\n',
            )
        ],
        "brands/templates/brands/supplier_countries.html": [
            (
                NEW,
                """{% extends "base.html" %}
{% load i18n %}
{% block title %}{% translate "Suppliers by country" %}{% endblock %}
{% block page_title %}{% translate "Suppliers by country" %}{% endblock %}
{% block content %}
  <ul>{% for row in countries %}<li>{{ row.country|default:"–" }}: {{ row.count }}</li>{% endfor %}</ul>
{% endblock %}
""",
            )
        ],
        "brands/templates/brands/supplier_list.html": [
            (
                "{% block page_actions %}\n",
                '  <a class="btn btn-outline-primary" href="{% url \'supplier_countries\' brand.pk %}">'
                '{% translate "By country" %}</a>\n',
            )
        ],
        "tests/matrix/table.py": [
            (
                "GET    supplier_list                        brandA                      LL.. .... ++.L ......\n",
                "GET    supplier_countries                   brandA                      LL.. .... ++.L ......\n",
            ),
            ('        "supplier_list",\n', '        "supplier_countries",\n'),
        ],
    },
    5,
    ("tests/test_access_matrix.py", "tests/brands/test_pages.py", "tests/core/test_weight.py"),
)
FACTORY_PAGE = Recipe(
    "A page",
    {
        "sharing/copies/views.py": [
            (
                '    return render(request, "copies/destroy_notices.html", '
                '{"factory": factory, "page": page, "rows": rows})\n',
                '''

@login_required
@require_GET
def notices_by_brand(request: HttpRequest, pk: int) -> HttpResponse:
    """Count what a factory asked each brand to destroy."""
    factory = factory_inside(request, pk)
    notices = DestroyNotice.objects.inside(request.user).filter(factory=factory)
    brands = notices.order_by("brand__name").values("brand__name").annotate(count=Count("pk"))
    return render(request, "copies/notices_by_brand.html", {"factory": factory, "brands": brands})
''',
            ),
            ("from django.core.exceptions import ValidationError\n", "from django.db.models import Count\n"),
        ],
        "sharing/urls.py": [
            (
                '    path("factories/<int:pk>/copies/", copies.destroy_notices, name="destroy_notices"),\n',
                '    path("factories/<int:pk>/copies/brands/", copies.notices_by_brand, name="notices_by_brand"),\n',
            )
        ],
        "sharing/copies/templates/copies/notices_by_brand.html": [
            (
                NEW,
                """{% extends "base.html" %}
{% load i18n %}
{% block title %}{% translate "Copies by brand" %}{% endblock %}
{% block page_title %}{% translate "Copies by brand" %}{% endblock %}
{% block content %}
  <ul>
    {% for row in brands %}<li><bdi>{{ row.brand__name }}</bdi>{% translate ": " %}{{ row.count }}</li>{% endfor %}
  </ul>
{% endblock %}
""",
            )
        ],
        "sharing/copies/templates/copies/destroy_notices.html": [
            (
                "{% block content %}\n",
                '  <p><a href="{% url \'notices_by_brand\' factory.pk %}">{% translate "By brand" %}</a></p>\n',
            )
        ],
        "portal/home/parts.py": [('        "old_versions",\n', '        "notices_by_brand",\n')],
        "tests/matrix/table.py": [
            (
                "GET    destroy_notices                      A                           LL.. +++. ...L x++.+.\n",
                "GET    notices_by_brand                     A                           LL.. +++. ...L x++.+.\n",
            ),
            ('        "destroy_notices",\n', '        "notices_by_brand",\n'),
        ],
    },
    6,
    ("tests/test_access_matrix.py", "tests/test_menu.py"),
)
ROW_OF_THE_INBOX = Recipe(
    "A row of the inbox",
    {
        "portal/home/inbox/rows.py": [('    PROFILE = "profile"\n', '    LOCAL_NAME = "local_name"\n')],
        "portal/home/inbox/matters.py": [
            ("    yield from _profile(desk)\n", "    yield from _local_name(desk)\n"),
            (
                NEW,
                """

def _local_name(desk: Desk) -> Iterator[Thing]:
    if desk.may_edit and not desk.factory.local_name:
        yield Thing(
            Kind.LOCAL_NAME,
            str(desk.factory.pk),
            words=_("Enter its name in your language"),
            url=reverse("factory_edit", args=[desk.factory.pk]),
            **about_matter(Kind.LOCAL_NAME, _("The factory's name")),
        )
""",
            ),
        ],
        "tests/test_inbox.py": [
            (
                NEW,
                """

def test_who_edits_the_profile_is_asked_for_the_name_in_their_language(world: World, client_of: Browsers) -> None:
    manager, asked = client_of(world.person("manager_a")), ("The factory's name", "Enter its name in your language")
    type(world.factory_a).objects.filter(pk=world.factory_a.pk).update(local_name="")
    assert asked in shown(manager)["later"]
    assert "later" not in shown(client_of(world.person("representative_a")))
    type(world.factory_a).objects.filter(pk=world.factory_a.pk).update(local_name="Tonle")
    assert asked not in shown(manager).get("later", [])
""",
            )
        ],
    },
    3,
    ("tests/test_inbox.py",),
)
NOTICE = Recipe(
    "A notice",
    {
        "factories/notice_names.py": [
            ('    HANDOVER_CHANGED = "handover.changed"\n', '    PROFILE = "factory.profile_changed"\n'),
        ],
        "factories/notices.py": [
            (
                NEW,
                '''

def _profile(notice: Notice, reader: User) -> Line | None:
    """Say that the profile was changed, to people who can see it."""
    found = Factory.objects.visible_to(reader).filter(pk=notice.factory_id).first()
    if found is None:
        return None
    return Line(_("%(factory)s: the profile was changed.") % {"factory": found}, reverse("factory", args=[found.pk]))


def _profile_payload(notice: Notice) -> dict[str, object]:
    return {"factory": notice.factory_id}


register_notice(
    NoticeKind(
        FactoryNotice.PROFILE,
        gettext_lazy("The profile was changed"),
        _profile,
        sides={"factory": ""},
        payload=_profile_payload,
    )
)
''',
            ),
            ("from factories.models import Handover", ", Factory"),
        ],
        "factories/services/organisations.py": [
            (
                "    record(FactoryEvent.UPDATED, by=by, factory_id=factory.pk, programme_id=factory.programme_id, "
                "fields=changed)\n",
                "    ids = {'organisation_id': factory.pk, 'factory_id': factory.pk}\n"
                "    announce(FactoryNotice.PROFILE, side='factory', **ids)\n",
            ),
            (
                "from factories.models import CountryProgramme, Factory\n",
                "from factories.notice_names import FactoryNotice\n",
            ),
            ("from portal.core.names import one_line\n", "from portal.notices.outbox import announce\n"),
        ],
        "docs/events.md": [
            (
                "| `factory.created` | yes | | | Staff enrolled a factory. |\n",
                "| `factory.profile_changed` | | factory | factory: `factory` | A profile was changed. |\n",
            )
        ],
        "tests/notices/test_profile.py": [
            (
                NEW,
                '''"""The notice of a changed profile."""

import pytest

from factories.services.organisations import update_factory
from portal.notices.handing_out import hand_out_notices
from portal.notices.models import MailItem
from portal.notices.outbox import notice_kinds
from portal.notices.webhooks.kinds import types_for

pytestmark = pytest.mark.django_db


def test_the_factory_is_notified_and_nobody_else(world):
    update_factory(by=world.person("manager_a"), factory=world.factory_a, local_name="Other")
    hand_out_notices()
    told = {item.person_id for item in MailItem.objects.filter(notice__kind="factory.profile_changed")}
    assert told == {world.person(name).pk for name in ("manager_a", "member_a", "representative_a")}
    notice = MailItem.objects.filter(notice__kind="factory.profile_changed").first().notice
    assert notice_kinds[notice.kind].line(notice, world.person("brand_a_member")) is None
    assert "factory.profile_changed" in types_for("factory")
''',
            )
        ],
    },
    5,
    ("tests/notices/test_profile.py", "tests/notices/test_preferences.py", "tests/test_words_of_codes.py"),
)
EXPORT = Recipe(
    "An export",
    {
        "brands/views/suppliers.py": [
            (
                "    suppliers = form.narrow(Supplier.objects.visible_to(person).filter(brand=brand))\n",
                """    if request.GET.get("format") in FORMATS:
        rows = suppliers.order_by("name", "id").values_list("name", "country", "address")
        header = [_("Supplier"), _("Country"), _("Address")]
        return table_response(request.GET["format"], "suppliers", header, rows.iterator())
""",
            ),
            (
                "from brands.views.brands import person_of\n",
                "from portal.core.exports import FORMATS, table_response\n",
            ),
        ],
        "brands/templates/brands/supplier_list.html": [
            (
                "{% block content %}\n",
                '  <p><a href="?format=csv">{% translate "Download CSV" %}</a></p>\n',
            )
        ],
        "tests/brands/test_supplier_export.py": [
            (
                NEW,
                '''"""The export of a brand's suppliers."""

import pytest

from brands.models import Supplier

pytestmark = pytest.mark.django_db


def test_the_brand_downloads_its_own_list_and_nobody_elses(world, client_of):
    for brand, name in ((world.brand_a, "=Mill"), (world.brand_b, "Other")):
        Supplier.objects.create(brand=brand, name=name)
    path = f"/brands/{world.brand_a.pk}/suppliers/?format=csv"
    got = b"".join(client_of(world.person("brand_a_member")).get(path).streaming_content).decode()
    assert "'=Mill" in got, "a cell that a spreadsheet would run is guarded"
    assert "Other" not in got
    assert client_of(world.person("brand_b_member")).get(path).status_code == 404
''',
            )
        ],
    },
    3,
    ("tests/brands/test_supplier_export.py", "tests/brands/test_pages.py"),
)
EVENT = Recipe(
    "An event",
    {
        "brands/events.py": [('    UPDATED = "brand.updated"\n', '    CLOSED = "brand.closed"\n')],
        "docs/events.md": [
            (
                "| `assessment.withdrawn` | yes | | | Staff withdrew a published assessment. |\n",
                "| `brand.closed` | yes | | | Staff closed the account of a brand. |\n",
            )
        ],
        "brands/services.py": [
            (
                "        record(BrandEvent.UPDATED, by=by, brand_id=brand.pk, subject=brand.pk, changes=changes)\n",
                '    if changes.get("is_active") == [True, False]:\n'
                "        record(BrandEvent.CLOSED, by=by, brand_id=brand.pk, subject=brand.pk)\n",
            )
        ],
        "tests/brands/test_closing.py": [
            (
                NEW,
                '''"""The event of a brand that is closed."""

import pytest

from brands.services import update_brand
from portal.core.models import Event

pytestmark = pytest.mark.django_db


def test_closing_is_an_event_once(world):
    for _time in range(2):
        update_brand(by=world.person("global_staff"), brand=world.brand_a, is_active=False)
    assert Event.objects.filter(kind="brand.closed", brand_id=world.brand_a.pk).count() == 1
''',
            )
        ],
    },
    4,
    ("tests/brands/test_closing.py", "tests/core/test_events.py"),
)
JOB = Recipe(
    "A job",
    {
        "brands/tasks.py": [
            (
                NEW,
                '''"""The jobs of brands, for workers."""

from typing import Any

from brands.models import Supplier
from portal.core.jobs import JobRun, job_handler

COUNT = "brands.count_suppliers"


@job_handler(COUNT)
def count_suppliers(run: JobRun) -> dict[str, Any]:
    """Count the suppliers that the job's owner may see. Idempotent."""
    suppliers = Supplier.objects.visible_to(run.job.owner).filter(brand=run.job.params["brand"])
    return {"count": suppliers.count()}
''',
            )
        ],
        "brands/services.py": [
            (
                NEW,
                '''

@transaction.atomic
def order_count(*, by: User, brand: Brand) -> Job:
    """Order the count of the brand's suppliers."""
    return start_job(kind=COUNT, by=by, params={"brand": brand.pk})
''',
            ),
            ("from brands.roles import BRAND\n", "from brands.tasks import COUNT\n"),
            (
                "from portal.core.events import record\n",
                "from portal.core.jobs import start_job\nfrom portal.core.models import Job\n",
            ),
        ],
        "tests/brands/test_counting.py": [
            (
                NEW,
                '''"""The job that counts suppliers."""

import pytest

from brands.models import Supplier
from brands.services import order_count

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("persona", "count"), [("brand_a_member", 1), ("brand_b_member", 0)])
def test_it_counts_what_its_owner_may_see(world, run_jobs, persona, count):
    Supplier.objects.create(brand=world.brand_a, name="Mill")
    job = order_count(by=world.person(persona), brand=world.brand_a)
    job.refresh_from_db()
    assert (job.state, job.result) == ("done", {"count": count})
''',
            )
        ],
    },
    3,
    ("tests/brands/test_counting.py", "tests/core/test_jobs.py"),
)
RECIPES = (PAGE, FACTORY_PAGE, ROW_OF_THE_INBOX, NOTICE, EXPORT, EVENT, JOB)


def section(heading: str) -> str:
    """Return the section of CONTRIBUTING.md with this heading."""
    text = (settings.BASE_DIR / "CONTRIBUTING.md").read_text()
    found: str = text.partition(f"\n### {heading}\n")[2].partition("\n##")[0]
    assert found, f"CONTRIBUTING.md has no section {heading!r}."
    return found


def repository_copy(source: Path, target: Path) -> Path:
    """Copy the repository, which works with the packages that are installed here."""
    shutil.copytree(source, target, ignore=NOT_COPIED)
    (target / ".venv").symlink_to(sys.prefix)
    return target


def add_by_hand(copy: Path, by_hand: dict[str, list[tuple[str, str]]]) -> None:
    """Write what a recipe says: after each place, which the file must have once; at the end where none is named."""
    for name, additions in by_hand.items():
        path = copy / name
        text = path.read_text() if path.exists() else ""
        for place, added in additions:
            if place:
                assert text.count(place) == 1, f"{name}: {place}"
                text = text.replace(place, place + added)
            else:
                text += added
        path.write_text(text)


def dev(copy: Path, *arguments: str) -> None:
    """Run ./dev in the copy; what it said is the message when it fails."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "PYTEST"))}
    done = subprocess.run(
        [sys.executable, "dev", *arguments], cwd=copy, env=inherited, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"./dev {' '.join(arguments)}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
