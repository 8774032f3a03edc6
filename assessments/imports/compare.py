"""Queries of the staged rows, answered in the database: a million of them are never loaded into Python."""

from collections import Counter, defaultdict
from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Q

from assessments.imports.facts import Visit
from assessments.imports.models import ImportRow
from assessments.models import Assessment

MOST_CONFLICTS = 1_000


class Conflict(NamedTuple):
    """Two rows about one question of one assessment that differ in `what`: finding, tags, evidence or source."""

    visit: int
    question: int
    first: int
    row: int
    what: str
    said: str
    says: str


def conflicts(batch_id: UUID) -> tuple[list[Conflict], int]:
    """Return where two rows contradict each other: the first `MOST_CONFLICTS` rows, and how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH twice AS (
                SELECT visit, question, min(row) AS first
                FROM assessments_importrow WHERE batch_id = %(batch)s
                GROUP BY visit, question
                HAVING count(*) > 1 AND (min(finding) <> max(finding) OR min(value) <> max(value)
                    OR min(tags) <> max(tags) OR min(note) <> max(note) OR min(source) <> max(source))
            ),
            told AS (
                SELECT t.visit, t.question, t.first, r.row,
                    CASE r.finding WHEN 'info' THEN r.value WHEN '' THEN '' WHEN 'compliant' THEN '0' ELSE '1' END
                        AS finding,
                    r.finding || r.value AS exact, coalesce(array_to_string(g.tags, ';'), '') AS tags,
                    coalesce(r.note, '') AS note, r.source
                FROM twice t
                JOIN assessments_importrow r
                    ON r.batch_id = %(batch)s AND r.visit = t.visit AND r.question = t.question
                LEFT JOIN assessments_importtags g ON g.batch_id = %(batch)s AND g.number = r.tags
            )
            SELECT r.visit, r.question, r.first, r.row, one.*, count(*) OVER ()
            FROM told r
            JOIN told f ON f.visit = r.visit AND f.question = r.question AND f.row = r.first
            CROSS JOIN LATERAL (
                SELECT * FROM (VALUES
                    ('finding', f.finding, r.finding, f.exact <> r.exact),
                    ('tags', f.tags, r.tags, f.tags <> r.tags),
                    ('evidence', f.note, r.note, f.note <> r.note),
                    ('source', f.source, r.source, f.source <> r.source)
                ) AS facts (what, said, says, is_other)
                WHERE is_other LIMIT 1
            ) one
            ORDER BY r.row LIMIT %(most)s
            """,
            {"batch": batch_id, "most": MOST_CONFLICTS},
        )
        rows = cursor.fetchall()
    return [Conflict(*row[:7]) for row in rows], rows[0][8] if rows else 0


def count_tags(batch_id: UUID, questions: Collection[int]) -> dict[int, dict[int, int]]:
    """Return in how many assessments each of these questions has which tags."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    if questions:
        rows = ImportRow.objects.filter(batch_id=batch_id, question__in=questions).order_by()
        counted = rows.values_list("question", "tags").annotate(visits=Count("visit", distinct=True))
        for question, tags, visits in counted:
            found[question][tags] = visits
    return found


def count_staged(batch_id: UUID, visits: Collection[int]) -> int:
    """Return how many rows of the table belong to these visits, as far as they could be read."""
    return ImportRow.objects.filter(batch_id=batch_id, visit__in=visits).count()


def count_findings(batch_id: UUID, visits: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return (questions, non-compliant ones) of each of these visits."""
    refused = Count("question", distinct=True, filter=Q(finding__startswith="nc"))
    rows = ImportRow.objects.filter(batch_id=batch_id, visit__in=visits).order_by().values("visit")
    told = rows.annotate(asked=Count("question", distinct=True), nc=refused)
    return {visit: (asked, nc) for visit, asked, nc in told.values_list("visit", "asked", "nc")}


