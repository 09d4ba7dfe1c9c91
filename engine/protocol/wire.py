"""Messages that a run's socket carries beside events and commands. Each is a line of JSON, too."""

from dataclasses import dataclass

from engine.protocol.values import Bool, Int

VERSION = 1
"version of the protocol; it has to be the same at both ends"


@dataclass(frozen=True, slots=True)
class Hello:
    """The first line of both ends."""

    version: Int
    "version of the protocol"
    program: str
    "version of the program, for people"
    journal: Int = 0
    "from the run: how many bytes of its journal come before the events that follow"
    begun: Bool = False
    "from the run: whether it is where that history ends; otherwise it is loading"
    watch: Bool = True
    "from the client: whether it wants the events"
    control: Bool = True
    "from the client: whether it may send commands"


@dataclass(frozen=True, slots=True)
class Behind:
    """The client was too slow and lost events. The first `journal` bytes of the journal have all that matter."""

    journal: Int
    begun: Bool = True
    "as in `Hello`"


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The last line: why the run closes the connection."""

    reason: str


def mismatch(run: Hello, viewer: Hello) -> str:
    """The message that the versions differ, for people at both ends. What the greetings hold is cut and escaped."""
    return (
        f"the run speaks version {_of(run)} of the protocol, what attaches to it version {_of(viewer)}; "
        "use the same version of the program for both"
    )


def _of(hello: Hello) -> str:
    return f"{str(hello.version)[:10]} (finetune-tui {ascii(hello.program[:20])[1:-1]})"
