"""The program without arguments, in a real terminal: the start screen, and what it goes on as."""

import io
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.service.launch import Launch
from tests.tui.console import Terminal, kill_all, make_folder, until
from tui.cli import main

LEFT = b"\x1b[?1049l"


def working_in(folder: Path) -> list[str]:
    """Command lines of the processes that work in a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder):
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """With a configuration for fresh interpreters, which is what looks at it and trains it."""
    yield make_folder(tmp_path)
    kill_all(tmp_path)


def begun(run) -> Terminal:
    terminal = run()
    terminal.wait_for("What do you want to train on?")
    terminal.wait_for("finetune-tui --demo")
    return terminal


def before_a_run(run) -> Terminal:
    terminal = begun(run)
    terminal.press("\x1b[B\x1b[B\r")
    terminal.wait_for("Which YAML file?")
    terminal.wait_for("small.yaml")
    terminal.press("\x1b[B\r")
    terminal.wait_for("shufflenet_v2_x0_5")
    return terminal


def test_a_configuration_is_chosen_looked_at_and_trained(run, folder: Path):
    terminal = before_a_run(run)
    terminal.wait_for("2 classes, 16 pictures for training, 16 for test")
    terminal.wait_for("for 5,000 epochs")
    terminal.press("\r")
    terminal.wait_for("LOADING")
    terminal.wait_for("TRAINING")
    assert not any("look" in command for command in working_in(folder))
    terminal.press("q")
    terminal.wait_for("save and quit")
    terminal.press("\r")
    assert terminal.end() == (0, "")
    assert b"finetune-tui --resume" in terminal.seen
    assert (folder / "runs" / "small-1" / "scratch" / "last.pt").is_file()


def test_enter_begins_the_demo(run, folder: Path):
    terminal = begun(run)
    terminal.press("\r")
    terminal.wait_for("LOADING")
    assert not any("look" in command for command in working_in(folder))
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.end() == (128 + signal.SIGTERM, "")


def test_a_run_that_fails_before_its_first_step_comes_back_to_its_form(run, folder: Path):
    config = folder / "small.yaml"
    (folder / "bad.pth").write_bytes(b"no tensors")
    config.write_text(config.read_text().replace("init: scratch", "init: pretrained"))
    terminal = begun(run)
    terminal.press("\x1b[B\x1b[B\r")
    terminal.wait_for("small.yaml")
    terminal.press("\x1b[B\r")
    terminal.wait_for("shufflenet_v2_x0_5")
    terminal.press("\x1b[B\x15bad.pth\r")
    terminal.wait_for("LOADING")
    terminal.wait_for("It did not start. Weights refused")
    terminal.wait_for("bad.pth")
    terminal.press("\x03")
    assert terminal.end() == (0, "")


@pytest.mark.parametrize("key", ["q", "\x1b", "\x03"])
def test_a_key_leaves_without_a_trace(run, folder: Path, key: str):
    before = sorted(folder.iterdir())
    terminal = begun(run)
    terminal.press(key)
    assert terminal.end() == (0, "")
    assert LEFT in terminal.seen and terminal.seen.split(LEFT)[-1].find(b"finetune") == -1
    assert sorted(folder.iterdir()) == before and working_in(folder) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_its_look_at_once(run, folder: Path, number: int):
    terminal = before_a_run(run)
    until(lambda: any("look" in command for command in working_in(folder)), "the look")
    terminal.process.send_signal(number)
    assert terminal.end() == (128 + number, "")
    assert LEFT in terminal.seen and working_in(folder) == []


def test_a_terminal_that_goes_away_ends_it_and_its_look(run, folder: Path):
    terminal = before_a_run(run)
    until(lambda: any("look" in command for command in working_in(folder)), "the look")
    terminal.hang_up()
    assert terminal.process.wait(60) == 128 + signal.SIGHUP
    until(lambda: working_in(folder) == [], "the end of the look")


def test_a_signal_while_it_is_being_drawn_is_no_page_of_text(run):
    terminal = run()
    time.sleep(0.3)
    terminal.process.send_signal(signal.SIGTERM)
    status, errors = terminal.end()
    assert status in (128 + signal.SIGTERM, -signal.SIGTERM) and errors == ""


def test_without_a_terminal_no_arguments_are_the_demo(monkeypatch: pytest.MonkeyPatch):
    trained: list[Launch] = []
    monkeypatch.setattr("engine.cli.headless.train", lambda launch, json_lines: trained.append(launch) or 0)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert main([]) == 0
    assert [launch.config.data.source for launch in trained] == ["demo"]
