"""What goes over a run's socket beside events and commands: a line of JSON each, as they are."""

from dataclasses import dataclass

from engine.protocol.values import Bool, Int

VERSION = 1
"of the protocol: both ends have to speak the same"


@dataclass(frozen=True, slots=True)
class Hello:
    """The first line of both ends."""

    version: Int
    "of the protocol"
    program: str
    "version of the program, for people"
    journal: Int = 0
    "from the run: how many bytes of its journal are told before what comes next"
    begun: Bool = False
    "from the run: whether it is where that history ends; otherwise it is still loading"
    watch: Bool = True
    "from the peer: whether it wants the events"
    control: Bool = True
    "from the peer: whether it may send commands"


@dataclass(frozen=True, slots=True)
class Behind:
    """The peer was too slow: some events were left out. All that are kept stand in the journal's first bytes."""

    journal: Int
    begun: Bool = True
    "as in `Hello`"


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The last line: why the peer is sent away."""

    reason: str


def mismatch(run: Hello, viewer: Hello) -> str:
    """That the two do not understand each other, for whoever sits at either end; both are cut and escaped."""
    return (
        f"the run speaks version {_of(run)} of the protocol, what attaches to it version {_of(viewer)}; "
        "use the same version of the program for both"
    )


def _of(hello: Hello) -> str:
    return f"{str(hello.version)[:10]} (finetune-tui {ascii(hello.program[:20])[1:-1]})"
