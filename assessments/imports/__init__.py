"""The programme's long table, in: from an uploaded file to assessments, all of it or nothing.

Three steps, each a job or a click, with the truth in the database between them:

1. **Check** (job). The file is read once, row by row (`reading`). What repeats in every row is written once: an
   assessment's facts (`ImportVisit`), a question's (`ImportQuestion`); the rows themselves (`ImportRow`, a million
   is normal) hold two numbers and the finding, and go in through COPY. `checks` then compares with what is here.
2. **Preview** (page). Errors by row and column, or counts, and by name whatever the table knows and the portal does
   not. Unknown factories, questionnaires and countries are made only if the person ticks "create what this table
   names" under that list.
3. **Apply** (job, `applying`). One transaction: locks, the same checks once more, rows to assessments in internal
   review and answers. If what would be created differs from the preview, nothing is done.

What the table means
- `Quest.ID` is an assessment, and a `Question.ID` occurs once in it. Exact duplicates are counted and dropped; the
  same question with two findings is an error.
- `Finding` of an NC question is 1, 0 or empty; empty means not answered, which is no answer and not compliant (R22).
  An FGW question's finding is any text; empty means not answered.
- "(Obsolete)" in a factory's name marks the factory, and is taken off the name.
- Importing again what was imported changes nothing. Another content updates an assessment that was not sent to the
  factory yet; after that a correction is the way.
- A report copy, a self-assessment or another verifier's file is refused (R17), and so is Sri Lanka (R48).
- A questionnaire made from a table has no SLCP Steps, and no brand reads Step 1 data of it. Only if the person
  decides so, its NC questions become Step 1; once in use a questionnaire cannot change.
"""
