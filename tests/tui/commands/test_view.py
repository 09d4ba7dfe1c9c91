"""A run that is over is looked at again: all of it shows, nothing steers it, and what cannot be shown is a sentence."""

from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from engine import protocol as p
from engine.errors import UserError
from engine.service.program import command
from engine.service.remote.server import Server
from engine.service.remote.watchers import Watchers
from engine.service.session import ReplaySession
from engine.service.status import status_of
from engine.storage.lock import RunLock
from tests import programs
from tests.engine.storage.hosts import left_by, stand_still
from tests.tui.journals import begun, write_run
from tests.tui.story import Screen, started, trained
from tui.app import Dashboard
from tui.commands.view import what_became
from tui.keys import KEYS

TRAINED = [begun("x-1"), started(), *trained("pretrained", 1, 14)]
FINISHED = [
    *(begun("x-1"), started(), *trained("pretrained", 1, 30), p.ArmFinished("pretrained", 30, 0.96, 0.96, 9.0)),
    p.RunFinished("pretrained", 30, True, 0.96, 0.96, "x-1/pretrained/last.pt", "aa", 9.0),
]
STOPPED = [*TRAINED, p.RunFinished("pretrained", 14, False, 0.94, 0.94, "x-1/pretrained/last.pt", "aa", 9.0)]
FAILED = [*TRAINED, p.RunFailed("Out of memory", "a batch of 64 does not fit the GPU")]


class Viewed(Screen):
    """The dashboard of a run that is over."""

    def __init__(self, folder: Path) -> None:
        over = what_became(status_of(folder), folder)
        self.app = Dashboard(lambda: ReplaySession(folder), access="view", over=over)

    async def read(self, pilot) -> str:
        """What it shows when the journal is read."""
        self.app.session._reading.join(60)
        await self.draw(pilot)
        await self.draw(pilot)  # what was told may have changed the sizes
        return self.text()

    async def draw(self, pilot) -> None:
        self.app.tick()
        self.app.draw(plots=True)
        await pilot.pause()

    async def feed(self, pilot, *events: p.Event) -> None:
        """It has no engine that could say something."""


@pytest.mark.parametrize(
    ("events", "word", "sentence", "epochs"),
    [
        (FINISHED, "ENDED", "this run is over: finished at step 30", [1, 2, 3]),
        (STOPPED, "ENDED", "this run is over: stopped at step 14", [1]),
        (FAILED, "FAILED", "this run is over: failed at step 14", [1]),
        (TRAINED, "ENDED", "killed at step 14; go on with ", [1]),
        ([*TRAINED, p.Paused("pretrained", 14)], "ENDED", "killed at step 14", [1]),
    ],
    ids=["finished", "stopped", "failed", "killed", "killed in a pause"],
)
async def test_it_shows_how_the_run_ended_and_all_its_epochs(tmp_path: Path, events, word, sentence, epochs):
    screen = Viewed(write_run(tmp_path / "x-1", *events))
    async with screen.shown((120, 36)) as pilot:
        text = await screen.read(pilot)
        assert word in text.splitlines()[0] and "x-1" in text.splitlines()[0]
        assert sentence in " ".join(text.split()) and "not recorded for a run that is over" in text
        assert [row.epoch for row in screen.app.state.view.curves.history] == epochs


async def test_no_key_steers_it_and_each_that_would_says_why(tmp_path: Path):
    screen = Viewed(write_run(tmp_path / "x-1", *FINISHED))
    async with screen.shown() as pilot:
        await screen.read(pilot)
        for key in (key for key in KEYS if key.steers):
            screen.app.state.note = screen.app.state.log[-1]
            await pilot.press(key.keys[0])
            assert screen.app.state.note.text == f"{key.label}: not now, this run is over, it is only looked at"
            assert len(screen.app.screen_stack) == 1


async def test_the_last_line_has_the_keys_alone_that_do_something(tmp_path: Path):
    screen = Viewed(write_run(tmp_path / "x-1", *FINISHED))
    async with screen.shown((200, 50)) as pilot:
        await screen.read(pilot)
        last = screen.text().splitlines()[-1]
        assert "? help" in last and "q quit" in last and "zoom" in last and "older runs" in last
        assert not [key.label for key in KEYS if key.steers and key.label in last] and "detach" not in last


@pytest.mark.parametrize("key", ["q", "D", "ctrl+q", "ctrl+c"])
async def test_it_is_left_at_once(tmp_path: Path, key: str):
    screen = Viewed(write_run(tmp_path / "x-1", *TRAINED))
    async with screen.shown() as pilot:
        await screen.read(pilot)
        await pilot.press(key)
        assert screen.app.leaving and not screen.app.detached


