"""What a document of the project says: its headings, links, tables and code."""

import re
from functools import cached_property
from pathlib import Path

from tests.paths import ROOT

CODE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)


class Document:
    """A Markdown file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def prose(self) -> str:
        """The text without its blocks of code."""
        return CODE.sub("", self.text)

    @property
    def code(self) -> list[tuple[str, str]]:
        """Language and text of each block of code."""
        return CODE.findall(self.text)

    @property
    def headings(self) -> list[tuple[int, str]]:
        """Depth and text."""
        return [(len(marks), title) for marks, title in HEADING.findall(self.prose)]

    @property
    def anchors(self) -> set[str]:
        """What can follow a `#` in a link here, as GitHub makes it of the headings; none stands twice."""
        names = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for _, title in self.headings]
        assert len(names) == len(set(names)), f"{self.name} has two headings of one name"
        return set(names)

    @property
    def links(self) -> list[str]:
        """Links to files of the project, pictures included."""
        return [link for link in LINK.findall(self.prose) if not re.match(r"\w+:", link)]

    def target(self, link: str) -> tuple[Path, str]:
        """File and anchor that a link leads to."""
        file, _, anchor = link.partition("#")
        return (self.path.parent / file).resolve() if file else self.path, anchor

    def section(self, title: str) -> str:
        """The prose from a heading to the next one of the same depth or higher."""
        marks = next("#" * depth for depth, text in self.headings if text == title)
        after = self.prose.split(f"\n{marks} {title}\n", 1)[1]
        return re.split(rf"^#{{1,{len(marks)}}} ", after, maxsplit=1, flags=re.MULTILINE)[0]


def document(name: str) -> Document:
    return Document(ROOT / name)


def cells(row: str) -> list[str]:
    """The cells of a row of a table."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


README, CHINESE = document("README.md"), document("README.zh.md")
DOCUMENTS = [README, CHINESE, *(Document(path) for path in sorted((ROOT / "docs").glob("*.md")))]
