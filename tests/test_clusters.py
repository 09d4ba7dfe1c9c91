"""The files in docs/clusters: their own linters find nothing, and the program takes what they say to it."""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from engine.cli.program import subcommand
from engine.service.launch import plan
from tests.markdown import document
from tests.paths import ROOT

FILES = ROOT / "docs" / "clusters"
SBATCH, JOB, TASK, DOCKERFILE = (FILES / name for name in ("train.sbatch", "job.yaml", "task.sky.yaml", "Dockerfile"))


def tool(name: str) -> str:
    """A linter that is installed beside the interpreter."""
    return str(Path(sys.executable).with_name(name))


@pytest.mark.parametrize("words", [("shellcheck", SBATCH), ("hadolint", DOCKERFILE)], ids=lambda words: words[0])
def test_a_linter_finds_nothing(words: tuple[str, Path]) -> None:
    done = subprocess.run([tool(words[0]), words[1]], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_kubernetes_knows_every_field_of_the_job() -> None:
    kubernetes_validate.validate(yaml.safe_load(JOB.read_text()), "1.31", strict=True)


def test_skypilot_reads_the_task() -> None:
    sky = pytest.importorskip("sky")
    assert sky.Task.from_yaml(str(TASK)).name == "birds"


def commands() -> list[tuple[str, list[str]]]:
    """The name of each file, and the words after `finetune-tui train` in it."""
    container = yaml.safe_load(JOB.read_text())["spec"]["template"]["spec"]["containers"][0]
    found = [(JOB.name, container["args"][1:])]
    for path, text in ((SBATCH, SBATCH.read_text()), (TASK, yaml.safe_load(TASK.read_text())["run"])):
        words = re.search(r"finetune-tui train ((?:.*\\\n)*.*)", text)
        assert words is not None
        found.append((path.name, shlex.split(words[1].replace("\\\n", " ").replace("$requeue", "85"))))
    return found


@pytest.mark.parametrize(("name", "words"), commands(), ids=lambda value: value if isinstance(value, str) else "")
def test_the_program_takes_the_command(
    name: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    here = [re.sub(r"=(/data/birds|\$\{DATA:-/data/birds\})$", f"={tmp_path}", word) for word in words]
    parser = argparse.ArgumentParser()
    subcommand("train").add_arguments(parser)
    config = plan(parser.parse_args(here)).config
    assert config.name == "birds" and config.data.root == tmp_path


def test_the_status_that_asks_for_another_job_is_the_same_everywhere() -> None:
    rules = yaml.safe_load(JOB.read_text())["spec"]["podFailurePolicy"]["rules"]
    assert rules[0]["onExitCodes"]["values"] == [85]
    assert all("checkpoint.signal_exit=85" in " ".join(words) for name, words in commands() if name != TASK.name)


def test_each_file_is_explained() -> None:
    links = document("docs/clusters.md").links
    names = {path.name for path in FILES.iterdir() if not path.name.startswith("Dockerfile.")}
    assert {f"clusters/{name}" for name in names} <= set(links)


@pytest.mark.skipif("DOCKER" not in os.environ, reason="builds an image of some GB; `make soak` does it")
def test_the_image_is_built_and_trains_the_demo() -> None:
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "info"], check=False, capture_output=True).returncode
    ):
        pytest.skip("no docker answers")
    subprocess.run(["docker", "build", "--file", DOCKERFILE, "--tag", "finetune-tui-test", ROOT], check=True)
    words = ["train", "--demo", "--epochs", "1", "--set", "checkpoint.dir=/runs"]
    container = ["docker", "run", "--rm", "--init", "finetune-tui-test", *words]
    done = subprocess.run(container, check=False, capture_output=True, text=True)
    assert done.returncode == 0 and "finished" in done.stdout
