"""What somebody might send: commands come out or the peer is sent away, nothing else. `make soak` sends far more."""

import os
import random
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from engine import protocol as p
from engine.protocol.wire import VERSION
from engine.service.remote.address import connect
from engine.service.remote.client import LONGEST, Client, DisconnectError
from engine.service.remote.lines import Lines, TooLongError
from engine.service.remote.watchers import Watchers
from tests.engine.service.remote.living import Caller, Staged

INPUTS = int(os.environ.get("FUZZ_INPUTS", "10000"))
HELLO = p.encode(p.Hello(VERSION, "test")).encode() + b"\n"
COMMANDS: list[p.Command] = [
    *(p.Pause(), p.Pause(True), p.Resume(), p.Save(), p.Evaluate(), p.Stop(), p.Release(), p.StopAfterEpoch(False)),
    *(p.SwitchArm("scratch"), p.SetRate("head", 1e-3), p.ScaleRate("head", 2.0), p.SetFrozen("head")),
    *(p.SetEpochs(3), p.SetMicroBatch(2), p.Rewind("start")),
]
VALID = [p.encode(command).encode() for command in COMMANDS]
BITS = [b'"type"', b"{", b"}", b"[", b"null", b"NaN", b"-Infinity", b"1e999", b"\x00", b"\xff\xfe", b"\\ud800", b'"']


def mutated(rng: random.Random) -> bytes:
    line = bytearray(rng.choice(VALID))
    for _ in range(rng.choice([1, 1, 2, 5])):
        at = rng.randrange(len(line) + 1)
        match rng.randrange(4):
            case 0:
                line[at : at + rng.randrange(4)] = b""
            case 1:
                line[at:at] = rng.choice(BITS)
            case 2:
                line[at : at + 1] = rng.randbytes(1)
            case 3:
                line[at:at] = line[: rng.randrange(10)]
    return bytes(line)


def nested(rng: random.Random) -> bytes:
    depth = rng.randrange(1, 1200)
    return b'{"type": "save", "x": ' + rng.choice([b"[" * depth, b'{"a":' * (depth // 2), b"[" * depth + b"]" * depth])


def number(rng: random.Random) -> bytes:
    digits = rng.choice([b"9" * rng.randrange(1, 4000), b"1e" + b"9" * rng.randrange(1, 6), b"-0.0", b"1E-400"])
    return b'{"type": "%s", "epochs": %s, "version": %s}' % (rng.choice([b"set_epochs", b"hello"]), digits, digits)


KINDS: list[Callable[[random.Random], bytes]] = [
    *[mutated] * 6,
    lambda rng: rng.choice(VALID),
    lambda rng: rng.randbytes(rng.randrange(60)),
    lambda rng: rng.choice(VALID)[: rng.randrange(10)],
    lambda rng: bytes(rng.choice(b'{}[]":,0123456789truefalsn \\u') for _ in range(rng.randrange(40))),
    lambda rng: rng.choice(VALID).decode().encode(rng.choice(["utf-16", "utf-32", "cp037"])),
    lambda rng: HELLO[:-1],
]
RARE = [nested, number, lambda rng: b"x" * rng.randrange(2 * LONGEST)]


def inputs(rng: random.Random) -> Iterator[bytes]:
    while True:
        kind = rng.choice(RARE if rng.random() < 0.02 else KINDS)
        yield kind(rng) + b"\n" * (rng.random() < 0.97)


def in_pieces(data: bytes, rng: random.Random) -> Iterator[bytes]:
    while data:
        size = rng.choice([1, 3, 10, 100, 1000, 1 << 16])
        yield data[:size]
        data = data[size:]


def test_inputs_of_all_kinds_give_commands_or_a_reason_to_send_the_peer_away() -> None:
    rng = random.Random(0)
    ours, theirs = socket.socketpair()
    watchers, many = Watchers(), inputs(random.Random(1))
    commands, reasons, fed = 0, 0, 0
    client = Client(ours, watchers)
    while fed < INPUTS:
        data = b"".join(next(many) for _ in range(rng.choice([1, 1, 1, 2, 4])))
        fed += 1
        try:
            if client.hello is None and rng.random() < 0.98:
                list(client.parse(HELLO))
            for piece in in_pieces(data, rng):
                for command in client.parse(piece):
                    assert isinstance(command, p.Command)
                    commands += 1
                assert len(client._lines._part) <= LONGEST and len(client._out) < 1000
        except DisconnectError as leaving:
            reason = str(leaving)
            assert reason.isascii() and reason.isprintable() and len(reason) < 300
            reasons += 1
            if client.backlog is not None:
                watchers.remove(client.backlog)
            client = Client(ours, watchers)
    assert commands > INPUTS / 20 and reasons > INPUTS / 5
    ours.close()
    theirs.close()


def test_lines_are_the_same_however_they_are_cut_into_pieces() -> None:
    rng = random.Random(2)
    for _ in range(100):
        lines = [rng.randbytes(rng.randrange(80)).replace(b"\n", b"") for _ in range(20)]
        cut = Lines(100)
        found = [line for piece in in_pieces(b"\n".join(lines) + b"\n", rng) for line in cut.feed(piece)]
        assert found == [line.decode(errors="replace") for line in lines] and not cut.incomplete


@pytest.mark.parametrize("size", [1, 100, 1 << 16])
def test_a_line_without_an_end_is_given_up_with_bounded_memory(size: int) -> None:
    lines = Lines(1000)
    for _ in range(2):
        with pytest.raises(TooLongError):
            for _ in range(2000):
                lines.feed(b"x" * size)
        assert len(lines._part) <= 1000


def test_hundreds_of_them_through_the_socket_leave_it_as_it_was(staged: Staged) -> None:
    rng, many = random.Random(3), inputs(random.Random(4))
    end = time.monotonic() + 60
    for _ in range(INPUTS // 50):
        client = connect(staged.folder, 60)
        client.setblocking(False)
        data = (HELLO if rng.random() < 0.9 else b"") + b"".join(next(many) for _ in range(rng.randrange(1, 20)))
        for piece in in_pieces(data, rng):
            try:
                client.send(piece)
            except OSError:  # it has been sent away already
                break
        client.close()
        while not staged.inbox.empty():
            assert isinstance(staged.inbox.get(), p.Command)
        assert time.monotonic() < end
    caller = Caller(staged.folder)
    caller.greet()
    caller.close()
    staged.close()
    assert int(staged.log.splitlines()[-1].split(" away ")[0].split()[-1]) > INPUTS // 200
    assert "unexpected" not in staged.log and "please report" not in staged.log
