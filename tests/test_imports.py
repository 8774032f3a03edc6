"""No import runs in a circle, wherever it is written, and no model is looked up by its name to avoid one."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.test_architecture import ROOT, SOURCES

Graph = dict[str, set[str]]


def name_of(path: Path) -> str:
    """The dotted name of a module."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(source: str, modules: set[str]) -> set[str]:
    """Which of the modules a source imports: at its top, inside functions, and for types alone."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{one.name}" for one in node.names}
            found |= inner & modules or {node.module}
    return found & modules


def graph_of(sources: dict[str, str]) -> Graph:
    """Each module with what it imports, itself left out."""
    return {name: imported(source, set(sources)) - {name} for name, source in sources.items()}


def circle_in(graph: Graph) -> list[str]:
    """The modules of one circle, or nothing."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_import_runs_in_a_circle() -> None:
    assert circle_in(graph_of({name_of(path): path.read_text() for path in SOURCES})) == []


@pytest.mark.parametrize(
    "source",
    [
        "from house import roof",
        "import house.roof",
        "def later():\n    from house.roof import tile",
        "if TYPE_CHECKING:\n    from house.roof import Tile",
    ],
)
def test_a_circle_is_found_wherever_the_import_is_written(source: str) -> None:
    sources = {"house": "", "house.roof": "from house.wall import brick", "house.wall": source}
    assert set(circle_in(graph_of(sources))) == {"house.roof", "house.wall"}


def test_no_model_is_looked_up_by_its_name() -> None:
    assert [path for path in SOURCES if "apps.get_model(" in path.read_text()] == []
