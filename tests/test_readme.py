"""The README says what is true: what it names exists, and what exists and matters is named."""

import re
from typing import get_args

import pytest

from engine import protocol
from engine.cli.look import Estimate, Pictures
from engine.service.send import WORDS
from engine.service.status import RunStatus
from tests.paths import ROOT
from tui.keys import KEYS

README = (ROOT / "README.md").read_text()


def test_the_two_commands_come_first():
    first = README.split("```")[1]
    assert re.findall(r"^make \w+", first, re.MULTILINE) == ["make run", "make test"]


def test_every_link_to_a_file_leads_to_one():
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert links and all((ROOT / link).exists() for link in links)


def test_every_module_it_names_exists():
    named = re.findall(r"`((?:engine|tui|tests|configs|checkpoints)/[\w/.]+)`", README)
    assert named
    missing = [name for name in named if not (ROOT / name).exists()]
    assert missing == []


def test_every_make_target_it_names_exists():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make (\w+) ", README)) <= targets


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_every_key_is_in_the_table(key):
    table = README.split("## Keys")[1].split("\n## ")[0]
    assert f"`{key.shown}`" in table


@pytest.mark.parametrize("event", get_args(protocol.Event), ids=lambda event: event.__name__)
def test_every_event_and_its_fields_are_in_the_table(event):
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", event.__name__).lower()
    row = next(line for line in README.splitlines() if line.startswith(f"| `{name}`"))
    assert all(f"`{field}`" in row for field in event.__dataclass_fields__)


@pytest.mark.parametrize("word", WORDS)
def test_every_word_for_scripts_is_in_the_table(word):
    table = README.split("## From scripts")[1].split("\n## ")[0]
    assert re.search(rf"^\|.*`{word}[` ]", table, re.MULTILINE)


def test_every_field_of_a_summary_is_named():
    text = README.split("## From scripts")[1].split("\n## ")[0]
    assert all(f"`{field}`" in text for field in RunStatus.__dataclass_fields__)


@pytest.mark.parametrize("said", [Pictures, Estimate], ids=lambda said: said.__name__)
def test_every_field_of_what_look_says_is_named(said):
    text = README.split("## Without a screen")[1].split("\n## ")[0]
    assert all(f"`{field}`" in text for field in said.__dataclass_fields__)
