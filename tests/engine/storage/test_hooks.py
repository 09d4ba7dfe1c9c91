"""Commands of the configuration are run when something happens, and whatever they do, training goes on."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from engine import protocol as p
from engine.cli import replay
from engine.config import RunConfig, load_config, placeholders
from engine.config.sections import HooksConfig
from engine.errors import ConfigError
from engine.loop.run import Run
from engine.protocol.arms import EVALUATION_LOSS
from engine.steering import schedule_export
from engine.storage import hooks
from engine.storage.hooks import Hooks
from engine.storage.journal import read_journal
from engine.storage.run_folder import load_run_config
from tests.engine.cli.test_signals import PATIENCE, check_nothing_is_left, training
from tests.engine.driving import STEPS, after_step, folder_of, only, play, with_settings

NAMES = placeholders.NAMES
DIVERGED = p.Diverged("scratch", 3, "loss", 1.0, 1)

RECORDER = """
import json, os, sys
told = {name[9:].lower(): value for name, value in os.environ.items() if name.startswith("FINETUNE_")}
with open(__file__ + ".told", "a") as file:
    print(json.dumps([sys.argv[1:], told]), file=file)
"""


class Recorder:
    """A command that keeps what it is given."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "recorder.py"
        self.file.write_text(RECORDER)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(self.file), *arguments]

    @property
    def told(self) -> list[tuple[list[str], dict[str, str]]]:
        """Arguments and environment of each time it was run."""
        kept = Path(f"{self.file}.told")
        return [tuple(json.loads(line)) for line in kept.read_text().splitlines()] if kept.exists() else []  # type: ignore[misc]

    @property
    def events(self) -> list[str]:
        return sorted(environment["event"] for _, environment in self.told)


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path)


@pytest.fixture
def told(small: RunConfig, recorder: Recorder) -> RunConfig:
    """Every hook but that for checkpoints tells the recorder all there is to tell."""
    return hooked(
        small,
        **dict.fromkeys(HooksConfig.model_fields.keys() - {"saved"}, recorder.command(*(f"{{{n}}}" for n in NAMES))),
    )


def hooked(config: RunConfig, **commands: Iterable[str]) -> RunConfig:
    return with_settings(config, **{f"hooks__{name}": command for name, command in commands.items()})


def script(folder: Path, text: str, name: str = "script") -> str:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(file)


def fifo(folder: Path) -> Path:
    path = folder / "fifo"
    os.mkfifo(path)
    return path


def release(pipe: Path) -> None:
    """Let the command go on that reads the pipe, as soon as it does."""
    os.close(os.open(pipe, os.O_WRONLY))


def failures(events: Iterable[p.Event]) -> list[tuple[str, str]]:
    return [(event.hook, event.message) for event in only(events, p.HookFailed)]


# --- what is told, and when -----------------------------------------------------------------------------


def test_when_an_arm_is_done_a_command_is_run_with_what_is_to_be_told(told: RunConfig, recorder: Recorder) -> None:
    events = play(Run(told))
    (arguments, environment) = recorder.told[0]
    best = only(events, p.ArmFinished)[0].best_accuracy
    assert environment == {
        "event": "finished",
        "run": "small-1",
        "path": str(Path(folder_of(events)).resolve()),
        "name": "",
        "arm": "scratch",
        "step": str(STEPS),
        "accuracy": f"{100 * best:.1f} %",
        "message": f"scratch has done all its epochs: accuracy {events[-1].accuracy:.1%}, best {best:.1%}",
    }
    assert arguments == [environment[name] for name in NAMES]
    assert recorder.events == ["finished"] and not failures(events) and events[-1].completed


def test_when_a_run_fails_one_is_run_too(told: RunConfig, recorder: Recorder) -> None:
    events = play(Run(with_settings(told, optim__scratch_lr=100.0, watchdog__not_finite=False)))
    assert isinstance(events[-1], p.RunFailed) and recorder.events == ["failed"]
    environment = recorder.told[0][1]
    assert environment["message"] == f"{events[-1].title}: {events[-1].message}"
    assert (environment["run"], environment["arm"]) == ("small-1", "scratch") and int(environment["step"]) > 0


