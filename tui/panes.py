"""The panes of the body: their digits, what they show, and what room they want. Loads no Textual."""

from dataclasses import dataclass

from tui.layout import Want


@dataclass(frozen=True, slots=True)
class Pane:
    """A pane of the body."""

    digit: str
    "the key that switches it on and off"
    want: Want
    help: str
    "what it shows, in words for a learner"
    expensive: bool = False
    "whether it is drawn at the pace of the plots, which is slower than that of the numbers"

    @property
    def name(self) -> str:
        """Its name in the layout, and its widget's id."""
        return self.want.name


# Ranks say what comes first where there is little room; `app.tcss` has the looks, `tui/layout.py` the places.
PANES: tuple[Pane, ...] = (
    Pane(
        "1",
        Want("loss", 6, width=46, least=7, weight=3, main=True),
        "Cross entropy: how much the right answer surprises the model; it should fall for new pictures (points), too.",
        expensive=True,
    ),
    Pane(
        "2",
        Want("accuracy", 1, width=46, least=7, weight=3, stretch=3, main=True),
        "Share of pictures that are classified correctly; the points, for pictures not trained on, count.",
        expensive=True,
    ),
    Pane(
        "3",
        Want("lr", 8, width=46, least=7, weight=2),
        "Learning rate of each parameter group in each step: its base rate times the schedule's multiplier.",
        expensive=True,
    ),
    Pane(
        "4",
        Want("gradient", 9, width=46, least=7, weight=2),
        "Length of the gradient of all trained parameters: one that grows without end means too high a rate.",
        expensive=True,
    ),
    Pane(
        "5",
        Want("progress", 2, width=36, least=6, rows=6, most=42),
        "How far the current arm is, how fast, what its time goes to, and what is safe on the disk.",
    ),
    Pane(
        "6",
        Want("comparison", 3, width=36, least=6, rows=6, most=41),
        "Both arms beside each other: what pretrained weights are worth on your pictures. The difference of the best "
        "accuracies is given with the interval that holds the true one in 95 of 100 cases.",
    ),
    Pane(
        "7",
        Want("rates", 4, width=36, least=3, rows=3, most=41),
        "How large a step each parameter group takes: old layers a small one, the new last layer one ten times larger.",
    ),
    Pane(
        "8",
        Want("system", 5, width=36, least=3, rows=3, most=44),
        "Use of the machine that trains: a GPU well below 100 % waits for something.",
    ),
    Pane(
        "9",
        Want("mistakes", 10, width=36, least=6, weight=3, stretch=3),
        "What the last evaluation gets wrong: the worst classes, what they are predicted as, and the pictures themselves.",
    ),
    Pane(
        "0",
        Want("log", 7, width=36, least=3, weight=1),
        "The last things the run said; l shows all of them.",
    ),
)
