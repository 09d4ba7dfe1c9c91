"""Runs as folders with a journal, and a report as what a browser would make of it."""

from html.parser import HTMLParser
from pathlib import Path

from PIL import Image

from engine import protocol as p
from engine.storage.journal import Position

HOSTILE = "<script>alert(1)</script>"
CLASSES = ("cat", HOSTILE, 'a|b "&" *c*')
EPOCH = 4  # steps
CONFIG = "name: told\ndata: {source: demo}\nmodel: {name: resnet18}\nhooks: {failed: [curl, https://secret.example]}\n"
VOID = {"meta", "link", "br", "img"}

Told = p.Message | tuple[p.Command, Position]


def write_run(folder: Path, *told: Told, config: str = CONFIG) -> Path:
    """A run's folder with these in its journal, a second apart."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for number, one in enumerate(told):
        if isinstance(one, tuple):
            place = {f"at_{name}": value for name, value in one[1]._asdict().items()}
            lines.append(p.encode(one[0], at=1000.0 + number, **place))
        else:
            lines.append(p.encode(one, at=1000.0 + number))
    (folder / "journal.jsonl").write_text("".join(f"{line}\n" for line in lines))
    if config:
        (folder / "config.yaml").write_text(config)
    return folder


def run(val: int = 8, test: int = 20, classes: tuple[str, ...] = CLASSES, arm: p.Arm = "pretrained") -> p.RunStarted:
    return p.RunStarted(
        "told",
        "told",
        arm,
        "cuda:0 <GPU>",
        "float32",
        "resnet18",
        classes,
        16,
        test,
        4,
        3,
        EPOCH,
        900.0,
        val_images=val,
    )


def begun(arm: p.Arm = "pretrained", step: int = 0, branch: int = 1) -> p.ArmStarted:
    groups = (p.Group("backbone", 90, 1e-3), p.Group("head", 10, 1e-2))
    return p.ArmStarted(arm, step, step // EPOCH + 1, 3, EPOCH, groups, "weights of <nobody>", branch)


def epoch(
    number: int, accuracy: float, best: bool = True, arm: p.Arm = "pretrained", part: p.Part = "val"
) -> list[p.Message]:
    """The steps of an epoch, its evaluation of 8 pictures with what that got wrong, and its end."""
    last, images = number * EPOCH, 8
    right = round(accuracy * images)
    rates = {"backbone": 1e-3, "head": 1e-2 / number}
    steps: list[p.Message] = [
        p.TrainStep(arm, step, number, 1.0 / step, 0.5, 10.0, 0.1, rates) for step in range(last - EPOCH + 1, last + 1)
    ]
    wrong = ((0, 1, images - right),) if right < images else ()
    confusion = p.Confusion(arm, last, (images, 0, 0), (right, 0, 0), wrong, (), (right, images - right, 0))
    loss = 1.0 - accuracy
    end = p.EpochDone(arm, last, number, 3, 1.0, 0.5, loss, accuracy, 10.0, 0.1, rates, 10.0 * number, part=part)
    return [*steps, p.EvalDone(arm, last, number, loss, accuracy, images, best, part=part), confusion, end]


def finished(arm: p.Arm = "pretrained", step: int = 12, completed: bool = True) -> p.RunFinished:
    return p.RunFinished(arm, step, completed, 0.5, 0.5, "last.pt", "aa", 30.0, "val")


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (640, 320), (200, 30, 30)).save(path)
    return path


class Page(HTMLParser):
    """What a page consists of; it has to close each element that it opens."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    @property
    def text(self) -> str:
        """All text in one line, with plain spaces."""
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.texts.append(data)