def test_and_each_time_the_watchdog_goes_back(told: RunConfig, recorder: Recorder) -> None:
    events = play(Run(told), after_step(3, p.SetRate("head", 100.0), p.SetRate("backbone", 100.0)))
    taken_back = [event for event in only(events, p.Diverged) if event.what != EVALUATION_LOSS]
    assert len(taken_back) == 2 and recorder.events == ["diverged", "diverged", "finished"]
    steps = [environment["step"] for _, environment in recorder.told if environment["event"] == "diverged"]
    assert steps == ["4", "4"]
    assert any("step 5 left the weights alone" in environment["message"] for _, environment in recorder.told)


def test_what_is_not_known_yet_is_empty(told: RunConfig, recorder: Recorder, tmp_path: Path) -> None:
    events = play(Run(with_settings(told, data__root=str(tmp_path / "nowhere"))))
    assert isinstance(events[-1], p.RunFailed)
    environment = recorder.told[0][1]
    assert {name for name, value in environment.items() if not value} == {"path", "name", "arm", "step", "accuracy"}
    assert environment["run"] == "small"


def test_and_when_a_signal_of_a_cluster_ends_it(told: RunConfig, recorder: Recorder) -> None:
    play(Run(told), after_step(3, p.Stop(cause="SIGUSR1")))
    environment = recorder.told[0][1]
    assert recorder.events == ["preempted"] and environment["step"] == "3"
    assert environment["message"].startswith("stopped by SIGUSR1 at step 3")


def test_the_end_by_a_signal_does_not_wait_long_for_a_command(
    small: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "PREEMPTED_SECONDS", 0.0)
    pipe = fifo(tmp_path)
    events = play(Run(hooked(small, preempted=["cat", str(pipe)])), after_step(3, p.Stop(cause="SIGTERM")))
    assert failures(events) == [("preempted", "`cat` was waited for no longer")]
    release(pipe)


def test_none_is_run_for_a_stop_by_hand(told: RunConfig, recorder: Recorder) -> None:
    events = play(Run(told), after_step(3, p.Stop()))
    assert isinstance(events[-1], p.RunFinished) and recorder.told == []


def test_none_is_run_again_for_an_arm_that_was_done_before_a_resume(told: RunConfig, recorder: Recorder) -> None:
    events = play(Run(told))
    resumed = play(Run(told, resume=folder_of(events)))
    assert resumed[-1].completed and recorder.events == ["finished"]


def test_an_arm_that_is_done_once_more_is_told_once_more(told: RunConfig, recorder: Recorder) -> None:
    play(Run(told), lambda event: [p.SetEpochs(3)] if isinstance(event, p.ArmFinished) and event.step == STEPS else [])
    assert recorder.events == ["finished", "finished"]


def test_hooks_that_are_new_on_a_resume_take_effect(small: RunConfig, recorder: Recorder) -> None:
    first = play(Run(small), after_step(3, p.Stop()))
    config = hooked(small, finished=recorder.command("{run}"))
    events = play(Run(config, resume=folder_of(first)))
    (changed,) = only(events, p.SettingsChanged)
    assert [(item.key, item.before, item.effect, item.applied) for item in changed.settings] == [
        ("hooks.finished", "[]", "takes effect", True)
    ]
    assert [arguments for arguments, _ in recorder.told] == [["small-1"]]
    assert load_run_config(Path(folder_of(first))).hooks == config.hooks


def test_no_shell_reads_the_arguments(small: RunConfig, recorder: Recorder) -> None:
    literal = ["$HOME; exit 1", "`id` && 'x' | \"y\" > *", "", "a\nb", "--"]
    play(Run(hooked(small, finished=recorder.command(*literal))))
    assert [arguments for arguments, _ in recorder.told] == [literal]


