"""A run reached by a command: a script that runs its arguments here stands for kubectl and srun."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import __version__
from engine import protocol as p
from engine.errors import UserError
from engine.protocol import encode
from engine.protocol.wire import VERSION
from engine.service.remote.relay_link import RelayLink
from engine.service.remote.via import by_command, by_ssh
from engine.storage.run_folder import CONFIG
from tests.engine.service.remote.living import Staged
from tests.paths import ROOT
from tests.tui.console import script

HELLO = encode(p.Hello(VERSION, __version__))
END = encode(p.RunFinished("scratch", 12, True, 0.5, 0.5, "", "aa", 1.0))
Connect = Callable[..., RelayLink]


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """The folder of the programs at the other end; `exec` leads there."""
    (tmp_path / "bin").mkdir()
    script(tmp_path / "exec", f'exec env -i PATH={tmp_path / "bin"}:/usr/bin:/bin sh -c \'exec "$@"\' sh "$@"')
    return tmp_path / "bin"


def connect(there: Path, run: str = "birds", via: str = "", program: str = "finetune-tui") -> RelayLink:
    way = by_command(via or str(there.parent / "exec"))
    return RelayLink(way, run, read_only=False, program=program, directory=None)


def refusal(*args: str, there: Path, **more: str) -> str:
    with pytest.raises(UserError) as caught:
        connect(there, *args, **more)
    assert caught.value.title == "Not attached"
    return caught.value.message


def test_a_run_is_watched_and_steered_through_it(there: Path, staged: Staged) -> None:
    script(there / "finetune-tui", f'PYTHONPATH={ROOT} exec {sys.executable} -m tui "$@"')
    (staged.folder / CONFIG).write_text("name: x")
    link = connect(there, str(staged.folder))
    events = link.events()
    assert isinstance(next(events), p.HistoryBegins)
    link.send(p.Pause())
    assert staged.inbox.get(timeout=60) == p.Pause()
    link.close()
    assert not any(isinstance(event, p.RunFailed) for event in events)


def test_words_reach_the_program_as_they_are(there: Path) -> None:
    script(there / "finetune-tui", f"echo \"$1|$2\" >&2; echo '{HELLO}'; echo '{END}'")
    assert list(connect(there, "it's a; run").events())[-1] == p.RunFinished(
        "scratch", 12, True, 0.5, 0.5, "", "aa", 1.0
    )
    script(there / "finetune-tui", 'echo "$1|$2" >&2')
    assert refusal("it's a; run", there=there).endswith("relay|it's a; run")


def test_noise_before_the_greeting_is_skipped(there: Path) -> None:
    script(there / "finetune-tui", f"echo Welcome to n12; echo Defaulted container >&2; echo '{HELLO}'; echo '{END}'")
    (end,) = connect(there).events()
    assert isinstance(end, p.RunFinished)


def test_a_command_that_is_not_there(there: Path) -> None:
    said = refusal(there=there, via="kubetcl exec -i POD --")
    assert said == "`kubetcl` cannot be started: No such file or directory; install it, or correct its name"


def test_a_program_that_is_not_on_the_other_sides_path(there: Path) -> None:
    missing = "exec: `finetune-tui` is not on the PATH there; say where it is with --program FILE"
    way = str(there.parent / "exec")
    assert refusal(there=there) == missing.replace("exec:", f"{way}:")
    for said in (
        'error: exec: "finetune-tui": executable file not found in $PATH; command terminated with exit code 127',
        "slurmstepd: error: execve(): finetune-tui: No such file or directory; srun: error: Exited with exit code 2",
    ):
        first, _, last = said.partition("; ")
        script(there / "other", f"echo '{first}' >&2; echo '{last}' >&2; exit 1")
        assert refusal(there=there, via=f"{there / 'other'} --").endswith(missing.partition(": ")[2])
    assert "`/opt/ft` is not on the PATH there" in refusal(there=there, program="/opt/ft")


def test_why_the_command_failed_is_said_not_its_last_line(there: Path) -> None:
    pod = script(
        there / "other", "echo 'error: pod birds-0 is not running' >&2; echo 'command terminated with exit code 1' >&2"
    )
    assert refusal(there=there, via=f"{pod} exec") == f"{pod}: error: pod birds-0 is not running"
    script(there / "finetune-tui", "echo 'No such run: birds is no run folder' >&2; exit 2")
    assert refusal(there=there).endswith("exec: No such run: birds is no run folder")
    script(there / "finetune-tui", "echo hello")
    assert refusal(there=there).endswith("no finetune-tui answers there (but it says: hello); see --program")
    script(there / "finetune-tui", f"echo '{encode(p.Hello(VERSION + 1, '9.9'))}'; exec sleep 600")
    assert refusal(there=there).endswith("there speaks another version of the protocol; use the same one")


@pytest.mark.parametrize(
    ("last", "why"), [("", "the connection has ended"), ("echo 'error: lost the pod' >&2", "error: lost the pod")]
)
def test_a_command_that_ends_early(there: Path, last: str, why: str) -> None:
    script(there / "finetune-tui", f"echo '{HELLO}'; read command; {last}")
    link = connect(there)
    link.send(p.Pause())
    (lost,) = link.events()
    said = f"{there.parent / 'exec'}: {why}; the run goes on, attach to it again"
    assert lost == p.RunFailed("Connection lost", said)


@pytest.mark.parametrize(
    ("via", "said"),
    [
        ("", "--via is empty; give a command such as --via 'kubectl exec -i POD --'"),
        ("ssh 'box", "--via ssh 'box: no closing quotation; close the quote"),
    ],
)
def test_a_command_line_that_is_none(via: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        by_command(via)
    assert caught.value.message == said


def test_ssh_gets_one_line_for_a_shell_and_another_command_the_words() -> None:
    assert by_ssh("box").line(["a b", "c"])[-2:] == ["box", "'a b' c"]
    assert by_command("kubectl exec -i {} --", "pod-1").line(["a b", "c"])[-4:] == ["pod-1", "--", "a b", "c"]
    for box in ("", "-oProxyCommand=x"):
        with pytest.raises(UserError, match="names no machine"):
            by_ssh(box)
