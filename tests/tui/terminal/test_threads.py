"""A screen that has too few threads is not begun."""

import threading

import pytest

from engine.errors import EngineError
from tui.terminal.threads import NEEDED, need_threads


@pytest.mark.parametrize("allowed", [0, NEEDED - 1, NEEDED])
def test_it_is_said_before_the_screen_is_shown(allowed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    start, started = threading.Thread.start, list[threading.Thread]()

    def limited(thread: threading.Thread) -> None:
        if len(started) == allowed:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    if allowed == NEEDED:
        need_threads()
    else:
        with pytest.raises(EngineError, match="the screen needs 6, the system allows fewer"):
            need_threads()
    assert not any(thread.is_alive() for thread in started)
