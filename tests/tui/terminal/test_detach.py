"""The connection may drop, on purpose or not: training goes on, and any terminal can attach again."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import termios
import time
from functools import partial
from pathlib import Path

import psutil
import pytest

from engine import protocol as p
from engine.service.remote.address import is_live
from engine.storage.journal import read_journal
from tests import programs
from tests.tui.console import FRESH, KNOWN, Terminal, environment, script, steps, until


def trains_on(folder: Path) -> None:
    """See that steps are still being made, more than were under way."""
    before = steps(folder)
    until(lambda: steps(folder) > before + 10, "a later step")


def without_terminal(program: psutil.Process) -> bool:
    """Whether a process is in a session of its own and has no terminal, nor any open."""
    files = [str(Path(f"/proc/{program.pid}/fd/{number}").readlink()) for number in (0, 1, 2)]
    return os.getsid(program.pid) == program.pid and program.terminal() is None and set(files) == {"/dev/null"}


def start_training(run) -> tuple[Terminal, psutil.Process]:
    terminal = run("small.yaml")
    terminal.wait_for("TRAINING")
    return terminal, terminal.program


def hang_up(terminal: Terminal) -> None:
    terminal.hang_up()


def signal_the_program(terminal: Terminal) -> None:
    terminal.program.send_signal(signal.SIGHUP)


def signal_its_parent(terminal: Terminal) -> None:
    terminal.process.send_signal(signal.SIGHUP)


def signal_both_and_hang_up(terminal: Terminal) -> None:
    """What a shell does that the terminal went away from."""
    terminal.hang_up()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(terminal.process.pid, signal.SIGHUP)


def kill_its_parent(terminal: Terminal) -> None:
    terminal.process.kill()


@pytest.mark.parametrize(
    "drop", [hang_up, signal_the_program, signal_its_parent, signal_both_and_hang_up, kill_its_parent]
)
def test_when_the_terminal_goes_away_training_goes_on_in_the_same_process(run, folder: Path, drop):
    terminal, program = start_training(run)
    drop(terminal)
    if drop is kill_its_parent:  # the shell takes the terminal back
        terminal.hang_up()
    else:
        until(lambda: terminal.process.poll() is not None, "the shell's prompt")
        assert terminal.process.returncode in (128 + signal.SIGHUP, -signal.SIGHUP)
    until(lambda: without_terminal(program), "a session of its own")
    trains_on(folder)
    assert is_live(folder / "runs" / "small-1") and program.is_running()


def test_a_shell_whose_job_is_killed_has_its_terminal_to_itself(run, folder: Path):
    """Of the two processes only the one that the shell waits for is killed: the other one trains on, unseen."""
    terminal = run("small.yaml", shell=True)
    terminal.wait_for("TRAINING")
    parent = terminal.program
    (program,) = parent.children()
    parent.kill()
    terminal.wait_for("status 137")
    until(lambda: terminal.read() and without_terminal(program), "a session of its own")
    trains_on(folder)


def test_a_program_that_is_killed_leaves_a_terminal_that_can_be_used(run, folder: Path):
    """The system does that where memory runs out."""
    terminal = run("small.yaml", shell=True)
    before = termios.tcgetattr(terminal.screen)
    terminal.wait_for("TRAINING")
    assert termios.tcgetattr(terminal.screen) != before
    (program,) = terminal.program.children()
    program.kill()
    terminal.wait_for("\x1b[?1049l")
    terminal.wait_for("\x1b[?25h")
    terminal.wait_for("status 137")
    assert termios.tcgetattr(terminal.screen) == before
    terminal.press("\n")
    assert terminal.end()[1].startswith("Run lost: the program was ended by SIGKILL; its last checkpoint is whole")


def stop_and_go_on(process: psutil.Process) -> None:
    process.suspend()
    until(lambda: process.status() == psutil.STATUS_STOPPED, "the stop")
    process.resume()


def test_a_screen_that_was_stopped_gives_the_terminal_back_in_the_end(run, folder: Path):
    terminal = run("small.yaml", shell=True)
    before = termios.tcgetattr(terminal.screen)
    terminal.wait_for("TRAINING")
    (program,) = terminal.program.children()
    stop_and_go_on(program)
    terminal.wait_for("\x1b[?1049h")  # drawn anew: a shell may have been there meanwhile
    terminal.wait_for("TRAINING")
    program.send_signal(signal.SIGTSTP)
    terminal.press("q")
    terminal.wait_for("save and quit")
    terminal.press("s")
    terminal.wait_for("status 0")
    assert termios.tcgetattr(terminal.screen) == before


def test_ctrl_z_stops_the_screen_and_training_until_fg(run, folder: Path):
    terminal = run("small.yaml", "--no-mouse", shell=True)
    before = termios.tcgetattr(terminal.screen)
    terminal.wait_for("TRAINING")
    parent = terminal.program
    terminal.press("\x1a")
    terminal.wait_for("`fg` brings both back")
    terminal.wait_for("stopped")
    assert termios.tcgetattr(terminal.screen) == before
    assert {process.status() for process in (parent, *parent.children())} == {psutil.STATUS_STOPPED}
    terminal.press("bg\n")
    terminal.wait_for("in the background")
    trains_on(folder)
    terminal.press("fg\n")
    terminal.wait_for("\x1b[?1049h")
    while b"TRAINING" not in terminal.seen:
        assert terminal.read()
    assert b"\x1b[?25l" in terminal.seen and b"\x1b[?1000h" not in terminal.seen, "the mouse was taken"
    terminal.press("q")
    terminal.wait_for("save and quit")
    terminal.press("s")
    terminal.wait_for("status 0")
    assert termios.tcgetattr(terminal.screen) == before
    told = list(read_journal(folder / "runs" / "small-1"))
    assert not any(isinstance(message, p.GroupFrozen) for message in told), "`fg` was taken for keys"
    assert sum(isinstance(message, p.Resumed) for message in told) == 1


def test_a_suspended_run_that_goes_on_in_the_background_obeys_a_signal(run, folder: Path):
    """Whoever changes the terminal from there is stopped."""
    terminal = run("small.yaml", shell=True)
    terminal.wait_for("TRAINING")
    program = terminal.program
    terminal.press("\x1a")
    terminal.wait_for("stopped")
    terminal.press("bg\n")
    trains_on(folder)
    program.send_signal(signal.SIGTERM)
    terminal.wait_for("finetune-tui --resume")
    until(lambda: not program.is_running() or program.status() == psutil.STATUS_ZOMBIE, "the end")
    assert (folder / "runs" / "small-1" / "scratch" / "last.pt").is_file()


def test_ctrl_z_where_no_shell_could_bring_it_back_says_so(run):
    terminal, program = start_training(run)
    terminal.press("\x1a")
    terminal.wait_for("no shell waits here")
    assert program.status() != psutil.STATUS_STOPPED


def test_a_paused_run_that_is_detached_is_not_said_to_go_on(run):
    terminal, _ = start_training(run)
    terminal.press("p")
    terminal.wait_for("PAUSED")
    terminal.press("D")
    terminal.wait_for("it stays paused in the background; watch it with: ")
    assert terminal.end() == (0, "")


def test_a_run_that_is_ending_is_not_detached_from(run):
    terminal, _ = start_training(run)
    terminal.press("q")
    terminal.wait_for("save and quit")
    terminal.press("sD")
    terminal.wait_for("finetune-tui --resume")
    assert terminal.end() == (0, "")


def test_a_detached_run_can_be_stopped_and_goes_on(run, folder: Path):
    terminal, program = start_training(run)
    terminal.press("D")
    assert terminal.end() == (0, "")
    program.send_signal(signal.SIGTSTP)
    stop_and_go_on(program)
    program.send_signal(signal.SIGWINCH)
    trains_on(folder)


def test_a_detached_run_is_attached_to_steered_and_ended_from_another_terminal(run, folder: Path):
    first, program = start_training(run)
    first.press("D")
    first.wait_for("finetune-tui attach small-1")
    assert first.end() == (0, "")
    assert b"\x1b[?1049l" in first.seen or without_terminal(program)
    trains_on(folder)
    second = run("attach")
    second.wait_for("TRAINING")
    second.press("p")
    second.wait_for("PAUSED")
    third = run("attach", "small-1", "--read-only", "--dir", "runs")
    third.wait_for("PAUSED")
    third.press("p")
    third.wait_for("this view is read-only")
    second.press("p")
    third.wait_for("TRAINING")
    third.press("q")
    assert third.end() == (0, "")
    second.press("q")
    second.wait_for("save and end the run")
    second.press("s")
    assert second.end() == (0, "")
    until(lambda: not program.is_running() or program.status() == psutil.STATUS_ZOMBIE, "the end")
    assert (folder / "runs" / "small-1" / "scratch" / "last.pt").is_file()
    assert not list((folder / "runs").glob("*/*.sock"))


def test_a_terminal_that_goes_away_while_the_program_loads_costs_nothing_either(run, folder: Path):
    terminal = run("small.yaml", "--epochs", "3", *KNOWN, program=FRESH)
    terminal.wait_for("LOADING")
    terminal.hang_up()
    until((folder / "runs" / "small-1" / "journal.jsonl").exists, "a run")
    until(lambda: steps(folder) == 12, "the end of its epochs")
    until(lambda: not is_live(folder / "runs" / "small-1"), "its end")
    last = list(read_journal(folder / "runs" / "small-1"))[-1]
    assert isinstance(last, p.RunFinished) and last.completed
    again = programs.run("engine", "replay", "runs/small-1", cwd=folder)
    assert again.returncode == 0, again.stdout + again.stderr


def test_a_run_that_lost_its_terminal_obeys_a_termination_signal(run, folder: Path):
    terminal, program = start_training(run)
    terminal.hang_up()
    until(lambda: without_terminal(program), "a session of its own")
    program.send_signal(signal.SIGTERM)
    until(lambda: not program.is_running() or program.status() == psutil.STATUS_ZOMBIE, "the end")
    saved = [m for m in read_journal(folder / "runs" / "small-1") if isinstance(m, p.CheckpointSaved)]
    assert saved[-1].reason == "stop"


def test_a_run_that_nobody_watches_ends_with_its_epochs_and_one_that_is_watched_waits(run, folder: Path):
    terminal = run("small.yaml", "--epochs", "2")
    terminal.wait_for("FINISHED")
    program = terminal.program
    watcher = run("attach")
    watcher.wait_for("FINISHED")
    terminal.hang_up()
    until(lambda: without_terminal(program), "a session of its own")
    watcher.press(">")
    watcher.wait_for("3 epochs in all")
    watcher.wait_for("FINISHED")
    watcher.press("D")
    assert watcher.end() == (0, "")
    until(lambda: not program.is_running() or program.status() == psutil.STATUS_ZOMBIE, "the end")
    last = list(read_journal(folder / "runs" / "small-1"))[-1]
    assert isinstance(last, p.RunFinished) and last.completed and last.step == 12


def test_a_terminal_that_nobody_reads_does_not_keep_anybody_from_training_or_attaching(run, folder: Path):
    """A closed lid: the connection is not known to be dead for a long time, and takes no more."""
    terminal, program = start_training(run)
    trains_on(folder)  # while the screen draws into a full terminal
    second = run("attach")
    second.wait_for("TRAINING")
    second.press("D")
    assert second.end() == (0, "")
    terminal.hang_up()
    until(lambda: without_terminal(program), "a session of its own")
    trains_on(folder)


def test_a_paused_run_without_a_terminal_waits_for_nothing_busily(run, folder: Path):
    terminal, program = start_training(run)
    terminal.press("p")
    terminal.wait_for("PAUSED")
    terminal.hang_up()
    until(lambda: without_terminal(program), "a session of its own")
    before, began = sum(program.cpu_times()[:2]), time.monotonic()
    time.sleep(1)  # measured, not waited for
    share = (sum(program.cpu_times()[:2]) - before) / (time.monotonic() - began)
    assert share < 0.3, f"{share:.0%} of a core"  # who reads a terminal that is no more takes a whole one


@pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux here")
def test_a_killed_tmux_server_does_not_end_training(folder: Path):
    tmux = ["tmux", "-L", f"test-{os.getpid()}", "-f", "/dev/null"]
    program = f"cd {folder} && exec {sys.executable} -m tui small.yaml {' '.join(KNOWN)}"
    subprocess.run([*tmux, "new-session", "-d", "-x", "80", "-y", "24", program], env=environment(), check=True)
    until(lambda: steps(folder) > 0, "a step")
    subprocess.run([*tmux, "kill-server"], env=environment(), check=True)
    trains_on(folder)


def test_start_returns_with_the_name_of_a_run_that_can_be_attached_to(run, folder: Path):
    done = programs.run("tui", "start", "small.yaml", *KNOWN, cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "small-1\n", "")
    assert is_live(folder / "runs" / "small-1")
    terminal = run("attach")
    terminal.wait_for("TRAINING")
    terminal.press("D")
    assert terminal.end() == (0, "")
    done = programs.run("tui", "start", "--resume", "runs/small-1", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Run in use: runs/small-1 is being trained; attach to it, or stop it first\n"


def test_a_mistake_is_told_by_start_at_once_and_one_found_later_by_its_last_words(folder: Path):
    start = partial(programs.run, "tui", "start", "small.yaml", cwd=folder)
    wrong = start("--set", "train.epoch=3")
    assert wrong.returncode == 2 and "train.epochs" in wrong.stderr and not (folder / "runs").exists()
    many = start("--gpus", "99", "--set", "device=auto")
    assert many.returncode == 2 and "--gpus 99" in many.stderr and not (folder / "runs").exists()


def test_attach_says_what_there_is_where_it_cannot_attach(run, folder: Path):
    terminal = run("attach")
    assert terminal.end() == (
        2,
        "No live run: nothing is being trained in checkpoints or elsewhere; see `finetune-tui runs`\n",
    )
    terminal = run("attach", "nothing-7")
    status, errors = terminal.end()
    assert status == 2 and errors.startswith("No such run: nothing-7")
    done = programs.run("tui", "attach", cwd=folder)
    assert done.returncode == 2 and "there is no terminal" in done.stderr


def test_attach_says_what_became_of_a_run_that_is_over(run, folder: Path):
    assert programs.run("engine", "train", "small.yaml", "--epochs", "1", cwd=folder).returncode == 0
    terminal = run("attach", "runs/small-1")
    status, errors = terminal.end()
    assert status == 2 and errors.startswith(
        "Not attached: runs/small-1 is not being trained, it is finished; go on with "
    )
    assert errors.endswith("finetune-tui --resume runs/small-1\n")


def test_several_processes_are_started_and_attached_to(run, folder: Path):
    terminal = run("small.yaml", "--gpus", "2", *KNOWN)
    terminal.wait_for("TRAINING")
    terminal.wait_for("2 x cpu")
    terminal.press("p")
    terminal.wait_for("PAUSED")
    terminal.press("q")
    terminal.wait_for("save and end the run")
    terminal.press("s")
    assert terminal.end() == (0, "")
    last = list(read_journal(folder / "runs" / "small-1"))[-1]
    assert isinstance(last, p.RunFinished) and last.checkpoint


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An `ssh` that runs the command here."""
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    script(
        program,
        'while [ "${1#-}" != "$1" ]; do [ "$1" = -o ] && shift; shift; done\n'
        '[ "$1" = box ] || { echo "ssh: Could not resolve hostname $1" >&2; exit 255; }\nshift\nexec sh -c "$*"',
    )
    script(program.with_name("finetune-tui"), f'exec {sys.executable} -m tui "$@"')
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


