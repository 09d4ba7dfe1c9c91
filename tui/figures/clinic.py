"""What the screen knows of doubtful labels: the suspects of each arm, and what a person has said. Loads no Textual."""

from dataclasses import dataclass, field
from typing import NamedTuple

from engine.protocol import Arm, ArmStarted, Event, JudgedPicture, LabelCorrected, Suspect, Suspects


class Doubt(NamedTuple):
    """A training picture whose label the model contradicts, or of which a person has said what is right."""

    path: str
    suspect: Suspect | None
    "`None` if it is no suspect any more"
    judged: JudgedPicture | None
    "`None` if nothing was said of it"


@dataclass
class Clinic:
    """The suspects of the newest epoch, and the words of the one list that both arms follow."""

    suspects: dict[Arm, Suspects] = field(default_factory=dict)
    judged: dict[str, JudgedPicture] = field(default_factory=dict)
    "by path, in the order in which they were said"

    def fold(self, event: Event) -> None:
        """Take in an event."""
        match event:
            case Suspects():
                self.suspects[event.arm] = event
            case ArmStarted():
                self.judged = {picture.path: picture for picture in event.judged}
            case LabelCorrected():
                self.judged.pop(event.path, None)
                if event.verdict != "undecided":
                    self.judged[event.path] = JudgedPicture(event.path, event.verdict, event.label, event.epoch)
            case _:
                pass

    def doubts(self, arm: Arm | None) -> list[Doubt]:
        """The suspects of an arm, the worst first, then the other pictures of which something was said."""
        known = self.suspects[arm].pictures if arm in self.suspects else ()
        found = [Doubt(suspect.path, suspect, self.judged.get(suspect.path)) for suspect in known]
        paths = {suspect.path for suspect in known}
        return found + [Doubt(path, None, word) for path, word in self.judged.items() if path not in paths]
