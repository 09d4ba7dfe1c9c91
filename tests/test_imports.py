"""What importing a part of the program loads, each seen from a fresh interpreter, and who imports whom."""

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import tui
from engine.sinks.trackers import TRACKERS
from tests.paths import ROOT

TUI_MODULES = sorted(
    ".".join(("tui", *file.relative_to(Path(tui.__file__).parent).with_suffix("").parts)).removesuffix(".__init__")
    for file in Path(tui.__file__).parent.rglob("*.py")
)

PROGRAM = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def loaded_by(*modules: str, first: str = "") -> set[str]:
    """Top-level names of all modules that a fresh interpreter holds after importing these; `first` is run before."""
    command = [sys.executable, "-c", first + PROGRAM, *modules]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "modules",
    [
        ("engine",),
        (
            "engine.service.launch",
            "engine.service.session",
            "engine.storage.journal",
            "engine.hardware.telemetry",
            "engine.config",
            "engine.protocol",
        ),
        ("engine.cli.follow", "engine.sinks.follow"),
        ("engine.cli.preview", "engine.data.folder", "engine.data.archive", "engine.data.demo", "engine.demo"),
    ],
    ids=["engine", "what a screen needs of the engine", "what sends a run to a tracker", "what finds a run's pictures"],
)
def test_neither_torch_nor_a_screen_is_loaded_by(modules: tuple[str, ...]) -> None:
    loaded = loaded_by(*modules)
    assert "engine" in loaded
    assert not loaded & {"torch", "torchvision", "textual", "plotext", "tui"}


def test_no_module_of_the_screen_loads_torch() -> None:
    assert len(TUI_MODULES) > 1
    loaded = loaded_by(*TUI_MODULES)
    assert {"tui", "engine"} <= loaded
    assert not loaded & {"torch", "torchvision"}


def test_run_is_there_for_python_and_loads_torch_at_the_first_touch_and_the_whole_engine_no_screen() -> None:
    import engine

    first = (
        "import sys, engine; assert 'torch' not in sys.modules; engine.Run; assert 'torch' in sys.modules;"
        "assert engine.__all__ == ['Classifier', 'Run', 'load_config'] and callable(engine.load_config)"
    )
    root = Path(engine.__file__).parent
    modules = [
        ".".join(("engine", *file.relative_to(root).with_suffix("").parts)).removesuffix(".__init__")
        for file in root.rglob("*.py")
        if file.name != "__main__.py"
    ]
    extras = {row.module for row in TRACKERS.values()}  # their libraries may not be installed
    modules = [name for name in modules if name not in extras]
    loaded = loaded_by(*modules, first=first)
    assert "torch" in loaded
    assert not loaded & {"textual", "plotext", "tui"}


# --- circles --------------------------------------------------------------------------------------------


def modules(root: Path, *packages: str) -> dict[str, Path]:
    """The files of packages below `root`, by the names of their modules."""
    files = [file for package in packages for file in (root / package).rglob("*.py")]
    return {".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


def imported(file: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """The known modules that a file names in an import, wherever it stands: in a function, for type checkers only."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None and not node.level, f"{file} has a relative import"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield from ({name if name in known else node.module} & known.keys())


def circle(known: Mapping[str, Path]) -> list[str]:
    """Modules of which each imports the next one and the first is the last; empty where there are none."""
    try:
        TopologicalSorter({name: {*imported(file, known)} for name, file in known.items()}).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def test_no_imports_go_in_a_circle_not_even_those_for_type_checkers():
    known = modules(ROOT, "engine", "tui")
    assert {"engine", "engine.protocol", "tui.app"} <= known.keys()
    assert circle(known) == []


@pytest.mark.parametrize(
    "back",
    [
        "import house.hall",
        "from house import hall",
        "from house.hall import DOOR",
        "if TYPE_CHECKING:\n    from house.hall import DOOR",
        "def late():\n    from house.hall import DOOR",
    ],
)
def test_a_circle_is_found_however_it_is_imported(tmp_path: Path, back: str):
    house = tmp_path / "house"
    house.mkdir()
    for name, text in {"__init__": "", "hall": "from house.rooms import ROOM", "rooms": back}.items():
        (house / f"{name}.py").write_text(text)
    assert sorted(set(circle(modules(tmp_path, "house")))) == ["house.hall", "house.rooms"]
    (house / "rooms.py").write_text("ROOM = 1")
    assert circle(modules(tmp_path, "house")) == []