# --- what cannot be shown -------------------------------------------------------------------------------


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Path]:
    folder = write_run(tmp_path / "x-1", *TRAINED)
    server = Server(SimpleQueue(), Watchers())
    server.open(folder)
    yield folder
    server.close()


def refusal(folder: Path) -> str:
    with pytest.raises(UserError) as refused:
        what_became(status_of(folder), folder)
    assert refused.value.exit_status == 2 and refused.value.title == "Not shown"
    return refused.value.message


def test_a_live_run_is_attached_to_instead(live: Path):
    assert refusal(live) == f"{live} is not over, it is live; use {command('attach', live)}"


def test_a_run_that_a_process_has_without_a_socket_is_not_over(tmp_path: Path):
    folder = write_run(tmp_path / "x-1", *TRAINED)
    lock = RunLock(folder)
    assert refusal(folder).startswith(f"{folder} is in use by process ")
    lock.close()


def test_a_run_of_another_machine_is_attached_to_there_or_was_last_seen_there(tmp_path: Path, monkeypatch):
    folder = write_run(tmp_path / "x-1", *TRAINED)
    left_by(folder)
    stand_still(monkeypatch, folder, 8.0)
    assert refusal(folder).startswith(f"{folder} is not over, it is training on n12, 8 s ago; use ")
    stand_still(monkeypatch, folder, 3 * 3600.0)
    assert what_became(status_of(folder), folder).startswith("killed at step 14, last seen on n12 3 h ago; go on with ")


def test_a_journal_that_tells_nothing_is_said_to_be_missing_empty_or_damaged(tmp_path: Path):
    folder = write_run(tmp_path / "x-1")
    journal, remedy = folder / "journal.jsonl", f"train it with {command('--resume', folder)}"
    assert refusal(folder) == f"{journal} is empty; {remedy}"
    journal.write_bytes(b"\x00\xff{" * 1000)
    assert refusal(folder) == f"{journal} is damaged: no arm begins in it; {remedy}"
    journal.unlink()
    assert refusal(folder) == f"{journal} is missing; {remedy}"
    journal.mkdir()
    assert refusal(folder) == f"{journal} is not a file; {remedy}"


async def test_of_a_journal_with_damaged_lines_the_others_show(tmp_path: Path):
    folder = write_run(tmp_path / "x-1", *TRAINED)
    lines = (folder / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "journal.jsonl").write_bytes(b"".join([*lines[:5], lines[5][:20] + b"\xff\n", *lines[6:], lines[-1][:9]]))
    screen = Viewed(folder)
    async with screen.shown() as pilot:
        assert "killed at step 14" in await screen.read(pilot)


# --- the real program -----------------------------------------------------------------------------------


def test_the_program_shows_it_by_its_name_and_its_last_line_says_how_to_go_on(run, folder: Path):
    place = write_run(folder / "runs" / "x-1", *STOPPED)
    terminal = run("view", "x-1", "--dir", "runs")
    terminal.wait_for("stopped at step 14")
    terminal.press("q")
    terminal.wait_for("x-1: pretrained did 14 of 30 steps; best 94.0 % (epoch 1): ")
    terminal.wait_for("finetune-tui --resume runs/x-1")
    assert terminal.end() == (0, "")
    assert sorted(path.name for path in place.iterdir()) == ["config.yaml", "journal.jsonl"]


def test_a_run_that_failed_is_looked_at_without_failing_again(run, folder: Path):
    write_run(folder / "runs" / "x-1", *FAILED)
    terminal = run("view", "runs/x-1")
    terminal.wait_for("Out of memory")
    terminal.press("D")
    assert terminal.end() == (0, "")


def test_a_run_that_has_done_all_is_not_said_to_go_on(run, folder: Path):
    write_run(folder / "runs" / "x-1", *FINISHED)
    terminal = run("view", "runs/x-1")
    terminal.wait_for("ENDED")
    terminal.press("q")
    terminal.wait_for("x-1: pretrained did 30 of 30 steps; best 96.0 % (epoch 3): ")
    assert terminal.end() == (0, "") and b"--resume" not in terminal.seen


def test_without_such_a_run_or_a_terminal_it_is_a_sentence(run, folder: Path):
    terminal = run("view", "nothing-7")
    status, errors = terminal.end()
    assert status == 2 and errors.startswith("No such run: nothing-7")
    done = programs.run("tui", "view", "x-1", cwd=folder)
    assert done.returncode == 2 and "there is no terminal" in done.stderr