def test_of_several_processes_the_first_one_alone_runs_them(
    told: RunConfig, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    events = play(Run(told))
    assert events[-1].completed and recorder.told == []


def test_a_replay_runs_none(told: RunConfig, recorder: Recorder) -> None:
    events = play(Run(told), after_step(3, p.SetRate("head", 0.01)))
    verdict = replay.play(replay.plan(Path(folder_of(events))), SimpleQueue(), lambda event: None)
    assert verdict is not None and verdict.equal and recorder.events == ["finished"]
    assert load_run_config(verdict.folder).hooks == HooksConfig()


def test_a_session_as_a_configuration_has_them(told: RunConfig, tmp_path: Path) -> None:
    events = play(Run(told), after_step(3, p.SetRate("head", 0.01)))
    file = tmp_path / "good.yaml"
    file.write_text(schedule_export.script(Path(folder_of(events))))
    assert load_config(file).hooks == told.hooks


# --- what goes wrong ------------------------------------------------------------------------------------


def test_a_program_that_is_not_there_is_told_and_training_goes_on(small: RunConfig) -> None:
    events = play(Run(hooked(small, finished=["no-such-program", "{run}"])))
    problem = ("finished", "`no-such-program` is not there (No such file or directory)")
    assert failures(events) == [problem] and events[-1].completed
    assert failures(read_journal(Path(folder_of(events)))) == [problem]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("echo $0 is out of ink >&2; exit 3", "ended with status 3, see hooks.log"),
        ("kill -9 $$", "was ended by signal 9"),
    ],
)
def test_one_that_fails_is_told_and_what_it_said_is_kept(
    small: RunConfig, tmp_path: Path, text: str, problem: str
) -> None:
    command = script(tmp_path, text)
    events = play(Run(hooked(small, finished=[command])))
    assert failures(events) == [("finished", f"`{command}` {problem}")] and events[-1].completed
    said = f"{command} is out of ink\n" if "ink" in text else ""
    assert Path(folder_of(events), "hooks.log").read_text() == said


def test_one_that_may_not_be_run_is_told(small: RunConfig, tmp_path: Path) -> None:
    events = play(Run(hooked(small, finished=[str(tmp_path)])))
    assert failures(events) == [("finished", f"`{tmp_path}` could not be run (Permission denied)")]


def test_what_the_hook_of_a_failure_has_to_say_comes_before_the_failure(small: RunConfig, tmp_path: Path) -> None:
    config = hooked(small, failed=[script(tmp_path, "exit 1")])
    events = play(Run(with_settings(config, data__root=str(tmp_path / "nowhere"))))
    assert [type(event) for event in events[-2:]] == [p.HookFailed, p.RunFailed]
    assert failures(events) == [("failed", f"`{tmp_path / 'script'}` ended with status 1")]  # there is no folder


@pytest.mark.parametrize("trap", ["", "trap '' TERM\n"], ids=["that ends when it is told to", "that does not"])
def test_one_that_takes_too_long_is_ended_with_all_it_has_started(
    small: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trap: str
) -> None:
    monkeypatch.setattr(hooks, "MOST_SECONDS", 0.5)
    monkeypatch.setattr(hooks, "GRACE_SECONDS", 0.2 if trap else 60.0)
    pipe = fifo(tmp_path)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    command = script(tmp_path, f"{trap}exec > {pipe}\nsleep 1000 &\necho started\nwait\nwait")
    events = play(Run(hooked(small, finished=[command])))
    assert failures(events) == [("finished", f"`{command}` took longer than 0.5 s and was ended")]
    assert events[-1].completed
    os.set_blocking(end, True)
    while os.read(end, 100):  # which ends when nothing is left that could write to it
        pass
    os.close(end)


def test_training_does_not_wait(small: RunConfig, tmp_path: Path) -> None:
    pipe = fifo(tmp_path)
    end = os.open(pipe, os.O_RDWR)
    before: list[p.Event] = []

    def react(event: p.Event) -> Iterable[p.Command]:
        before.append(event)
        if isinstance(event, p.ArmFinished):
            os.write(end, b"x" * len(only(before, p.Diverged)))
        return after_step(3, p.SetRate("head", 100.0), p.SetRate("backbone", 100.0))(event)

    events = play(Run(hooked(small, diverged=["head", "-c", "1", str(pipe)])), react)
    os.close(end)
    assert only(events, p.Diverged) and events[-1].completed and not failures(events)


def test_of_very_many_some_are_left_out_but_never_that_of_a_failure(tmp_path: Path, recorder: Recorder) -> None:
    pipe = fifo(tmp_path)
    end = os.open(pipe, os.O_RDWR)
    config = HooksConfig(diverged=("head", "-c", "1", str(pipe)), failed=tuple(recorder.command()))
    several = Hooks(config, "run")
    for _ in range(hooks.AT_ONCE):
        assert list(several.before(DIVERGED)) == []
    left_out = p.HookFailed("diverged", "`head` was left out, 4 commands are under way already")
    assert list(several.before(DIVERGED)) == [left_out]
    os.write(end, b"x" * hooks.AT_ONCE)
    assert list(several.before(p.RunFailed("end", "of it"))) == [] and recorder.events == ["failed"]
    assert list(several.before(DIVERGED)) == []  # there is room again
    os.write(end, b"x")
    assert list(several.before(p.RunFailed("end", "of it"))) == []
    os.close(end)