def count_rows(batch_id: UUID) -> Counter[str]:
    """Return how many rows are staged, how many repeat another, how many answers and empty findings they make.

    `unplaced` is how many empty findings have evidence, which no answer can hold.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(sum(n), 0), coalesce(sum(n - 1), 0), count(*) FILTER (WHERE finding <> ''),
                count(*) FILTER (WHERE finding = ''), count(*) FILTER (WHERE finding = '' AND has_note)
            FROM (
                SELECT count(*) AS n, min(finding) AS finding, bool_or(note <> '') AS has_note
                FROM assessments_importrow
                WHERE batch_id = %s GROUP BY visit, question
            ) told
            """,
            [batch_id],
        )
        rows, duplicates, answers, empty, unplaced = cursor.fetchone()
    counts = {"rows": int(rows), "duplicates": int(duplicates), "answers": answers, "empty": empty}
    return Counter({**counts, "unplaced": unplaced})


SAME_ANSWERS = """
    WITH pair AS (SELECT * FROM unnest(%s::int[], %s::uuid[]) AS p (visit, assessment)),
    asked AS (SELECT * FROM unnest(%s::int[], %s::bigint[]) AS a (question, question_id)),
    told AS (
        SELECT DISTINCT r.visit, a.question_id, r.finding, r.value, g.tags, r.note, r.source
        FROM assessments_importrow r JOIN asked a USING (question)
        LEFT JOIN assessments_importtags g ON g.batch_id = r.batch_id AND g.number = r.tags
        WHERE r.batch_id = %s AND r.finding <> '' AND r.visit IN (SELECT visit FROM pair)
    ),
    here AS (
        SELECT p.visit, p.assessment, a.question_id, a.finding, a.value, coalesce(a.tags, q.tags) AS tags,
            a.note, a.provenance
        FROM pair p JOIN assessments_answer a ON a.assessment_id = p.assessment
        JOIN assessments_question q ON q.id = a.question_id
        WHERE a.finding IN ('nc', 'compliant', 'nc_national_law') OR (a.finding = 'info' AND a.value <> '')
    ),
    told_count AS (SELECT visit, count(*) AS n FROM told GROUP BY visit),
    here_count AS (SELECT visit, assessment, count(*) AS n FROM here GROUP BY visit, assessment),
    matched AS (
        SELECT h.visit, h.assessment, count(*) AS n,
            count(*) FILTER (WHERE t.tags IS NULL OR (t.tags @> h.tags AND t.tags <@ h.tags)) AS with_tags
        FROM here h JOIN told t
            ON t.visit = h.visit AND t.question_id = h.question_id AND t.finding = h.finding
            AND (t.value = h.value OR h.finding <> 'info')
            AND (t.note IS NULL OR t.note = h.note) AND (t.source = '' OR t.source = h.provenance)
        GROUP BY h.visit, h.assessment
    )
    SELECT p.visit, p.assessment, coalesce(m.with_tags, 0) = coalesce(t.n, 0) FROM pair p
    LEFT JOIN told_count t USING (visit)
    LEFT JOIN here_count h USING (visit, assessment)
    LEFT JOIN matched m USING (visit, assessment)
    WHERE coalesce(t.n, 0) = coalesce(h.n, 0) AND coalesce(m.n, 0) = coalesce(t.n, 0)
"""


def same_answers(
    batch_id: UUID, visits: list[Visit], stored: dict[str, list[Assessment]], questions: dict[int, int]
) -> dict[tuple[int, UUID], bool]:
    """Return the (visit, assessment) pairs with the same answers, as far as the table can express them.

    The value says whether the tags are the same, too. They are those of the answer, or of its question; a table without
    that column has the same ones.
    The table has no word for "not applicable" and "not assessed": an empty finding stands for them.
    """
    pairs = [(v.number, a.pk) for v in visits for a in stored.get(v.quest_id, ())]
    if not pairs:
        return {}
    with transaction.atomic(), connection.cursor() as cursor:
        # Staged rows have no statistics: a query plan made for a few of them would take a million one by one.
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(
            SAME_ANSWERS,
            [
                [number for number, _pk in pairs],
                [pk for _number, pk in pairs],
                list(questions),
                list(questions.values()),
                batch_id,
            ],
        )
        same = {(visit, pk): has_same_tags for visit, pk, has_same_tags in cursor.fetchall()}
        cursor.execute("SET LOCAL enable_nestloop = on")
        return same
