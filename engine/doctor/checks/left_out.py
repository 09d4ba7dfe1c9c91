"""Files below the folder that are no pictures of the run."""

from collections.abc import Iterator

from engine.doctor.finding import Finding, Subject
from engine.protocol.counting import counted


def find(subject: Subject) -> Iterator[Finding]:
    """A finding for each kind of file that was left out when the pictures were listed."""
    for kind in subject.catalogue.left_out:
        yield Finding(
            check="left-out",
            severity="warning" if kind.remedy else "note",
            count=kind.count,
            message=f"{counted(kind.count, kind.kind)} {'is' if kind.count == 1 else 'are'} left out",
            remedy=kind.remedy or "nothing is to be done: they are no pictures to train on",
            examples=((kind.example,),),
        )
