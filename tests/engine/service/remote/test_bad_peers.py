"""Whatever comes to a run's socket, the run goes on, says who it was, and keeps its memory."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from engine import protocol as p
from engine.config import RunConfig
from engine.protocol.wire import VERSION
from engine.service.remote import client, server
from engine.service.remote.address import socket_paths
from tests.engine.service.remote.conftest import living
from tests.engine.service.remote.living import Caller, Staged, Viewer, wait_for

ATTACK = Path(__file__).with_name("attack.py")
HELLO = p.encode(p.Hello(VERSION, "test")).encode() + b"\n"
MOST_BYTES = 20 << 20  # that a run may grow by

BAD = {
    "garbage": (os.urandom(2000).replace(b"\n", b"") + b"\n", "is no message"),
    "garbage without an end": (os.urandom(8000).replace(b"\n", b""), "a line of more than 4096 bytes"),
    "no text": ("{}\n".encode("utf-16"), "is no message"),
    "an empty line": (b"\n", "is no message"),
    "half a greeting": (HELLO[:20], "it left in the middle of a line"),
    "half a command": (HELLO + b'{"type": "st', "it left in the middle of a line"),
    "a command before the greeting": (b'{"type": "stop"}\n', "its first line is no greeting"),
    "an unknown command": (HELLO + b'{"type": "format_disk"}\n', "is no message"),
    "a command without its fields": (HELLO + b'{"type": "set_rate"}\n', "is no message"),
    "a command with others": (HELLO + b'{"type": "set_epochs", "epochs": "7"}\n', "is no message"),
    "an event": (HELLO + p.encode(p.Resumed("scratch", 1)).encode() + b"\n", "is no command"),
    "a second greeting": (HELLO + HELLO, "is no command"),
    "a deep nesting": (HELLO + b'{"type": "save", "x": ' + b"[" * 4000 + b"\n", "is no message"),
    "a huge number": (HELLO + b'{"type": "set_epochs", "epochs": ' + b"9" * 4050 + b".5}\n", "is no message"),
    "escapes for a terminal": (b"\x1b[2J\x1b]0;title\x07\n", "'\\x1b[2J\\x1b]0;title\\x07' is no message"),
    "another version": (p.encode(p.Hello(99, "\x1b[2J" * 100)).encode() + b"\n", "version 99"),
}


@contextmanager
def attacked(what: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that attacks a run, until it ends by itself or the test is over."""
    (path,) = (path for path in socket_paths(folder) if path.exists())
    command = [sys.executable, str(ATTACK), what, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_each_is_sent_away_with_the_reason_and_named_and_nobody_else_notices(staged: Staged) -> None:
    viewer = Viewer(staged.folder)
    for data, reason in BAD.values():
        caller = Caller(staged.folder)
        caller.say(data)
        caller.leave_torn()
        assert reason in caller.hear_goodbye()
        caller.close()
        told = wait_for(lambda: staged.seen(p.PeerRefused) if viewer.seen(p.PeerRefused) else None)[-1]
        assert reason in told.reason and told.who == f"process {os.getpid()} of user {os.getuid()}"
        assert len(told.reason) < 300 and told.reason.isprintable()
    assert all(reason in staged.log for _, reason in BAD.values()) and staged.inbox.empty()
    assert "\x1b" not in staged.log
    viewer.link.send(p.Save())
    assert staged.inbox.get(timeout=60) == p.Save()
    viewer.link.close()


def test_commands_before_a_bad_line_are_obeyed(staged: Staged) -> None:
    caller = Caller(staged.folder)
    caller.greet(watch=False)
    caller.say(p.Save(), b"\xff\n", p.Pause())
    assert "is no message" in caller.hear_goodbye()
    assert staged.inbox.get(timeout=60) == p.Save() and staged.inbox.empty()


def test_one_that_says_nothing_is_sent_away_after_a_while(staged: Staged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PATIENCE", 0.2)
    caller = Caller(staged.folder)
    assert "has not greeted" in caller.hear_goodbye() and "has not greeted" in staged.log


def test_one_that_is_killed_in_the_middle_of_a_line_is_named(staged: Staged) -> None:
    with attacked("dies", staged.folder) as process:
        wait_for(lambda: "it left in the middle of a line" in staged.log)
        assert process.wait(60) == -9 and f"process {process.pid} of" in staged.log


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_another_users_process_is_sent_away_even_where_it_may_open_the_socket(staged: Staged) -> None:
    staged.folder.chmod(0o755)
    socket_paths(staged.folder)[0].chmod(0o666)
    with attacked("stranger", staged.folder) as process:
        assert process.wait(60) == 0
    assert f"process {process.pid} of user 65534" in staged.log and "another user's process" in staged.log
    assert staged.inbox.empty()


def test_a_hundred_megabytes_without_an_end_take_no_memory(staged: Staged) -> None:
    Caller(staged.folder).greet()
    before = psutil.Process().memory_info().rss
    with attacked("hundred_megabytes", staged.folder) as process:
        assert process.wait(60) == 0
    assert psutil.Process().memory_info().rss - before < MOST_BYTES and "a line of more than" in staged.log


def test_thousands_who_come_at_once_are_sent_away_and_who_was_there_before_stays(staged: Staged) -> None:
    viewer = Viewer(staged.folder)
    before = psutil.Process().memory_info().rss
    with attacked("thousands", staged.folder) as process:
        assert process.wait(60) == 0
    assert psutil.Process().memory_info().rss - before < MOST_BYTES
    assert f"more than {server.MOST_CLIENTS} connections at once" in staged.log
    staged.tell(p.Resumed("scratch", 1))
    wait_for(lambda: viewer.seen(p.Resumed))
    wait_for(lambda: staged.seen(p.Watching)[-1].count == 2)
    wait_for(lambda: len(staged.server._clients) == 1)
    Caller(staged.folder).greet()
    viewer.link.close()
    staged.close()
    *named, count = staged.log.splitlines()
    assert len(named) < 100 and int(count.split(" away ")[0].split()[-1]) > 2000


def test_a_flood_of_commands_waits_where_it_comes_from(staged: Staged) -> None:
    with attacked("flood", staged.folder) as process:
        assert process.stdout is not None
        assert process.stdout.readline()  # no more is taken from it
        at_once = client.READ_AT_ONCE // 17
        assert wait_for(staged.inbox.qsize) < server.MOST_WAITING + at_once
        staged.tell(p.RunStarted("r", "", "scratch", "cpu", "float32", "m", ("a",), 8, 2, 4, 1, 2, 0.0))
        for _ in range(server.MOST_WAITING):
            assert staged.inbox.get(timeout=60) == p.Resume()
            assert staged.inbox.qsize() < server.MOST_WAITING + at_once
        viewer = Caller(staged.folder)
        viewer.greet()


def test_training_goes_on_bit_by_bit_under_all_of_them_at_once(small: RunConfig, alone: str) -> None:
    attacks = ["hundred_megabytes", "thousands", "dies"] + ["stranger"] * (os.getuid() == 0)
    with living(small) as run, ExitStack() as attackers:
        folder = run.start(held_at=6)
        attackers.enter_context(attacked("flood", folder))
        ended = [attackers.enter_context(attacked(what, folder)) for what in attacks]
        for data, _ in BAD.values():
            caller = Caller(folder)
            with suppress(OSError):  # it may be one too many just now
                caller.say(data)
                caller.leave_torn()
        run.wait_held()
        for process in ended:
            process.wait(60)
        run.let_go()
        assert run.end().weights_sha256 == alone
    log = (folder / "control.log").read_text()
    assert "process" in log and "unexpected" not in log and "please report" not in log
