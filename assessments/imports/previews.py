"""The preview of an import, as JSON on its batch stores it."""

from typing import NotRequired, TypedDict

from assessments.imports.notes import StoredNote


class NewFactory(TypedDict):
    """A factory that would be created."""

    bw_id: str
    name: str
    country: str
    is_obsolete: bool
    cycle: int


class NewTool(TypedDict):
    """A questionnaire that would be created, with the numbers of its parts."""

    name: str
    country: str
    clusters: int
    points: int
    questions: int
    nc_questions: int


class ListedVisit(TypedDict):
    """An assessment that the preview names."""

    kind: str
    factory: str
    name: str
    quest_id: str
    cycle: int
    start: str
    questionnaire: str
    questions: int
    nc: int


class OtherType(TypedDict):
    """A question type of a country's rows that counts as NC if the person confirms it."""

    country: str
    word: str
    rows: int


class Promise(TypedDict):
    """What would be created and changed, by name, which the import must match."""

    programmes: list[str]
    factories: list[NewFactory]
    tools: list[NewTool]
    new: int
    changed: list[str]
    unchanged: int
    obsolete: list[str]


class Preview(Promise):
    """What the page and the command say about a table that can be imported."""

    read: int
    assessments: int
    answers: int
    empty: int
    duplicates: int
    creates: bool
    nothing: bool
    first_day: str
    last_day: str
    listed: NotRequired[list[ListedVisit]]
    notes: NotRequired[list[StoredNote | str]]
    ignored: NotRequired[list[str]]
    nearly: NotRequired[list[tuple[str, str]]]
    sheets: NotRequired[list[str]]
    types: NotRequired[list[OtherType]]
    unplaced: NotRequired[int]
