"""One list of runs over several machines; a script stands for ssh and for the machines."""

import json
import os
import shlex
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from engine.errors import UserError
from engine.service.remote.boxes import ask
from engine.service.remote.via import by_ssh
from engine.service.status import as_plain_values
from tests.paths import ROOT
from tests.tui.commands.test_runs import OVER, RUN, written
from tests.tui.console import script, until
from tui.commands import runs
from tui.commands.runs_table import Listed, table

# The last two words are the machine and a line for its shell; each machine is a folder with its programs.
SSH = """
for word; do box=$line; line=$word; done
test -d {boxes}/$box || {{ echo "ssh: connect to host $box port 22: Connection refused" >&2; exit 255; }}
PATH={boxes}/$box:/usr/bin:/bin exec /bin/sh -c "$line"
"""


@pytest.fixture
def boxes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a folder for each machine; `ssh` reaches them."""
    (tmp_path / "local").mkdir()
    script(tmp_path / "local" / "ssh", SSH.format(boxes=tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path / 'local'}:{os.environ['PATH']}")
    return tmp_path


def program(boxes: Path, box: str, text: str, name: str = "finetune-tui") -> None:
    (boxes / box).mkdir(exist_ok=True)
    script(boxes / box / name, text)


def lines_of(*found: object) -> str:
    return "".join(f"echo {shlex.quote(json.dumps(as_plain_values(run)))}\n" for run in found)  # type: ignore[arg-type]


def test_it_is_one_list_and_a_machine_that_does_not_answer_is_a_line(boxes: Path, capsys) -> None:
    written(boxes / "real" / "runs" / "x-1", 50.0)
    line = f'cd {boxes / "real"} && PYTHONPATH={ROOT} exec {sys.executable} -m tui "$@"'
    program(boxes, "real", line)
    away = replace(RUN, live=False, where="process 7 on n12", host="n12", seen=8.2)
    program(boxes, "box2", "echo Welcome to box2\n" + lines_of(OVER, away))
    program(boxes, "bare", "", "true")
    args = ["--on", "real, box2,down,bare,box2", "--dir", "runs"]
    assert runs.main(args) == 1
    out, err = capsys.readouterr()
    shown = [line.split()[:5] for line in out.splitlines()]
    assert shown == [
        ["host", "name", "state", "arm", "epoch"],
        ["box2", "birds-3", "training", "on", "n12,"],
        ["box2", "birds-2", "finished", "pretrained", "20/20"],
        ["real", "x-1", "lost", "–", "0/0"],
    ]
    assert err.splitlines() == [
        "down: ssh: connect to host down port 22: Connection refused",
        "bare: `finetune-tui` is not on the PATH there; say where it is with --program FILE",
    ]
    assert runs.main([*args, "--json"]) == 1
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(run["box"], run["host"], run["name"]) for run in told] == [
        ("box2", "n12", "birds-3"),
        ("box2", "", "birds-2"),
        ("real", "", "x-1"),
    ]
    assert told[0]["seen"] == 8.2


def test_machines_are_asked_at_the_same_time(boxes: Path, capsys) -> None:
    for box, other in (("box1", "box2"), ("box2", "box1")):
        wait = f"touch {boxes}/{box}/asked; until test -e {boxes}/{other}/asked; do sleep 0.01; done\n"
        program(boxes, box, wait + lines_of(OVER))
    assert runs.main(["--on", "box1,box2", "--json"]) == 0
    assert [json.loads(line)["box"] for line in capsys.readouterr().out.splitlines()] == ["box1", "box2"]


def test_one_that_hangs_is_given_up_with_all_that_it_has_started(boxes: Path) -> None:
    program(boxes, "hung", f"sleep 600 & echo $! > {boxes}/hung/sleeper; wait")
    started = boxes / "hung" / "sleeper"

    (answer,) = ask([by_ssh("hung", unattended=True)], ["finetune-tui"], seconds=0.0)
    assert (answer.runs, answer.problem) == ([], "no answer within 0 s")
    if started.exists() and (text := started.read_text().strip()):
        until(lambda: not psutil.pid_exists(int(text)), "the end of what it had started")


def test_another_command_reaches_them_by_their_names(boxes: Path, capsys) -> None:
    program(boxes, "pod-1", lines_of(RUN))
    way = script(boxes / "exec", f"cd {boxes}/$1 && shift && exec ./$@")
    assert runs.main(["--on", "pod-1", "--via", f"{way} {{}}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["box"] == "pod-1"
    assert runs.main(["--on", "pod-1", "--via", "kubetcl exec {} --"]) == 1
    said = "pod-1: `kubetcl` cannot be started: No such file or directory; install it, or correct its name\n"
    assert capsys.readouterr() == ("", said)


def test_what_another_version_says_is_read_as_far_as_it_can_be(boxes: Path, capsys) -> None:
    plain = as_plain_values(OVER)
    older = {key: value for key, value in plain.items() if key not in ("host", "job", "seen", "verdict", "metrics")}
    newer = plain | {"more": 1}
    strange = plain | {"state": "asleep"}
    said = "".join(f"echo {shlex.quote(json.dumps(run))}\n" for run in (older, newer, strange))
    program(boxes, "box1", said)
    assert runs.main(["--on", "box1", "--json"]) == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2
    assert err == "box1: some of its runs cannot be read: finetune-tui there is of another version\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--on", " ,"], "--on ` ,` names no machine; use --on BOX,BOX"),
        (["--on=-oProxyCommand=x"], "`-oProxyCommand=x` names no machine"),
        (["--via", "kubectl exec -i {} --"], "--via says how to reach the machines of --on; add --on BOX,BOX"),
    ],
)
def test_a_mistake_is_a_sentence(args: list[str], said: str) -> None:
    with pytest.raises(UserError) as caught:
        runs.main(args)
    assert caught.value.message.startswith(said)


@pytest.mark.parametrize("width", range(80, 200, 7))
def test_with_the_machines_it_fits(width: int) -> None:
    away = replace(RUN, name="n" * 300, live=False, host="n" * 60, seen=8.0)
    found = [Listed(away, "a-long-name.example.org"), Listed(replace(OVER, path="/p" * 300), "b")]
    assert max(map(len, table(found, width, 1_000_000.0, hosts=True))) <= width
