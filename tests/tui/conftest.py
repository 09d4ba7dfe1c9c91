import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual._styles_cache import StylesCache

from tests.tui.console import Terminal, kill_all, make_folder
from tests.tui.story import NOW


@pytest.fixture(autouse=True)
def _at_a_fixed_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("tui.showing_app.time.time", lambda: NOW)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def _rows_are_forgotten() -> Iterator[None]:
    """Textual keeps what a thousand widgets have drawn, those of screens that are gone, too.

    The search for garbage goes through all of it again and again, which takes longer than many a test.
    """
    yield
    StylesCache.get_inner_outer.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder to work in, with pictures and the configuration of a run too long to end by itself.

    Its model is one that only forks have.
    """
    yield make_folder(tmp_path, 50_000, "test/plain")
    kill_all(tmp_path)


@pytest.fixture
def run(folder: Path) -> Iterator[Callable[..., Terminal]]:
    """Start the program in the folder."""
    terminals: list[Terminal] = []

    def start(*args: str, **how: Any) -> Terminal:
        terminals.append(Terminal(*args, cwd=folder, **how))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()
