"""Runs the dashboard: the terminal, signals, a connection that drops, what is printed at the end."""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from types import FrameType
from typing import TYPE_CHECKING

from engine.protocol import CommandRefused
from engine.protocol.best import BEST
from engine.protocol.streams import print_lines, say
from engine.service.ending import AGAIN_SECONDS, PATIENT, cause_of, leave_process
from engine.service.launch import Launch
from engine.service.program import command
from engine.storage.atomic import discard
from tui.activity import ENDED, OVER
from tui.format import percent
from tui.looks import Looks
from tui.terminal.parent import Ended, Leash, attended, forget_terminal
from tui.terminal.threads import need_threads

if TYPE_CHECKING:
    from engine.figures.arm import ArmView
    from engine.protocol import CheckpointSaved
    from engine.service.remote.link import Link
    from engine.service.session import LocalSession, Session
    from tui.app import Dashboard
    from tui.refusals import Access
    from tui.terminal.ending import EndableApp

SWITCH_SECONDS = 0.0005  # Python's default is ten times as long
SAVING_SECONDS, LOADING_SECONDS = 90.0, 0.5  # to wait for the end of the engine; a command of `hooks` may take a minute


def train(launch: Launch, looks: Looks) -> int:
    """Train in a child of this process, with the dashboard; the exit status. It goes on if the terminal goes away."""
    return attempt(launch, looks, comes_back=False).status


def attempt(launch: Launch, looks: Looks, *, comes_back: bool = True) -> Ended:
    """The same; where the run fails before its first step, the screen closes by itself, and why is `told`.

    Raises:
        UserError: the run's folder cannot be written, or another process trains the run.
    """
    launch.begin()
    lost = "the program was ended by {}; its last checkpoint is whole"
    how = "`finetune-tui runs` lists the run, and --resume goes on with it"
    return attended(partial(_train, launch, looks, comes_back), f"Run lost: {lost}: {how}")


def attach(link: "Link", access: "Access", looks: Looks, again: str = "") -> int:
    """Show and steer the run of another process; the exit status. However the screen ends, the run goes on.

    `again` is the command that attaches again; default: that for a run of this machine.
    """
    from engine.service.session import RemoteSession

    app, stray = _show(lambda: RemoteSession(link), access, looks)
    on_signals(lambda number, frame: os._exit(128 + number))
    if app.session is not None:
        app.session.leave()
    return _say_goodbye(app, stray, again)


def view(folder: Path, over: str, looks: Looks) -> int:
    """Show a run that is over; the exit status. `over` says how it ended."""
    from engine.service.session import ReplaySession

    app, stray = _show(lambda: ReplaySession(folder), "view", looks, over=over)
    say_broken(app, stray)
    seen = app.state.view
    if seen is not None:
        again = "" if seen.finished else f"; go on with: {command('--resume', folder)}"
        print_lines([f"{folder.resolve().name}: {_did(seen, folder, app.state.checkpoint)}{again}"])
    return _status(app)


def _train(launch: Launch, looks: Looks, comes_back: bool, leash: Leash) -> int:
    from engine.service.session import LocalSession

    # A step asks for the interpreter many times, and each time it would wait this long for the screen's drawing.
    sys.setswitchinterval(SWITCH_SECONDS)
    app, stray = _show(lambda: LocalSession(launch), "own", looks, leash, comes_back=comes_back)
    if app.false_start.why:
        leash.tell(app.false_start.why)
        return 1
    session = app.session
    assert session is None or isinstance(session, LocalSession)
    ending = _Ending(app.ended_by, session)
    on_signals(ending.signalled)
    if session is None:  # left before it began
        return _say_goodbye(app, stray)
    if (app.detached or app.ended_by == signal.SIGHUP) and app.state.phase not in ENDED:
        return _go_on(app, stray, session, leash)
    ending.stopping = True
    # While it loads there is nothing to save, and a download does not look for commands.
    loading, cause = app.state.phase == "loading" and not app.ended_by, cause_of(app.ended_by)
    ended = session.close(LOADING_SECONDS if loading else SAVING_SECONDS, cause)
    safe = True
    while events := session.poll():
        for event in events:
            app.state.fold(event)
            safe &= not (isinstance(event, CommandRefused) and event.command == "stop")
    status = _say_goodbye(app, stray)
    if cause and safe and status == 128 + app.ended_by and launch.config.checkpoint.signal_exit is not None:
        status = launch.config.checkpoint.signal_exit
    if not ended:  # in the middle of something long: it has nothing to save, and a normal exit would wait for it
        leave_process(status)
    return status


def _go_on(app: "Dashboard", stray: "SimpleQueue[str]", session: "LocalSession", leash: Leash) -> int:
    """Train on without a screen and without a terminal, to the end of the epochs."""
    sys.setswitchinterval(0.005)
    session.leave()
    if app.ended_by:
        forget_terminal()
    _say_goodbye(app, stray)
    sys.stdout.flush()
    leash.cut(128 + app.ended_by if app.ended_by else 0)
    session.wait()
    return 0


