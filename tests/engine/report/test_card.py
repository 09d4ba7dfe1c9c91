"""The model card: front matter that the hub reads, text that is shown as it is, no folder of this machine."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine import protocol as p
from engine.report.card import md, model_card, without_folders
from engine.report.page import section
from engine.report.reading import read_run
from tests.engine.report.told import CONFIG, HOSTILE, begun, epoch, finished, run, write_run

TESTED = p.BestTested("pretrained", 4, "best.pt", 0.3, 0.9, 100, metrics={"macro_f1": 0.875})


def card_of(folder: Path) -> tuple[dict[str, Any], str]:
    """The front matter and the text."""
    one = section(read_run(folder), 1)
    _, head, body = model_card(one.facts, one.caveats).split("---\n", 2)
    return yaml.safe_load(head), body


def test_the_front_matter_has_the_results_of_each_part(tmp_path: Path) -> None:
    head, _ = card_of(write_run(tmp_path / "a: #b", run(), begun(), *epoch(1, 0.75), TESTED, finished()))
    assert (head["pipeline_tag"], head["library_name"]) == ("image-classification", "pytorch")
    assert head["metrics"] == ["accuracy", "f1"] and "resnet18" in head["tags"]
    (index,) = head["model-index"]
    assert index["name"] == "a: #b"
    found = {
        (result["dataset"]["split"], metric["type"]): metric["value"]
        for result in index["results"]
        for metric in result["metrics"]
    }
    assert found == {("test", "accuracy"): 0.9, ("test", "f1"): 0.875, ("validation", "accuracy"): 0.75}
    assert {result["task"]["type"] for result in index["results"]} == {"image-classification"}


def test_the_library_of_the_hub_reads_it(tmp_path: Path) -> None:
    hub = pytest.importorskip("huggingface_hub")
    one = section(read_run(write_run(tmp_path / "a", run(), begun(), *epoch(1, 0.75), TESTED, finished())), 1)
    results = hub.ModelCard(model_card(one.facts, one.caveats)).data.eval_results
    assert [(result.dataset_split, result.metric_type, result.metric_value) for result in results] == [
        ("test", "accuracy", 0.9),
        ("test", "f1", 0.875),
        ("validation", "accuracy", 0.75),
    ]


def test_without_a_result_there_is_no_index_and_it_says_so(tmp_path: Path) -> None:
    head, body = card_of(write_run(tmp_path / "a", run(), begun()))
    assert "model-index" not in head and "metrics" not in head
    assert "There is no result: nothing was scored." in body and "The run has no end" in body


def test_no_folder_of_this_machine_is_in_it(tmp_path: Path) -> None:
    config = CONFIG.replace("data: {source: demo}", "data: {root: /home/ada/birds}").replace("resnet18", "vgg11")
    config += "checkpoint: {dir: /home/ada/runs}\n"
    config = config.replace("{name: vgg11}", "{name: vgg11, weights: /home/ada/w.pth}")
    started = p.ArmStarted("pretrained", 0, 1, 3, 4, (), "weights in /home/ada/w.pth")
    head, body = card_of(write_run(tmp_path / "a", run(), started, *epoch(1, 0.75), finished(), config=config))
    assert "/home" not in body and str(tmp_path) not in body and "secret.example" not in body
    assert "began with weights in w.pth" in body and head["model-index"][0]["results"][0]["dataset"]["name"] == "birds"


def test_names_are_shown_as_they_are_and_become_no_markup(tmp_path: Path) -> None:
    _, body = card_of(write_run(tmp_path / "a", run(), begun(), *epoch(1, 0.75), finished()))
    assert r"- \<script\>alert(1)\</script\>" in body and HOSTILE not in body
    assert '- a\\|b "\\&" \\*c\\*' in body
    blocks = re.findall(r"^`{3,}", body, re.MULTILINE)
    assert blocks and len(blocks) % 2 == 0


@pytest.mark.parametrize(
    ("text", "shown"),
    [("hot_dog", r"hot\_dog"), ("- a\nb", r"\- a b"), ("1. a", r"1\. a"), ("10 a", "10 a"), ("[x](y)", r"\[x\](y)")],
)
def test_markdown_is_escaped(text: str, shown: str) -> None:
    assert md(text) == shown


@pytest.mark.parametrize(
    ("text", "left"),
    [("in /a/b/c.pth: gone", "in c.pth: gone"), ("step 3/4", "step 3/4"), ("https://a.b/c/d", "https://a.b/c/d")],
)
def test_of_paths_only_the_end_is_left(text: str, left: str) -> None:
    assert without_folders(text) == left
