"""Answer sheets: the engine of every form that is filled in from a questionnaire, on any device and by several people.

An assessment, a self-diagnosis, a self-assessment are kinds of sheets; the engine knows none of them (`kinds`). A sheet
has an entry for each question with its value, note and day of evidence. What changes an entry is a mutation: one field
of one answer, with a number that the device gave it and the revision on which it was based. A mutation is applied
once however often it is sent; where the field was changed by somebody else since, it is kept as a conflict beside what
the sheet has, until a person decides. Mutations are the history of a sheet and are never changed.
"""