class _Ending:
    """What a signal does when the screen is closed."""

    def __init__(self, ended_by: int, session: "LocalSession | None") -> None:
        self.stopping = ended_by not in (0, signal.SIGHUP)
        self._last = (ended_by, time.monotonic())
        self._session = session

    def signalled(self, number: int, frame: FrameType | None) -> None:
        """Save and end. The second signal ends the process at once: the last complete checkpoint is on the disk."""
        if number == signal.SIGHUP:  # training is not the terminal's
            forget_terminal()
            return
        before, when = self._last
        self._last = (number, time.monotonic())
        if number == before and time.monotonic() - when < AGAIN_SECONDS:
            return  # the same signal, handed on by the parent
        if self.stopping and number in PATIENT:
            return
        if self.stopping or self._session is None:
            discard()
            os._exit(128 + number)
        self.stopping = True
        self._session.stop(cause_of(number))


def _show(
    start: "Callable[[], Session]",
    access: "Access",
    looks: Looks,
    leash: Leash | None = None,
    *,
    over: str = "",
    comes_back: bool = False,
) -> "tuple[Dashboard, SimpleQueue[str]]":
    """Show the screen until it is left."""
    need_threads()
    # Imported late, so that --help and mistakes are answered at once.
    from tui.app import Dashboard
    from tui.terminal.driver import TerminalDriver, own_terminal

    with own_terminal() as (screen, stray):
        app = Dashboard(start, stray, screen.abandon, access, TerminalDriver, over=over, looks=looks)
        app.false_start.watched = comes_back
        screen.broken = app.hang_up
        on_signals(app.end_by)
        if leash is not None:
            leash.when_dropped(app.hang_up)
        app.run(mouse=looks.mouse)
    # Textual's handlers would take the terminal again.
    for number in (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH):
        signal.signal(number, signal.SIG_DFL)
    return app, stray


def on_signals(handler: "Callable[[int, FrameType | None], object] | signal.Handlers") -> None:
    """Let `handler` take what ends a program."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, *PATIENT):
        signal.signal(number, handler)


def _say_goodbye(app: "Dashboard", stray: "SimpleQueue[str]", again: str = "") -> int:
    """Print what the user should know when the screen is closed; the exit status. `again` attaches to the run again."""
    state = app.state
    say_broken(app, stray)
    if state.failure is not None:
        say(f"{state.failure.title}: {state.failure.message}")
        return state.failure.exit_status
    run, view, saved = state.run, state.view, state.checkpoint
    if run is not None and view is not None:
        print_lines([f"{run.name}: {_did(view, Path(run.path), saved)}", *filter(None, [state.unsaved.sentence])])
        if _goes_on(app):
            how = "stays paused" if state.paused else "goes on"
            print_lines([f"it {how} in the background; watch it with: {again or command('attach', run.name)}"])
        elif not view.finished:
            print_lines([f"go on with: {command('--resume', run.path)}"])
    elif app.access == "own" and not app.return_code:
        print("ended before training began")
    return _status(app)


def _status(app: "Dashboard") -> int:
    if app.ended_by:
        return 128 + app.ended_by
    unkept = app.access == "own" and any(arm.unkept for arm in app.state.arms.values())  # best weights are lost
    return app.return_code or int(unkept and not _goes_on(app))


def _did(arm: "ArmView", folder: Path, saved: "CheckpointSaved | None") -> str:
    """How far an arm came, its best weights and its last ones, each with their file: they are seldom the same."""
    parts = []
    if (best := arm.in_best_file) is not None:
        parts.append(f"best {percent(best.accuracy)} (epoch {best.epoch}): {folder / arm.arm / BEST}")
    if saved is None:
        parts.append("not saved")
    else:
        last = arm.curves.evaluations[-1] if arm.curves.evaluations else None
        figure = f" {percent(last.accuracy)}" if last is not None and last.step == saved.step else ""
        parts.append(f"last{figure} (step {saved.step}): {saved.path}")
    return f"{arm.arm} did {arm.step} of {arm.total_steps} steps; {' · '.join(parts)}"


def _goes_on(app: "Dashboard") -> bool:
    left = app.detached or app.ended_by == signal.SIGHUP or app.access != "own"
    return left and app.state.phase not in OVER


def say_broken(app: "EndableApp", stray: "SimpleQueue[str]") -> None:
    """Where the dashboard broke, say in which file its error is."""
    if app.return_code and not app.ended_by:
        print(f"The dashboard broke; please report {_keep(stray)}", file=sys.stderr)


def _keep(stray: "SimpleQueue[str]") -> str:
    """Write the error of a broken dashboard to a file; its name."""
    with tempfile.NamedTemporaryFile("w", prefix="finetune-tui-", suffix=".log", delete=False) as file:
        while not stray.empty():
            print(stray.get(), file=file)
    return file.name
