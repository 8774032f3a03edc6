"""What became of the questions of one version in a later one: proposed, corrected by a person, confirmed.

A pair says that a later question asks what an earlier one asked. How many pairs a question is in says the rest: one to
one is the same question, one to several was split, several to one were merged, none is new or gone. Only confirmed
successions count: `origins_of` follows them, over several versions, for trends, recurrence and threads (R55).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.events import AssessmentEvent
from assessments.models import Question, Succession, SuccessorQuestion, Tool
from assessments.questionnaires.rights import may_import_for
from portal.accounts.models import User
from portal.core.events import record

ALIKE = 0.75  # how alike two questions are, from 0 to 1, to be proposed as the same
Pairs = set[tuple[int, int]]  # (earlier question, later question)


class Change(StrEnum):
    """What became of a question."""

    SAME = "same"
    SPLIT = "split"
    MERGED = "merged"
    NEW = "new"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Step:
    """What became of some questions: the earlier and the later ones that belong together, in their order."""

    change: Change
    earlier: tuple[Question, ...]
    later: tuple[Question, ...]


def questions_of(tool: Tool) -> list[Question]:
    """Return the questions of a version in their order, with clusters and points."""
    questions = Question.objects.filter(tool=tool).select_related("compliance_point__cluster")
    return list(questions.order_by("compliance_point__cluster__order", "compliance_point__order", "order", "pk"))


def proposed(earlier: Iterable[Question], later: Iterable[Question]) -> Pairs:
    """Return the pairs to show first: alike in words, in the same cluster, each question at most once."""
    left, rest = list(earlier), list(later)
    pairs: Pairs = set()
    for key in (lambda one: (one.ext_id, one.type, one.label), lambda one: (one.type, one.label)):
        known = {key(one): one for one in reversed(left)}
        found = [(known.pop(key(one)), one) for one in rest if key(one) in known]
        pairs |= {(before.pk, after.pk) for before, after in found}
        left, rest = _without(left, pairs, 0), _without(rest, pairs, 1)
    for question in rest:
        if (best := _most_alike(question, left)) is not None:
            pairs.add((best.pk, question.pk))
            left.remove(best)
    return pairs


def _without(questions: list[Question], pairs: Pairs, side: int) -> list[Question]:
    paired = {pair[side] for pair in pairs}
    return [one for one in questions if one.pk not in paired]


def _most_alike(question: Question, others: Iterable[Question]) -> Question | None:
    """Return the question of the same type and cluster whose words are most alike, if they are alike enough."""
    matcher, best, most = SequenceMatcher(None, "", question.label, autojunk=False), None, ALIKE
    cluster = question.compliance_point.cluster.name
    for one in others:
        if one.type == question.type and one.compliance_point.cluster.name == cluster:
            matcher.set_seq1(one.label)
            is_near = matcher.real_quick_ratio() >= most and matcher.quick_ratio() >= most
            if is_near and (ratio := matcher.ratio()) >= most and (best is None or ratio > most):
                best, most = one, ratio
    return best


def steps(earlier: Iterable[Question], later: Iterable[Question], pairs: Pairs) -> Iterator[Step]:
    """Yield what became of each question, in the order of the later version; what is gone comes last."""
    earlier, later = list(earlier), list(later)
    before, after = _both_ways(pairs)
    by_pk = {question.pk: question for question in (*earlier, *later)}
    seen: set[int] = set()
    for question in later:
        if question.pk in seen:
            continue
        origins, together = _connected(question.pk, before, after)
        seen |= together
        yield Step(_change(origins, together), _in_order(origins, by_pk), _in_order(together, by_pk))
    for question in earlier:
        if not after[question.pk]:
            yield Step(Change.GONE, (question,), ())


def _both_ways(pairs: Pairs) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    before, after = defaultdict[int, set[int]](set), defaultdict[int, set[int]](set)
    for earlier, later in pairs:
        before[later].add(earlier)
        after[earlier].add(later)
    return before, after


def _connected(later: int, before: dict[int, set[int]], after: dict[int, set[int]]) -> tuple[set[int], set[int]]:
    """Return the earlier and the later questions that hang together with a later one."""
    origins, together, waiting = set[int](), {later}, [later]
    while waiting:
        for origin in before[waiting.pop()] - origins:
            origins.add(origin)
            waiting += after[origin] - together
            together |= after[origin]
    return origins, together


def _change(origins: set[int], together: set[int]) -> Change:
    if not origins:
        return Change.NEW
    if len(origins) > 1:
        return Change.MERGED
    return Change.SPLIT if len(together) > 1 else Change.SAME


def _in_order(keys: Iterable[int], by_pk: Mapping[int, Question]) -> tuple[Question, ...]:
    return tuple(sorted((by_pk[key] for key in keys), key=lambda question: question.order))


def pairs_of(succession: Succession) -> Pairs:
    """Return the pairs of a succession."""
    return set(succession.pairs.values_list("earlier", "later"))


@transaction.atomic
def put_succession(*, by: User, earlier: Tool, later: Tool, pairs: Pairs, confirm: bool) -> Succession:
    """Store the pairs of two versions in place of earlier ones; `confirm`: they count from now on.

    Pairs that are stored without being confirmed are a draft: what counted until then counts no longer.
    Raises `PermissionDenied`.
    """
    if not may_import_for(by, later.programme_id):
        raise PermissionDenied(_("Only the country's staff can confirm how its questions changed."))
    succession, _made = Succession.objects.select_for_update().get_or_create(earlier=earlier, later=later)
    succession.reviewed_at = timezone.now() if confirm else None
    succession.reviewed_by = by if confirm else None
    succession.save()
    SuccessorQuestion.objects.filter(succession=succession).delete()
    SuccessorQuestion.objects.bulk_create(
        SuccessorQuestion(succession=succession, earlier_id=before, later_id=after) for before, after in sorted(pairs)
    )
    record(
        AssessmentEvent.SUCCESSION_CONFIRMED if confirm else AssessmentEvent.SUCCESSION_DRAFTED,
        by=by,
        programme_id=later.programme_id,
        subject=later.pk,
        earlier=earlier.pk,
        pairs=len(pairs),
    )
    return succession


def origins_of(later: int, earlier: int) -> dict[int, set[int]]:
    """Return the questions of an earlier version that each question of a later one comes from, by key.

    Within one version each question comes from itself. Over several versions the confirmed successions are followed;
    where they do not lead from one to the other, nothing is comparable.
    """
    if later == earlier:
        return {pk: {pk} for pk in Question.objects.filter(tool=later).values_list("pk", flat=True)}
    path = _path(later, earlier)
    found: dict[int, set[int]] = {}
    for number, succession in enumerate(path):
        step = defaultdict[int, set[int]](set)
        pairs = SuccessorQuestion.objects.filter(succession=succession)
        for before, after in pairs.values_list("earlier", "later"):
            step[after].add(before)
        found = dict(step) if number == 0 else _followed(found, step)
    return found


def _followed(found: Mapping[int, set[int]], step: Mapping[int, set[int]]) -> dict[int, set[int]]:
    followed = ((key, {origin for pk in keys for origin in step.get(pk, ())}) for key, keys in found.items())
    return {key: origins for key, origins in followed if origins}


def _path(later: int, earlier: int) -> list[int]:
    """Return the confirmed successions that lead from a later version back to an earlier one; none if none do."""
    links = defaultdict[int, list[tuple[int, int]]](list)
    confirmed = Succession.objects.exclude(reviewed_at=None)
    for pk, to, since in confirmed.order_by("pk").values_list("pk", "earlier", "later"):
        links[since].append((pk, to))
    paths, seen = [(later, list[int]())], {later}
    for tool, path in paths:
        if tool == earlier:
            return path
        for pk, to in links[tool]:
            if to not in seen:
                seen.add(to)
                paths.append((to, [*path, pk]))
    return []
