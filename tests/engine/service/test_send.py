"""Words for a live run: each is sent once, answered with an exit status, and takes effect."""

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from engine import protocol as p
from engine.cli.program import main
from engine.config import RunConfig, load_config
from engine.protocol.wire import VERSION
from engine.service.remote.client import Client, DisconnectError
from engine.service.remote.server import Server
from engine.service.remote.watchers import Watchers
from engine.service.words import WORDS
from tests.engine.conftest import SMALL
from tests.engine.driving import STEPS_PER_EPOCH, with_settings
from tests.engine.processes import DEADLINE, Trained, training
from tests.programs import Program

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def live(pictures: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """A run too long to end by itself, in a process of its own."""
    folder = tmp_path_factory.mktemp("live")
    file = folder / "small.yaml"
    file.write_text(SMALL.format(root=pictures, runs=folder / "runs"))
    config = with_settings(load_config(file), train__epochs=50_000, model__weights=str(weights))
    with training(config, file) as run:
        yield run


@pytest.fixture
def say(live: Trained, capsys: pytest.CaptureFixture[str]) -> Say:
    """Send the live run a word; exit status, standard output and standard error."""

    def send(*words: str) -> tuple[int, str, str]:
        status = main(["send", str(live.folder), *words])
        return status, *capsys.readouterr()

    return send


def last(run: Trained, kind: type[p.Message]) -> p.Message:
    return next(message for message in reversed(run.journal) if isinstance(message, kind))


# --- each word ------------------------------------------------------------------------------------------


# before the others: two runs at once are slow
@pytest.mark.parametrize("option", [(), ("--no-save",)])
def test_stop(small: RunConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: tuple[str, ...]) -> None:
    with training(with_settings(small, train__epochs=5000), tmp_path / "long.yaml") as run:
        assert main(["send", "small-1", "stop", *option, "--dir", str(small.checkpoint.dir)]) == 0
        assert capsys.readouterr().out.startswith("stopped at step ")
        assert run.process.wait(DEADLINE) == 0
        assert run.summary.state == "stopped"
        saved = [message.reason for message in run.journal if isinstance(message, p.CheckpointSaved)]
        assert ("stop" in saved) is (option == ())
        assert main(["send", str(run.folder), "pause"]) == 2
        assert "no process of this machine trains it" in capsys.readouterr().err


def test_pause_and_resume(live: Trained, say: Say) -> None:
    status, out, errors = say("pause")
    assert (status, out, errors) == (0, f"paused after step {live.summary.step}\n", "")
    assert live.summary.state == "paused"
    status, out, errors = say("pause")
    assert (status, out, errors) == (1, "", "pause refused: training is paused already\n")
    step = live.summary.step
    assert say("resume") == (0, f"training goes on after step {step}\n", "")
    live.trains_on()
    assert say("resume") == (1, "", "resume refused: training is not paused\n")


def test_pause_with_the_memory_given_back_is_refused_without_a_gpu(say: Say) -> None:
    status, out, errors = say("pause", "--free")
    assert (status, out) == (1, "") and "there is no GPU to free" in errors


def test_save(live: Trained, say: Say) -> None:
    status, out, errors = say("save")
    assert (status, errors) == (0, "") and out.startswith("saved ")
    assert Path(out.split()[1]).is_file()


def pause_within_an_epoch(live: Trained, say: Say) -> None:
    say("pause")
    while live.summary.step % STEPS_PER_EPOCH == 0:  # that is evaluated anyway
        say("resume")
        live.trains_on()
        say("pause")


def test_evaluate(live: Trained, say: Say) -> None:
    pause_within_an_epoch(live, say)
    status, out, errors = say("evaluate")
    assert (status, errors) == (0, "") and out.startswith("accuracy ")
    assert out.endswith(f" after step {live.summary.step}\n") and live.summary.state == "paused"
    assert say("evaluate")[2] == f"evaluate refused: step {live.summary.step} is evaluated already\n"
    say("resume")


def test_the_test_needs_validation_pictures(live: Trained, say: Say) -> None:
    assert say("test")[2].startswith("evaluate refused: there are no validation pictures")


def test_rate_and_scale(live: Trained, say: Say) -> None:
    status, out, _ = say("rate", "head", "2e-3")
    assert status == 0 and out.startswith("head has base rate 0.002 from step ")
    assert [group.base_lr for group in live.summary.groups if group.name == "head"] == [2e-3]
    status, out, _ = say("scale", "head", "0.5")
    assert status == 0 and out.startswith("head has base rate 0.001 from step ")
    assert say("rate", "tail", "1") == (1, "", "set rate refused: there is no group `tail`\n")
    before = {group.name: group.base_lr for group in live.summary.groups}
    status, out, _ = say("scale", "all", "0.5")
    assert status == 0 and out.startswith("all base rates are multiplied by 0.5 from step ")
    say("save")  # its answer comes after those of all groups
    assert {group.name: group.base_lr * 2 for group in live.summary.groups} == before
    say("scale", "all", "2")


def test_find_rate(live: Trained, say: Say) -> None:
    assert say("find-rate") == (1, "", "find rate refused: training is not paused\n")
    pause_within_an_epoch(live, say)
    status, out, errors = say("find-rate")
    assert (status, errors) == (0, "") and ("suggested base rate of " in out or "no learning rate is suggested" in out)
    assert last(live, p.RatesSwept).rates and live.summary.state == "paused"
    say("resume")
    live.trains_on()


def test_freeze_and_unfreeze(live: Trained, say: Say) -> None:
    status, out, _ = say("freeze", "backbone")
    assert status == 0 and out.startswith("backbone is frozen from step ")
    assert [group.frozen for group in live.summary.groups] == [True, False]
    assert say("freeze", "head") == (1, "", "set frozen refused: nothing would be trained\n")
    status, out, _ = say("unfreeze", "backbone")
    assert status == 0 and out.startswith("backbone is trained again from step ")


def test_epochs(live: Trained, say: Say) -> None:
    assert say("epochs", "40000") == (0, "scratch trains 40000 epochs in all\n", "")
    assert live.summary.epochs == 40_000


def test_steps(live: Trained, say: Say) -> None:
    assert say("steps", "50001") == (0, "scratch trains 50001 steps in all: set by hand\n", "")


def test_micro_batch(live: Trained, say: Say) -> None:
    status, out, _ = say("micro-batch", "2")
    assert status == 0 and out.startswith("at most 2 pictures go through the model at once")
    assert isinstance(last(live, p.MicroBatchChanged), p.MicroBatchChanged)


def test_what_is_right_for_a_picture(live: Trained, say: Say) -> None:
    picture = "train/cat/0.jpg"
    status, out, errors = say("relabel", picture, "dog")
    assert (status, errors) == (0, "") and f"{picture} is of the class dog from epoch " in out
    assert say("relabel", picture, "cow") == (1, "", "correct label refused: there is no class `cow`\n")
    assert f"{picture} is left out from epoch " in say("leave-out", picture)[1]
    assert "is again of the class that it was found with" in say("undo-label", picture)[1]
    assert say("keep", picture)[1].endswith(f"{picture} is right\n")
    assert last(live, p.LabelCorrected).verdict == "right"
    assert say("keep", "test/cat/0.jpg")[2] == "correct label refused: test/cat/0.jpg is no training picture\n"


def test_rewind(live: Trained, say: Say) -> None:
    say("save")
    point = next(point for point in reversed(live.summary.points) if "step-" in point)
    status, out, errors = say("rewind", point)
    assert (status, errors) == (0, "") and out.startswith("branch 2 from step ")
    assert last(live, p.Rewound).point == point
    assert say("rewind", "start", "--head", "pretrained")[2].startswith("rewind refused: scratch has no pretrained")
    status, out, errors = say("rewind", "start", "--head", "random")
    assert (status, errors) == (0, "") and "with a random head" in out
    assert say("rewind", "nothing")[2] == "rewind refused: scratch has no restore point `nothing`\n"


def test_switch_takes_the_other_arm_or_the_one_that_is_named(live: Trained, say: Say) -> None:
    status, out, _ = say("switch")
    assert status == 0 and out.startswith("pretrained: ")
    assert live.summary.arm == "pretrained"
    assert say("switch", "pretrained") == (1, "", "switch arm refused: pretrained is the current arm already\n")
    assert say("switch", "scratch")[0] == 0
    assert live.summary.arm == "scratch"


def test_a_stop_after_the_epoch_is_planned_and_taken_back(live: Trained, say: Say) -> None:
    say("pause")
    assert say("stop-after-epoch")[:2] == (0, f"the run ends after epoch {live.summary.epoch}\n")
    assert say("stop-after-epoch")[2] == "stop after epoch refused: that is planned already\n"
    assert say("no-stop-after-epoch")[:2] == (0, f"the run does not end after epoch {live.summary.epoch}\n")
    say("resume")
    live.trains_on()


def test_every_word_was_sent() -> None:
    text = Path(__file__).read_text()
    assert all(f'"{word}"' in text for word in WORDS)


# --- how it is waited for -------------------------------------------------------------------------------


def test_without_waiting_it_takes_effect_too(live: Trained, say: Say) -> None:
    assert say("pause", "--no-wait") == (0, "pause: sent\n", "")
    live.reaches("paused")
    assert say("resume", "--no-wait")[0] == 0
    live.trains_on()


def test_two_at_once_are_both_answered(live: Trained) -> None:
    words = ("engine", "send", str(live.folder), "rate")
    both = [
        Program(*words, group, rate, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for group, rate in (("backbone", "3e-3"), ("head", "4e-3"))
    ]
    heard = [process.communicate(timeout=DEADLINE) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert heard[0][0].startswith("backbone has base rate 0.003") and heard[1][0].startswith("head has base rate 0.004")
    assert {group.name: group.base_lr for group in live.summary.groups} == {"backbone": 3e-3, "head": 4e-3}


@pytest.fixture
def loading(tmp_path: Path) -> Iterator[tuple[Path, "SimpleQueue[p.Command]", Watchers]]:
    """A run that takes no command yet: its folder, its inbox, and those who hear of it."""
    folder, inbox, watchers = tmp_path / "x-1", SimpleQueue[p.Command](), Watchers()
    folder.mkdir()
    (folder / "config.yaml").write_text("name: x")
    watchers.set_folder(folder)
    server = Server(inbox, watchers)
    server.open(folder)
    yield folder, inbox, watchers
    server.close()


def test_what_is_not_answered_in_time_is_said_to_take_effect_later(loading, capsys: pytest.CaptureFixture[str]) -> None:
    folder, inbox, _ = loading
    assert main(["send", str(folder), "stop", "--timeout", "0.2"]) == 1
    assert capsys.readouterr().err.startswith("stop: no answer within 0.2 s; it takes effect when the step")
    assert inbox.get(timeout=DEADLINE) == p.Stop()


def test_the_end_of_the_run_is_an_answer(loading, capsys: pytest.CaptureFixture[str]) -> None:
    folder, inbox, watchers = loading

    def end() -> None:
        inbox.get(timeout=DEADLINE)
        watchers.emit(p.RunFinished("scratch", 8, True, 0.5, 0.5, "last.pt", "aa", 1.0))

    other = threading.Thread(target=end)
    other.start()
    assert main(["send", str(folder), "pause"]) == 1
    other.join()
    assert (
        capsys.readouterr().err == "the run is over: finished at step 8: best accuracy 50.0%; last checkpoint last.pt\n"
    )


def test_a_checkpoint_that_fails_is_no_saved_one(loading, capsys: pytest.CaptureFixture[str]) -> None:
    folder, inbox, watchers = loading

    def fail() -> None:
        inbox.get(timeout=DEADLINE)
        watchers.emit(p.CheckpointFailed("scratch", 8, "scratch/last.pt", "an autosave"))
        watchers.emit(p.CheckpointSaved("scratch", 8, "scratch/best.pt", "best", 1, 1.0))
        watchers.emit(p.CheckpointFailed("scratch", 8, "scratch/step-000008.pt", "the disk is full"))

    other = threading.Thread(target=fail)
    other.start()
    assert main(["send", str(folder), "save"]) == 1
    other.join()
    assert capsys.readouterr() == ("", "not saved: the disk is full\n")


def test_an_interrupt_ends_it_without_a_word(loading) -> None:
    folder, inbox, _ = loading
    process = Program("engine", "send", str(folder), "save", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    inbox.get(timeout=DEADLINE)
    os.kill(process.pid, signal.SIGINT)
    assert process.communicate(timeout=DEADLINE) == ("", "")
    assert process.returncode == -signal.SIGINT  # which a shell tells as 130


def test_what_is_asked_for_by_one_who_hangs_up_at_once_is_done() -> None:
    watchers = Watchers()
    ours, theirs = socket.socketpair()
    client = Client(ours, watchers)
    hello = p.Hello(VERSION, "1.0")
    theirs.sendall(f"{p.encode(hello)}\n".encode())
    assert list(client.receive()) == []
    theirs.sendall(f"{p.encode(p.Save())}\n{p.encode(p.Stop())}\n".encode())
    theirs.close()
    watchers.emit(p.Watching(1))
    client.send()
    assert list(client.receive()) == [p.Save(), p.Stop()]
    assert not watchers.present and not client.has_output
    with pytest.raises(DisconnectError):
        list(client.receive())
    client.disconnect()


# --- what cannot be sent --------------------------------------------------------------------------------


def test_no_such_run_and_no_such_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", "nothing", "pause", "--dir", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("No such run: ")
    for words in (["dance"], ["rate", "head"], ["epochs", "many"], ["switch", "both"], []):
        with pytest.raises(SystemExit) as ended:
            main(["send", "nothing", *words])
        assert ended.value.code == 2
    assert "invalid choice: 'dance'" in capsys.readouterr().err


def test_the_arm_to_switch_to_has_to_be_named_where_none_is_in_hand(loading, capsys) -> None:
    folder, inbox, _ = loading
    (folder / "config.yaml").write_text("nonsense: [")
    assert main(["send", str(folder), "switch"]) == 2
    assert capsys.readouterr().err.startswith("Unclear arm: ")
    assert inbox.empty()