@pytest.mark.usefixtures("ssh")
def test_a_run_on_another_machine_is_attached_to_over_ssh(run, folder: Path):
    _, program = start_training(run)
    terminal = run("attach", "box:small-1")
    terminal.wait_for("TRAINING")
    terminal.press("p")
    terminal.wait_for("PAUSED")
    terminal.press("D")
    terminal.wait_for("attach box:small-1")
    assert terminal.end() == (0, "")
    looking = run("attach", "box:", "--read-only")
    looking.wait_for("PAUSED")
    looking.press("p")
    looking.wait_for("this view is read-only")
    looking.press("q")
    assert looking.end() == (0, "")
    assert program.is_running()


@pytest.mark.usefixtures("ssh")
def test_what_a_shell_says_on_the_other_machine_before_the_program_is_passed_over(run, folder: Path):
    start_training(run)
    greeting = 'echo "Welcome to box"\necho; echo "{}"'
    noisy = script(folder / "noisy", f'{greeting}\nexec {sys.executable} -m tui "$@"')
    terminal = run("attach", "box:", "--program", str(noisy))
    terminal.wait_for("TRAINING")
    terminal.press("D")
    assert terminal.end() == (0, "")
    terminal = run("attach", "box:", "--program", "echo")
    said = "no finetune-tui answers there (but it says: relay); see --program"
    assert terminal.end() == (2, f"Not attached: box: {said}\n")


@pytest.mark.usefixtures("ssh")
def test_a_lost_connection_is_not_explained_by_what_ssh_said_long_before(run, folder: Path):
    start_training(run)
    warning = 'echo "Warning: a new host" >&2'
    program = script(folder / "program", f'{warning}\nexec {sys.executable} -m tui "$@"')
    terminal = run("attach", "box:", "--program", str(program))
    terminal.wait_for("TRAINING")
    for process in psutil.Process(terminal.process.pid).children(recursive=True):
        process.kill()
    terminal.wait_for("Connection lost")
    terminal.press("q")
    assert terminal.end() == (
        1,
        "Connection lost: box: the connection has ended; the run goes on, attach to it again\n",
    )


@pytest.mark.usefixtures("ssh")
def test_what_ssh_complains_of_is_said_in_a_sentence(run, folder: Path):
    terminal = run("attach", "nowhere:small-1")
    assert terminal.end() == (2, "Not attached: nowhere: ssh: Could not resolve hostname nowhere\n")
    terminal = run("attach", "box:nothing-7")
    status, errors = terminal.end()
    assert status == 2 and "No such run: nothing-7" in errors