def test_one_that_nothing_can_end_does_not_keep_the_run_from_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "END_SECONDS", 0.1)
    pipe = fifo(tmp_path)
    stuck = Hooks(HooksConfig(failed=("cat", str(pipe))), "run")
    assert list(stuck.before(p.RunFailed("end", "of it"))) == [p.HookFailed("failed", "`cat` was waited for no longer")]
    release(pipe)


def test_where_nothing_can_be_logged_it_is_run_all_the_same(tmp_path: Path, recorder: Recorder) -> None:
    one = Hooks(HooksConfig(failed=tuple(recorder.command())), "run")
    one.folder = tmp_path / "gone"
    assert list(one.before(p.RunFailed("no", "folder"))) == [] and recorder.events == ["failed"]


def test_a_message_that_no_argument_can_hold_is_told_with_what_is_in_the_way_escaped(recorder: Recorder) -> None:
    one = Hooks(HooksConfig(failed=tuple(recorder.command("{message}"))), "run")
    assert list(one.before(p.RunFailed("a\0b", "c"))) == [] and recorder.told[0][0] == [r"a\x00b: c"]
    assert list(one.before(p.RunFailed("\ud800", "c"))) == [] and recorder.told[1][0] == [r"\ud800: c"]


def test_the_end_waits_for_one_under_way_but_a_second_signal_leaves_at_once(tmp_path: Path, small: Any) -> None:
    begun, pipe = tmp_path / "begun", fifo(tmp_path)
    os.mkfifo(begun)
    command = script(tmp_path, f"echo > {begun}; read line < {pipe}")
    with training(tmp_path, "--set", f"hooks.finished=[{command}]") as process:
        begun.read_text()
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.send_signal(signal.SIGINT)
        _, messages = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130 and "Traceback" not in messages
        check_nothing_is_left(process, tmp_path / "runs")
    release(pipe)  # a signal to the run is none to the command


# --- what is refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("finished=notify-send", "`hooks.finished` is notify-send; it should be a list, a program and its arguments"),
        ("finished=['', x]", "it should begin with the name of a program"),
        ("failed=[mail, '{runn}']", "`hooks.failed.1` is '{runn}'; {runn} is not known, only {event}, {run}, {path}, "),
        ("failed=[mail, {runn}]", "{runn} is not known"),
        ("failed=[mail, '{}']", "{} is not known"),
        ("failed=[mail, '{0}']", "{0} is not known"),
        ("failed=[mail, '{run.__class__}']", "{run.__class__} is not known"),
        ("failed=[mail, '{run[0]}']", "{run[0]} is not known"),
        ("failed=[mail, '{run!r}']", "{run!r} is not known"),
        ("failed=[mail, '{run:>9}']", "{run:>9} is not known"),
        ("failed=[mail, '{run']", "a brace without the other one"),
        ("failed=[mail, 'run}']", "a brace without the other one"),
        ('failed=[mail, "a\\0"]', "no NUL character"),
        ("finised=[mail]", "did you mean `hooks.finished`?"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is_loaded(small: Any, tmp_path: Path, setting, words) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "small.yaml", [f"hooks.{setting}"])
    assert words in caught.value.message and len(caught.value.message.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "filled"),
    [("{run} is done", "x is done"), ("{{run}}", "{run}"), ("{run}{run}", "xx"), ("}}{{", "}{"), ("", "")],
)
def test_names_in_braces_are_filled_in(text: str, filled: str) -> None:
    assert placeholders.fill(placeholders.check(text), {"run": "x"}) == filled


def test_a_name_in_braces_needs_no_quotes(small: Any, tmp_path: Path) -> None:
    config = load_config(tmp_path / "small.yaml", ["hooks.saved=[cp, {path}, /mnt]"])
    assert config.hooks.saved == ("cp", "{path}", "/mnt")


def test_what_is_filled_in_is_not_read_again() -> None:
    assert placeholders.fill("{run}", {"run": "{path}{{"}) == "{path}{{"


def test_nothing_is_none(small: Any, tmp_path: Path) -> None:
    assert load_config(tmp_path / "small.yaml", ["hooks.finished=", "hooks.failed=[]"]).hooks == HooksConfig()
