"""The check of a staged table against the database: it reports what is wrong, or returns the plan of the import.

No error reveals what a person may not see: an id that another country uses is only said to be taken.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError

from assessments.answering.models import RELEASED
from assessments.imports import columns as c
from assessments.imports.compare import conflicts, count_staged, same_answers
from assessments.imports.facts import AskedQuestion, Variant, Visit
from assessments.imports.models import ImportBatch
from assessments.imports.notes import Named, Note, StoredNote, note
from assessments.imports.previews import NewFactory, NewTool, Promise
from assessments.imports.texts import LongTableText
from assessments.models import Assessment, Question, Tool
from factories.models import CountryProgramme, Factory
from portal.core.countries import country_name
from portal.core.days import Zone, today, zone_named, zone_of_country
from portal.core.names import one_line
from portal.core.tables import Problems
from portal.core.tables.dates import past_day
from portal.core.tables.texts import Sentence, country, sentences_of

CONFLICT_COLUMNS = {"finding": c.FINDING, "tags": c.TAGS, "evidence": c.EVIDENCE, "source": c.SOURCE}
NOT_ASSESSED_COUNTRIES = frozenset({"LK"})  # R48
T = TypeVar("T")


@dataclass
class Plan:
    """The plan of what applying would do. Each visit is in exactly one of `new`, `changed`, `unchanged`.

    A visit that staff had planned is `new`, too: its answers are. Its row in the portal is in `planned`.
    """

    new: list[Visit] = field(default_factory=list)
    changed: list[Visit] = field(default_factory=list)
    unchanged: list[Visit] = field(default_factory=list)
    factories: dict[str, Factory] = field(default_factory=dict)  # those that exist, by bw_id
    tools: dict[str, Tool] = field(default_factory=dict)
    questions: dict[int, int] = field(default_factory=dict)  # number in the table -> question's key
    planned: dict[int, UUID] = field(default_factory=dict)  # visit's number -> the planned assessment that it fills
    missing_programmes: list[str] = field(default_factory=list)
    missing_factories: dict[str, list[Visit]] = field(default_factory=dict)
    missing_tools: dict[str, list[AskedQuestion]] = field(default_factory=dict)
    tool_countries: dict[str, set[str]] = field(default_factory=dict)
    newly_obsolete: list[str] = field(default_factory=list)
    notes: list[StoredNote] = field(default_factory=list)

    @property
    def creates(self) -> bool:
        """True if the table names something that the portal does not know."""
        return bool(self.missing_programmes or self.missing_factories or self.missing_tools)

    def named(self) -> Promise:
        """Return what would be created and changed, by name: the preview shows it and the apply step must match it."""
        return {
            "programmes": sorted(self.missing_programmes),
            "factories": [self._factory(bw_id, visits) for bw_id, visits in sorted(self.missing_factories.items())],
            "tools": [self._tool(name, asked) for name, asked in sorted(self.missing_tools.items())],
            "new": len(self.new),
            "changed": sorted(visit.quest_id for visit in self.changed),
            "unchanged": len(self.unchanged),
            "obsolete": sorted(self.newly_obsolete),
        }

    @staticmethod
    def _factory(bw_id: str, visits: list[Visit]) -> NewFactory:
        newest = max(visits, key=lambda visit: visit.start_date)
        return {
            "bw_id": bw_id,
            "name": newest.factory_name,
            "country": newest.country,
            "is_obsolete": any(visit.is_obsolete for visit in visits),
            "cycle": max(visit.cycle for visit in visits),
        }

    def _tool(self, name: str, asked: list[AskedQuestion]) -> NewTool:
        countries = sorted(self.tool_countries[name])
        return {
            "name": name,
            "country": countries[0] if len(countries) == 1 else "",
            "clusters": len({question.cluster for question in asked}),
            "points": len({(question.cluster, question.compliance_point) for question in asked}),
            "questions": len(asked),
            "nc_questions": sum(question.type == Question.Type.NC for question in asked),
        }


class Check:
    """One comparison of a staged table with the database, on behalf of `by`."""

    def __init__(
        self,
        batch: ImportBatch,
        visits: Iterable[Visit],
        questions: Iterable[AskedQuestion],
        variants: Iterable[Variant],
        problems: Problems,
    ) -> None:
        self.batch, self.by, self.problems = batch, batch.owner, problems
        self.visits, self.questions, self.variants = list(visits), list(questions), list(variants)
        self.plan = Plan()
        self._bad: set[int] = set()
        self._old: list[Named] = []
        self._other_tags: list[Named] = []

    def run(self) -> Plan:
        """Return the plan; it may only be used if `problems` stayed empty."""
        self._rows_agree()
        self._countries()
        self._factories()
        self._days()
        self._tools()
        self._one_assessment_per_cycle()
        if not self.problems:
            self._compare()
        return self.plan

    def _refuse(self, visit: Visit, column: str, value: object, told: Sentence) -> None:
        self._bad.add(visit.number)
        self.problems.add(visit.row, column, str(value), told)

    # --- the table with itself

    def _rows_agree(self) -> None:
        """Refuse different findings on the same question in an assessment; name both rows."""
        numbers = {visit.number: visit for visit in self.visits}
        asked = {question.number: question for question in self.questions}
        found, count = conflicts(self.batch.pk)
        last = None
        for one in found:
            ids = {"question": asked[one.question].ext_id, "quest": numbers[one.visit].quest_id}
            told = LongTableText.TWO_FINDINGS(**ids, said=one.said[:100], row=one.first)
            last = self.problems.add(one.row, CONFLICT_COLUMNS[one.what], one.says, told)
        if last:
            self.problems.count_more(last[0], count - len(found))

    # --- countries and factories

    def _countries(self) -> None:
        """Refuse rows of countries that are not the uploader's, and check them no further: an error about one of
        their factories would reveal what is there.
        """
        programmes = {p.country: p for p in CountryProgramme.objects.filter(is_global=False)}
        mine = CountryProgramme.objects.where(self.by, "import_assessments")
        allowed = set(mine.values_list("country", flat=True))
        may_add = mine.filter(is_global=True).exists()
        for code, visits in sorted(_grouped(self.visits, lambda visit: visit.country).items()):
            programme = programmes.get(code)
            if code in NOT_ASSESSED_COUNTRIES or (programme is not None and not programme.assessments_allowed):
                self._refuse_country(visits, LongTableText.NO_ASSESSMENTS(country(code)))
            elif programme is None and may_add:
                self.plan.missing_programmes.append(code)
            elif code not in allowed:
                self._refuse_country(visits, LongTableText.OTHERS_COUNTRY(country(code)))

    def _refuse_country(self, visits: list[Visit], told: Sentence) -> None:
        """Report one error for all rows of a country, which are checked no further."""
        first, refused = visits[0], {visit.number for visit in visits}
        rows = max(count_staged(self.batch.pk, refused), len(visits))
        if rows > 1:
            told = told.then(LongTableText.ALL_ROWS(rows=rows, visits=len(visits)))
        self._refuse(first, c.COUNTRY, first.country_cell or country_name(first.country), told)
        self.visits = [visit for visit in self.visits if visit.number not in refused]

    def _factories(self) -> None:
        by_factory = _grouped(self.visits, lambda visit: visit.bw_id)
        known = Factory.objects.select_related("programme").in_bulk(list(by_factory), field_name="bw_id")
        renamed = []
        for bw_id, visits in by_factory.items():
            factory, first = known.get(bw_id), visits[0]
            if factory is None:
                self.plan.missing_factories[bw_id] = visits
                continue
            if factory.programme.country != first.country:
                self._refuse(first, c.FACTORY_ID, bw_id, LongTableText.ID_TAKEN(country(first.country)))
                continue
            self.plan.factories[bw_id] = factory
            if one_line(factory.name) not in {visit.factory_name for visit in visits}:
                renamed.append(f"{bw_id} {factory.name}")
            if any(visit.is_obsolete for visit in visits) and not factory.is_obsolete:
                self.plan.newly_obsolete.append(bw_id)
        if self.plan.missing_factories:
            self._may_enrol()
        if renamed:
            self.plan.notes.append(note(Note.RENAMED, renamed))

    def _may_enrol(self) -> None:
        enrolling = set(
            CountryProgramme.objects.where(self.by, "manage_enrolment").values_list("country", flat=True)
        ) | set(self.plan.missing_programmes)
        for bw_id, visits in self.plan.missing_factories.items():
            if visits[0].country not in enrolling and visits[0].number not in self._bad:
                self._refuse(visits[0], c.FACTORY_ID, bw_id, LongTableText.NO_FACTORY(bw_id))

    def _days(self) -> None:
        """Refuse an assessment on a day that has not begun at the factory (R54)."""
        for visit in self.visits:
            place = self.plan.factories.get(visit.bw_id) or Zone(zone_named(zone_of_country(visit.country)))
            days = [(c.START_DATE, visit.start_date), *([(c.END_DATE, visit.end_date)] if visit.end_date else [])]
            for column, day in days:
                written = f"{day:%d/%m/%Y}"
                try:
                    past_day(written, latest=today(place))
                except ValidationError as error:
                    self._refuse(visit, column, written, sentences_of(error)[0])

    # --- questionnaires

    def _tools(self) -> None:
        by_tool = _grouped(self.visits, lambda visit: visit.questionnaire)
        asked = _grouped(self.questions, lambda question: question.questionnaire)
        known = Tool.objects.select_related("programme").in_bulk(list(by_tool), field_name="name")
        for name, visits in by_tool.items():
            tool = known.get(name)
            self.plan.tool_countries[name] = {visit.country for visit in visits}
            if tool is None:
                self._missing_tool(name, visits[0], asked.get(name, []))
            elif tool.kind != Tool.Kind.CAT:
                self._refuse(visits[0], c.QUESTIONNAIRE, name, LongTableText.NOT_IMPORTED())
            elif tool.programme is not None and tool.programme.country not in self.plan.tool_countries[name]:
                self._refuse(visits[0], c.QUESTIONNAIRE, name, LongTableText.OTHERS_QUESTIONNAIRE())
            else:
                self.plan.tools[name] = tool
                self._belongs(tool, visits)
                self._known_questions(tool, asked.get(name, []))

    def _belongs(self, tool: Tool, visits: list[Visit]) -> None:
        if tool.programme is None:
            return
        for visit in visits:
            if visit.country != tool.programme.country:
                self._refuse(visit, c.QUESTIONNAIRE, tool.name, LongTableText.OTHERS_QUESTIONNAIRE())
                return

    def _missing_tool(self, name: str, first: Visit, asked: list[AskedQuestion]) -> None:
        words = name.upper().replace("-", " ").split()
        slcp = [question for question in asked if c.is_slcp_reference(question.ext_id)]
        if {"CAF", "SLCP"} & set(words) or slcp:
            self._refuse(first, c.QUESTIONNAIRE, name, LongTableText.NOT_IMPORTED())
            return
        self.plan.missing_tools[name] = asked
        numbers = {question.number for question in asked}
        for variant in self.variants:
            if variant.question.number in numbers:
                told = LongTableText.ONE_WORDING(question=variant.question.ext_id, row=variant.question.row)
                self.problems.add(variant.row, variant.column, variant.value, told)

    def _known_questions(self, tool: Tool, asked: list[AskedQuestion]) -> None:
        rows = Question.objects.filter(tool=tool).select_related("compliance_point__cluster")
        known = {question.ext_id: question for question in rows}
        worded = []
        for question in asked:
            here = known.get(question.ext_id)
            if here is None:
                told = LongTableText.NO_QUESTION(tool.name)
                self.problems.add(question.row, c.QUESTION_ID, question.ext_id, told)
                continue
            self.plan.questions[question.number] = here.pk
            self._same_place(question, here)
            if one_line(here.label) != question.label:
                worded.append(question.ext_id)
        if worded:
            self.plan.notes.append(note(Note.REWORDED, worded))

    def _same_place(self, question: AskedQuestion, here: Question) -> None:
        point = here.compliance_point
        for column, written, known in (
            (c.TYPE, question.type, here.type),
            (c.CLUSTER, question.cluster, point.cluster.name),
            (c.POINT, question.compliance_point, point.name),
        ):
            if written != one_line(known):
                told = LongTableText.OTHER_PLACE(question=question.ext_id, known=known)
                self.problems.add(question.row, column, written, told)

    # --- assessments

    def _one_assessment_per_cycle(self) -> None:
        """Refuse a second assessment of a factory in a cycle; a Quest.ID keeps its factory, cycle and questionnaire.

        A planned assessment has no Quest.ID yet: the table's is the one that was planned.
        """
        told: dict[tuple[str, int], Visit] = {}
        for visit in self.visits:
            other = told.setdefault((visit.bw_id, visit.cycle), visit)
            if other is not visit:
                wrong = LongTableText.ONE_PER_CYCLE(
                    factory=visit.bw_id, cycle=visit.cycle, other=other.quest_id, row=other.row
                )
                self._refuse(visit, c.QUEST_ID, visit.quest_id, wrong)
        here = Assessment.objects.filter(factory__in=self.plan.factories.values(), version=1)
        rows = here.values_list("pk", "factory__bw_id", "cycle", "quest_id", "state")
        for pk, bw_id, cycle, quest_id, state in rows.iterator(chunk_size=2000):
            clash = told.get((bw_id, cycle))
            if clash is None or quest_id == clash.quest_id:
                continue
            if quest_id is None and state == Assessment.State.PLANNED:
                self.plan.planned[clash.number] = pk
            else:
                here_as = quest_id or LongTableText.NO_QUEST_ID()
                wrong = LongTableText.CYCLE_TAKEN(factory=bw_id, cycle=cycle, quest=here_as)
                self._refuse(clash, c.CYCLE, cycle, wrong)

    def _compare(self) -> None:
        """Sort the visits into new, changed and unchanged. If a correction is under way, the table changes that."""
        stored = self._stored()
        same = same_answers(self.batch.pk, self.visits, stored, self.plan.questions)
        for visit in self.visits:
            versions = stored.get(visit.quest_id)
            if versions is None:
                self.plan.new.append(visit)
            elif self._is_same_assessment(visit, versions[-1]):
                self._changed_or_not(visit, versions, same)
        if self._other_tags:
            self.plan.notes.append(note(Note.OTHER_TAGS, self._other_tags))
        if self._old:
            self.plan.notes.append(note(Note.REPLACED, self._old))

    def _stored(self) -> dict[str, list[Assessment]]:
        """Return the assessments in the portal by Quest.ID, oldest version first."""
        ids = [visit.quest_id for visit in self.visits]
        found = Assessment.objects.filter(quest_id__in=ids).select_related("factory", "tool").order_by("version")
        return _grouped(found, lambda assessment: str(assessment.quest_id))

    def _is_same_assessment(self, visit: Visit, stored: Assessment) -> bool:
        if stored.factory.bw_id != visit.bw_id:
            self._refuse(visit, c.QUEST_ID, visit.quest_id, LongTableText.OTHERS_ASSESSMENT())
        elif stored.cycle != visit.cycle:
            self._refuse(visit, c.CYCLE, visit.cycle, LongTableText.OTHER_CYCLE(stored.cycle))
        elif stored.tool.name != visit.questionnaire:
            told = LongTableText.OTHER_QUESTIONNAIRE(stored.tool.name)
            self._refuse(visit, c.QUESTIONNAIRE, visit.questionnaire, told)
        else:
            return True
        return False

    def _changed_or_not(self, visit: Visit, versions: list[Assessment], same: dict[tuple[int, UUID], bool]) -> None:
        newest = versions[-1]
        alike = [v for v in versions if (visit.number, v.pk) in same and _has_facts(v, visit)]
        equal = [v for v in alike if same[visit.number, v.pk]]
        if alike and not equal and newest.state in RELEASED:
            # Imported before findings had tags of their own; it is final, and the rest is the same.
            equal = alike
            self._other_tags.append(visit.quest_id)
        if equal:
            self.plan.unchanged.append(visit)
            self._replaced(visit, equal[-1], versions)
        elif newest.state == Assessment.State.FACTORY_REVIEW:
            self._refuse(visit, c.QUEST_ID, visit.quest_id, LongTableText.IN_FACTORY_REVIEW())
        elif newest.state in RELEASED:
            self._refuse(visit, c.QUEST_ID, visit.quest_id, LongTableText.PUBLISHED())
        else:
            visit.assessment_id = newest.pk
            self.plan.changed.append(visit)

    def _replaced(self, visit: Visit, equal: Assessment, versions: list[Assessment]) -> None:
        """Note that the table equals a version which another one has replaced."""
        for newer in versions:
            if newer.state == Assessment.State.PUBLISHED and newer.version > equal.version:
                self._old.append({"quest_id": visit.quest_id, "old": equal.version, "new": newer.version})


def _has_facts(version: Assessment, visit: Visit) -> bool:
    """Return whether the version has the days and the mode that the table gives; it may leave out the last two."""
    days = version.start_date == visit.start_date and visit.end_date in {None, version.ended_on}
    return days and visit.mode in {"", version.mode}


def _grouped(items: Iterable[T], key: Callable[[T], str]) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return dict(groups)
