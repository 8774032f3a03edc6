"""The words of a preview: the page and the command say the same."""

from collections.abc import Iterator
from datetime import date

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from assessments.imports.notes import note_in_words
from assessments.imports.previews import NewTool, Preview
from portal.core.countries import country_name
from portal.core.tables.table import read_from_in_words


def counts(plan: Preview) -> list[tuple[str, int]]:
    """Return the numbers of a preview with their labels; those that are always shown, then others above zero."""
    rows = [
        (_("New assessments"), plan["new"]),
        (_("Changed assessments"), len(plan["changed"])),
        (_("Unchanged assessments"), plan["unchanged"]),
        (_("Answers"), plan["answers"]),
    ]
    optional = [
        (_("Not answered (empty findings)"), plan["empty"]),
        (_("Exact duplicate rows (ignored)"), plan["duplicates"]),
        (_("Evidence without a finding (ignored)"), plan.get("unplaced", 0)),
    ]
    return rows + [row for row in optional if row[1]]


def summary(plan: Preview) -> Iterator[str]:
    """Yield the preview in lines of text, for a terminal."""
    yield _("%(rows)s rows, %(assessments)s assessments") % {"rows": plan["read"], "assessments": plan["assessments"]}
    for label, number in counts(plan):
        yield f"  {label}: {number}"
    yield from (f"  {line}" for line in _lines(plan))
    if more := not_listed(plan):
        yield "  " + ngettext("and %(count)s more", "and %(count)s more", more) % {"count": more}
    if plan["changed"]:
        yield _("Changed: %s") % ", ".join(plan["changed"])
    yield from notes(plan)
    yield from types(plan)
    if plan["creates"]:
        yield _("New names in this table:")
        yield from (f"  {line}" for line in created(plan))
    if plan["nothing"]:
        yield _("Everything in this table is already in the portal. Importing it changes nothing.")


KINDS = {"new": gettext_lazy("New"), "changed": gettext_lazy("Changed"), "unchanged": gettext_lazy("Unchanged")}


def assessments(plan: Preview) -> list[dict[str, object]]:
    """Return the assessments that the preview names, with a word for what happens to each and a real date."""
    return [
        {**one, "what": KINDS[one["kind"]], "start_date": date.fromisoformat(one["start"])}
        for one in plan.get("listed", ())
    ]


def not_listed(plan: Preview) -> int:
    """Return how many assessments the preview counts and does not name."""
    return plan["new"] + len(plan["changed"]) + plan["unchanged"] - len(plan.get("listed", ()))


def _lines(plan: Preview) -> Iterator[str]:
    for one in assessments(plan):
        told = _("%(what)s: %(factory)s %(name)s, cycle %(cycle)s, %(start)s, %(questionnaire)s, Quest ID %(quest_id)s")
        found = _("%(questions)s questions, %(nc)s non-compliant")
        yield f"{told % one}, {found % one}"


def notes(plan: Preview) -> Iterator[str]:
    """Yield what else the person should know before deciding."""
    yield from map(note_in_words, plan.get("notes", ()))
    if read_from := read_from_in_words(plan.get("sheets", ())):
        yield read_from
    if plan.get("ignored"):
        yield _("These columns (%s) are not part of the table and are ignored.") % ", ".join(plan["ignored"])
    for header, name in plan.get("nearly", ()):
        sentence = _("Is the column “%(header)s” meant as “%(name)s”? Then rename it and upload the table again.")
        yield sentence % {"header": header, "name": name}
    if plan.get("obsolete"):
        sentence = _("The table marks these factories (%s) as obsolete. They will be marked in the portal too.")
        yield sentence % ", ".join(plan["obsolete"])


def types(plan: Preview) -> Iterator[str]:
    """Yield a question for each type of a country's rows that somebody must confirm, with the exact count."""
    for one in plan.get("types", ()):
        told = ngettext(
            "%(country)s: %(number)s row has the question type %(word)s. Treat it as NC?",
            "%(country)s: %(number)s rows have the question type %(word)s. Treat them as NC?",
            one["rows"],
        )
        number = number_format(one["rows"], force_grouping=True)
        yield told % {"country": country_name(one["country"]), "number": number, "word": one["word"]}


def created(plan: Preview) -> Iterator[str]:
    """Yield a line of text for each thing that would be created."""
    for code in plan["programmes"]:
        yield _("Country programme: %s") % country_name(code)
    for factory in plan["factories"]:
        facts = {"id": factory["bw_id"], "name": factory["name"], "country": country_name(factory["country"])}
        line = _("Factory %(id)s: %(name)s, %(country)s") % facts
        yield f"{line} ({_('obsolete')})" if factory["is_obsolete"] else line
    for tool in plan["tools"]:
        yield f"{_('Questionnaire')}: {tool_line(tool)}"


def tool_line(tool: NewTool) -> str:
    """Return a line of text with a questionnaire and the numbers of its parts."""
    return ", ".join(
        [
            tool["name"],
            ngettext("%(count)s cluster", "%(count)s clusters", tool["clusters"]) % {"count": tool["clusters"]},
            ngettext("%(count)s compliance point", "%(count)s compliance points", tool["points"])
            % {"count": tool["points"]},
            ngettext("%(count)s question", "%(count)s questions", tool["questions"]) % {"count": tool["questions"]},
        ]
    )
