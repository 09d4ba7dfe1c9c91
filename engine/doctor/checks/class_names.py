"""Names of classes that somebody did not mean as a class."""

import re
import unicodedata
from collections.abc import Iterator

from engine.data.samples import join_names
from engine.doctor.finding import Finding, Subject

NAMES = re.compile(
    r"(new|neuer|nouveau|untitled) ?(folder|ordner|dossier)?( ?\(?\d+\)?)?|folder ?\d*|untitled.*"
    r"|train(ing)?|val|valid(ation)?|test(ing)?|dev|images?|img|pictures?|photos?|data(set)?s?|labels?|annotations?"
    r"|misc|tmp|temp|trash|backup|old|thumbs?|thumbnails?|__pycache__|@eadir|lost\+found",
    re.IGNORECASE,
)
COPY = re.compile(r".+[ _-](copy|kopie|copie)( ?\(?\d+\)?)?|copy of .+|.+ ?\(\d+\)", re.IGNORECASE)


def find(subject: Subject) -> Iterator[Finding]:
    """Names that are no classes, and names that differ in nothing that matters."""
    classes = subject.examined.classes
    odd = [name for name in classes if NAMES.fullmatch(name) or COPY.fullmatch(name) or name.startswith((".", "_"))]
    if odd:
        yield Finding(
            check="class-names",
            severity="warning",
            count=len(odd),
            message=f"the name{'s' * (len(odd) != 1)} {join_names(odd)} {'do' if len(odd) != 1 else 'does'} not look "
            f"like the name of a class",
            remedy="rename the folder, or move it away if it is none",
            examples=_examples(subject, odd),
        )
    twins: dict[str, list[str]] = {}
    for name in classes:
        twins.setdefault(_plain(name), []).append(name)
    for names in twins.values():
        if len(names) > 1:
            yield Finding(
                check="class-names",
                severity="warning",
                count=len(names),
                message=f"the classes {join_names(names)} have nearly the same name",
                remedy="put the pictures into one folder, if they are one class",
                examples=_examples(subject, names),
            )


def _plain(name: str) -> str:
    """The name without what people write in different ways."""
    return re.sub(r"[\s_-]+", "", unicodedata.normalize("NFKC", name).casefold())


def _examples(subject: Subject, names: list[str]) -> tuple[tuple[str, ...], ...]:
    """A picture of each class."""
    first = {subject.class_of(number): number for number in range(len(subject.examined.paths) - 1, -1, -1)}
    return subject.paths(first[name] for name in names if name in first)
