"""A screen on which nothing happens: a line that is paid for by the byte stays quiet."""

import os
import select
import time
from pathlib import Path

from tests.tui.console import rows_of

LISTENED, DEADLINE = 4.0, 120.0  # seconds; the plots, which are drawn last and most rarely, are drawn every 2 s
STATUS_ROW, AGE = 1, 80  # and bytes: of the checkpoint's age, in place, a few times


def test_in_a_pause_only_the_age_of_the_newest_checkpoint_is_sent(run, folder: Path):
    terminal = run("small.yaml")
    terminal.wait_for("8 system")
    terminal.wait_for("TRAINING")
    terminal.press("8")  # the use of the machine is shown as it changes, and here other programs change it
    terminal.press("p")
    terminal.wait_for("PAUSED")
    terminal.press("s")  # so that the age is as young, and changes as often, as it ever does
    terminal.wait_for("saved")
    sent = listen_until_quiet(terminal.screen)
    assert len(sent) < AGE, f"the age alone took {len(sent)} bytes: {sent!r}"


def listen(screen: int, seconds: float) -> bytes:
    """What is sent within so many seconds."""
    sent, end = b"", time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([screen], [], [], left)[0]:
            sent += os.read(screen, 1 << 16)
    return sent


def listen_until_quiet(screen: int) -> bytes:
    """Until nothing comes for a while but what stands in the first row; what was sent in that while."""
    end = time.monotonic() + DEADLINE
    while rows_of(sent := listen(screen, LISTENED)).keys() - {STATUS_ROW}:
        assert time.monotonic() < end, f"the pause was never quiet, last with {rows_of(sent)}"
    return sent
