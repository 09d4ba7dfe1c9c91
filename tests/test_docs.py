"""The documents hang together: the README is short and leads to all of them, and every link leads somewhere."""

import re

import pytest

from tests.markdown import CHINESE, DOCUMENTS, README, Document
from tests.paths import ROOT

each = pytest.mark.parametrize("doc", DOCUMENTS, ids=lambda doc: doc.name)


def test_the_two_commands_come_first() -> None:
    assert README.code[0][1].split("\n") == ["make run", "make test", ""]


@pytest.mark.parametrize("doc", [README, CHINESE], ids=lambda doc: doc.name)
def test_a_readme_is_short_and_shows_the_program(doc: Document) -> None:
    assert len(doc.text.splitlines()) <= 250
    assert "docs/dashboard.svg" in doc.links


@each
def test_every_link_leads_to_a_file_and_its_anchor_to_a_heading(doc: Document) -> None:
    for link in doc.links:
        file, anchor = doc.target(link)
        assert file.exists() and file.is_relative_to(ROOT), link
        assert not anchor or anchor in Document(file).anchors, link


def test_every_document_can_be_reached_from_the_readme() -> None:
    seen, waiting = set(), [README]
    while waiting:
        doc = waiting.pop()
        if doc.name not in seen:
            seen.add(doc.name)
            files = {doc.target(link)[0] for link in doc.links}
            waiting += [Document(file) for file in files if file.suffix == ".md"]
    assert {doc.name for doc in DOCUMENTS} <= seen


@each
def test_every_file_it_names_exists(doc: Document) -> None:
    named = re.findall(r"`((?:engine|tui|tests|configs|docs)/[\w/.]*\w/?)`", doc.text)
    assert [name for name in named if not (ROOT / name).exists()] == []


@each
def test_every_module_it_names_exists(doc: Document) -> None:
    named = set(re.findall(r"(?:-m |`)((?:engine|tui|tests)(?:\.\w+)+)", doc.text))
    assert [name for name in named if not is_there(name)] == []


def is_there(name: str) -> bool:
    """Whether there is such a module, or such a name in one."""
    file = ROOT.joinpath(*name.split("."))
    if file.is_dir() or file.with_suffix(".py").exists():
        return True
    module = file.parent.with_suffix(".py")
    return module.exists() and bool(re.search(rf"^(?:def |class )?{file.name}\b", module.read_text(), re.MULTILINE))


@each
def test_every_make_target_it_names_exists(doc: Document) -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`|1 )make (\w+)", doc.text, re.MULTILINE)) <= targets


@each
def test_its_code_is_in_ascii(doc: Document) -> None:
    assert all(text.isascii() for _, text in doc.code)


def test_the_chinese_readme_has_the_same_parts_in_the_same_order() -> None:
    assert [depth for depth, _ in CHINESE.headings] == [depth for depth, _ in README.headings]
    assert CHINESE.code == README.code
    assert CHINESE.links[1:] == README.links[1:]
    assert (README.links[0], CHINESE.links[0]) == ("README.zh.md", "README.md")
    for mark in ("| `", "- ", "1. "):
        starts = [sum(line.startswith(mark) for line in doc.text.splitlines()) for doc in (README, CHINESE)]
        assert starts[0] == starts[1], mark


def test_the_chinese_readme_has_the_same_numbers_and_commands() -> None:
    def facts(doc: Document) -> list[str]:
        return sorted({*re.findall(r"`[^`]+`", doc.prose), *re.findall(r"\d[\d.,x]*\d", doc.prose)})

    both = [facts(doc) for doc in (README, CHINESE)]
    assert set(both[0]) <= set(both[1]), "the Chinese README lacks these"
