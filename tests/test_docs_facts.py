"""The documents say what is true: what they name exists, and what exists and matters is named."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from engine import protocol
from engine.cli.first_weights import Weights
from engine.cli.preview import Estimate, Pictures
from engine.config import load_config
from engine.service.status import RunStatus
from engine.service.words import WORDS
from tests.markdown import DOCUMENTS, README, cells, document
from tests.paths import ROOT
from tui.keys import KEYS
from tui.panes import PANES

ARCHITECTURE, EVENTS, KEYS_DOC, SCRIPTS = map(
    document, ("docs/architecture.md", "docs/events.md", "docs/keys.md", "docs/scripts.md")
)


def in_code(text: str) -> set[str]:
    """All that stands between backquotes."""
    return set(re.findall(r"`([^`]+)`", text))


def rows(text: str, first: str) -> list[str]:
    """The rows of tables whose first cell begins with `first` as code."""
    return [line for line in text.splitlines() if line.startswith(f"| `{first}`")]


# --- keys ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_every_key_is_in_the_table(key) -> None:
    table = KEYS_DOC.section("Keys")
    if key.pane:
        table = "\n".join(line for line in table.splitlines() if line.startswith(f"| {key.pane} "))
    assert f"`{key.shown}`" in table


def test_the_readmes_short_list_names_no_other_keys() -> None:
    shown = {key.shown for key in KEYS} | {"tab", "ctrl+p"}
    assert set().union(*(in_code(cells(row)[0]) for row in README.section("Keys").splitlines()[2:] if row)) <= shown


@pytest.mark.parametrize("pane", PANES, ids=lambda pane: pane.name)
def test_every_pane_is_in_the_table_with_its_digit(pane) -> None:
    (row,) = rows(KEYS_DOC.section("Panes"), pane.digit)
    assert cells(row)[1] == pane.name


@pytest.mark.parametrize("flag", ["--ascii", "--theme NAME", "--refresh S", "--lowbw", "--no-notify", "--no-mouse"])
def test_every_flag_of_the_screen_is_in_the_table(flag: str) -> None:
    assert rows(KEYS_DOC.section("Terminals"), flag)


# --- events -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", get_args(protocol.Event), ids=lambda event: event.__name__)
def test_every_event_and_its_fields_are_in_the_table(event) -> None:
    name = protocol.name_of(object.__new__(event))  # only its class matters
    (row,) = rows(EVENTS.text, name)
    assert in_code(cells(row)[2]) == {field.name for field in fields(event)}


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("groups", protocol.Group),
        ("settings", protocol.Setting),
        ("mistakes", protocol.Mistake),
        ("points", protocol.RestorePoint),
        ("gpus", protocol.Gpu),
        ("pictures", protocol.Suspect),
        ("judged", protocol.JudgedPicture),
    ],
)
def test_the_fields_of_objects_in_events_are_named(field: str, kind) -> None:
    (row,) = rows(EVENTS.section("Objects in events"), field)
    assert {field.name for field in fields(kind)} <= in_code(cells(row)[1])


# --- scripts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", WORDS)
def test_every_word_for_scripts_is_in_the_table_with_its_arguments(word: str) -> None:
    (row,) = [
        line for line in SCRIPTS.section("Steering a live run").splitlines() if re.match(rf"\| `{word}[ `]", line)
    ]
    assert all(argument in cells(row)[0] for argument in WORDS[word].arguments)


def test_every_field_and_every_state_of_a_status_is_named() -> None:
    text = SCRIPTS.section("Where a run stands")
    assert {field.name for field in fields(RunStatus)} <= in_code(text)
    (states,) = (field.type for field in fields(RunStatus) if field.name == "state")
    assert set(get_args(states)) <= in_code(text)


@pytest.mark.parametrize("said", [Pictures, Weights, Estimate], ids=lambda said: said.__name__)
def test_every_field_of_what_look_says_is_named(said) -> None:
    (row,) = rows(SCRIPTS.section("Looking before training"), said.__name__.lower())
    assert in_code(cells(row)[1]) == {field.name for field in fields(said)}


@pytest.mark.parametrize(
    ("name", "text"),
    [(doc.name, text) for doc in DOCUMENTS for language, text in doc.code if language == "yaml"],
)
def test_every_configuration_it_shows_is_a_good_one(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "shown.yaml").write_text(f"data: {{root: pictures}}\n{text}")
    load_config(tmp_path / "shown.yaml")


# --- architecture -------------------------------------------------------------------------------------------


def layers(contract: str) -> list[set[str]]:
    """The layers of a contract on imports, from the highest to the lowest."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (found,) = (one["layers"] for one in contracts if one["name"].startswith(contract))
    return [{name.rpartition(".")[2] for name in re.split(r"[ |:]+", layer)} for layer in found]


def test_the_rooms_of_the_engine_are_listed_in_the_order_in_which_imports_may_run() -> None:
    listed = re.findall(r"^\| `engine/(\w+)", ARCHITECTURE.section("The engine's rooms"), re.MULTILINE)
    assert [{name} for name in listed] == layers("The engine's rooms")


def test_the_folders_of_the_screen_are_listed_in_the_order_in_which_imports_may_run() -> None:
    listed = re.findall(r"^\| `tui/(\w+)/`", ARCHITECTURE.section("The screen's folders"), re.MULTILINE)
    order = layers("The screen's rooms")
    places = [next(place for place, layer in enumerate(order) if name in layer) for name in listed]
    assert places == sorted(places)


def test_every_table_that_a_new_part_is_a_row_of_is_there() -> None:
    named = {name for name in in_code(ARCHITECTURE.section("How to add")) if name.isupper()}
    sources = "\n".join(file.read_text() for package in ("engine", "tui") for file in (ROOT / package).rglob("*.py"))
    assert named
    assert [name for name in named if not re.search(rf"^{name}\b", sources, re.MULTILINE)] == []


@pytest.mark.parametrize("package", ["engine", "tui"])
def test_every_folder_of_the_program_is_named(package: str) -> None:
    folders = {f"{package}/{file.parent.name}/" for file in (ROOT / package).glob("*/__init__.py")}
    assert folders
    assert folders <= in_code(ARCHITECTURE.prose)
