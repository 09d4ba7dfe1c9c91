"""What importing a part of the program loads, each seen from a fresh interpreter."""

import subprocess
import sys
from pathlib import Path

import pytest

import tui

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


def loaded_by(*modules: str) -> set[str]:
    """Top-level names of all modules that a fresh interpreter holds after importing these."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, *modules], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
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
        ("engine.cli.look", "engine.data.folder", "engine.data.archive", "engine.data.demo", "engine.demo"),
    ],
    ids=["engine", "what a screen needs of the engine", "what finds a run's pictures"],
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


def test_the_whole_engine_loads_no_screen() -> None:
    import engine

    root = Path(engine.__file__).parent
    modules = [
        ".".join(("engine", *file.relative_to(root).with_suffix("").parts)).removesuffix(".__init__")
        for file in root.rglob("*.py")
        if file.name != "__main__.py"
    ]
    loaded = loaded_by(*modules)
    assert "torch" in loaded
    assert not loaded & {"textual", "plotext", "tui"}


def test_run_is_there_for_python_and_loads_torch_at_the_first_touch() -> None:
    program = (
        "import sys, engine; assert 'torch' not in sys.modules; engine.Run; assert 'torch' in sys.modules;"
        "assert engine.__all__ == ['Run', 'load_config'] and callable(engine.load_config)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
