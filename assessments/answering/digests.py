"""The digest of an assessment's answers: written into the event of its publication, and compared with it ever after.

PostgreSQL computes it from the stored rows, by the same expression for one assessment and for all of them.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

# The answers of one assessment, in the order of the questions' keys, each as an array of JSON, so that no two lists
# give the same text. Tags are only in it where an answer has its own: digests of earlier publications stay valid.
DIGEST = """encode(sha256(convert_to(string_agg(
    (jsonb_build_array(question_id, finding, provenance, value, note)
        || CASE WHEN tags IS NULL THEN '[]' ELSE jsonb_build_array(tags) END)::text, E'\\n' ORDER BY question_id
), 'UTF8')), 'hex')"""


def answer_digests(assessments: Iterable[UUID]) -> dict[UUID, str]:
    """Return the digest (64 hexadecimal digits) of the answers of each assessment that has any, by its key."""
    statement = f"""
        SELECT assessment_id, {DIGEST} FROM assessments_answer
        WHERE assessment_id = ANY(%s) GROUP BY assessment_id
    """  # noqa: S608 - a constant of this module
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(assessments)])
        return dict(cursor.fetchall())
