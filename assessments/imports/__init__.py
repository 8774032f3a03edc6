"""The import of the programme's long table: from an uploaded file to assessments, all of it or nothing.

Three steps, each a job or a click, with the state stored in the database between them:

1. **Check** (job). The file is read once, row by row (`reading`). What repeats in every row is written once: an
   assessment's facts (`ImportVisit`), a question's (`ImportQuestion`); the rows themselves (`ImportRow`, a million
   is normal) hold two numbers and the finding, and are written through COPY. `checks` then compares with the database.
2. **Preview** (page). Errors by row and column; or counts, and the names of everything in the table that the portal
   does not know. Unknown factories, questionnaires and countries are created only if the person ticks "create what
   this table names" under that list.
3. **Apply** (job, `applying`). One transaction: locks, the same checks once more, rows to assessments in internal
   review and answers. If what would be created differs from the preview, nothing is done.

The meaning of the table
- `Quest.ID` identifies an assessment, and a `Question.ID` occurs once in it. Exact duplicates are counted and dropped;
  the same question with two findings is an error.
- `Finding` of an NC question is 1, 0 or empty; empty means not answered, which is no answer and not compliant (R22).
  An FGW question's finding is any text; empty means not answered.
- Question types besides NC and FGW (such as NCQ) count as NC after one confirmation, which is remembered for the
  country (`counted_types`); the preview asks with the exact number of rows.
- Tags may differ by row. A question has those that it has in most assessments; a finding whose tags differ from its
  question's keeps its own (`Answer.tags`). The tag "National Law" belongs to the finding.
- Optional columns: `Evidence` (the note of an answer), `End Date`, `Mode` (on site or virtual), and `Source`: how one
  question was assessed, if not in the assessment's mode. A column that the table lacks changes nothing; an empty cell
  of `Evidence` removes the note. A factory's own answer is no source (R13).
- "(Obsolete)" in a factory's name marks the factory as obsolete, and is removed from the name; the
  staff's export writes it after the name again.
- Importing the same table again changes nothing. Different content updates an assessment that was not yet sent to the
  factory; after that a correction is needed.
- A report copy, a self-assessment or another verifier's file is refused (R17), and so are rows of Sri Lanka (R48).
- A questionnaire made from a table has no SLCP Steps, and no brand reads Step 1 data of it. Only if the person
  decides so, its NC questions become Step 1; once in use a questionnaire cannot change.
"""
