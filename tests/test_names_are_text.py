"""Names from outside are text on every way out: no terminal obeys the name of a class, of a file or of a run."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import protocol as p
from engine.cli import program
from engine.cli.preview import Pictures, count_pictures, find, lines
from engine.config import RunConfig, load_config
from engine.protocol.printable import json_line, printable, printable_lines
from engine.protocol.sentences import message
from tests.engine.conftest import SMALL, write_pictures
from tests.tui.commands.test_view import Viewed
from tui import cli
from tui.start_screen import setup
from tui.start_screen.app import StartApp
from tui.start_screen.filled import Filled
from tui.start_screen.looking import parse
from tui.start_screen.setup import SetupPage

OWNED, MARKUP, BROKEN = "c\x1b]0;owned\x07at\u202e", "[red]dog", "bro\x1b[2Jken\n.jpg"
SHOWN = r"c\x1b]0;owned\x07at\u202e"
RUN = "evil\x1b]52;c;AAAA\x07-1"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_pictures(tmp_path_factory.mktemp("escape"), {"train": 7, "test": 3}, (OWNED, MARKUP))
    (root / "train" / OWNED / BROKEN).write_text("no picture")
    return root


def configuration(root: Path, folder: Path) -> Path:
    file = folder / "small.yaml"
    text = SMALL.format(root=json.dumps(str(root)), runs=folder / "runs").replace("test/plain", "test/norm")
    file.write_text(text.replace("epochs: 2", "epochs: 1"))
    return file


@pytest.fixture(scope="module")
def trained(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a run that has ended, under a name of its own, and what it said."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        said: list[str] = []
        for name in ("stdout", "stderr"):
            patch.setattr(f"sys.{name}", Heard(said))
        assert program.main(["train", str(configuration(pictures, folder))]) == 0
    (folder / "runs" / "small-1").rename(folder / "runs" / RUN)
    return folder / "runs" / RUN, "".join(said)


class Heard:
    """A standard stream whose text a test keeps."""

    def __init__(self, said: list[str]) -> None:
        self._said = said

    def write(self, text: str) -> int:
        self._said.append(text)
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""

    def isatty(self) -> bool:
        return False


def clean(text: str) -> str:
    """The text, in which no terminal finds anything to obey."""
    assert printable_lines(text) == text, ascii(text)
    return text


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What a command prints, on both streams."""

    def run(main: Callable[[list[str]], int], *words: object, status: int = 0) -> str:
        assert main([*map(str, words)]) == status
        return clean("".join(capsys.readouterr()))

    return run


# --- lines --------------------------------------------------------------------------------------------------


def test_a_run_without_a_screen_shows_them_escaped_and_keeps_the_true_names(trained: tuple[Path, str]) -> None:
    folder, said = trained
    assert rf"{SHOWN}/bro\x1b[2Jken\n.jpg" in clean(said)
    events = [p.decode(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    assert next(e for e in events if isinstance(e, p.RunStarted)).classes == (MARKUP, OWNED)
    assert next(e for e in events if isinstance(e, p.ImageSkipped)).path.endswith(f"{OWNED}/{BROKEN}")


def test_look_status_runs_and_send_show_them_escaped(
    trained: tuple[Path, str], pictures: Path, tmp_path: Path, said: Callable[..., str]
) -> None:
    folder, _ = trained
    file = configuration(pictures, tmp_path)
    assert SHOWN in (text := said(program.main, "look", file)) and MARKUP in text
    assert SHOWN not in (as_json := said(program.main, "look", file, "--json"))
    assert [item["name"] for item in json.loads(as_json.splitlines()[0])["classes"]] == [MARKUP, OWNED]
    for words, status in ((["status", folder], 0), (["report", folder], 0), (["send", folder, "pause"], 2)):
        assert r"evil\x1b]52" in said(program.main, *words, status=status), words
    assert "52;c;AAAA" in said(cli.main, "runs", "--dir", folder.parent)


def test_predict_and_evaluate_show_them_escaped(
    trained: tuple[Path, str], pictures: Path, tmp_path: Path, said: Callable[..., str]
) -> None:
    folder, _ = trained
    given = [folder, pictures / "train", "--top-k", 2]
    for form in ([], ["--csv"]):
        text = said(program.main, "predict", *given, *form)
        assert SHOWN in text and MARKUP in text and r"bro\x1b[2Jken\n.jpg cannot be read" in text
    found = [
        json.loads(line) for line in said(program.main, "predict", *given, "--json").splitlines() if line[0] == "{"
    ]
    assert {top["class"] for item in found if "top" in item for top in item["top"]} == {OWNED, MARKUP}
    assert any(item["path"].endswith(f"{OWNED}/{BROKEN}") for item in found)
    tables = tmp_path / "pictures.csv", tmp_path / "confusion.csv"
    text = said(program.main, "evaluate", folder, "--pictures-csv", tables[0], "--confusion-csv", tables[1])
    assert SHOWN in text
    assert all(SHOWN in clean(table.read_text()) for table in tables)
    said(program.main, "evaluate", folder, "--json")


def test_the_label_clinic_shows_them_escaped(
    trained: tuple[Path, str], tmp_path: Path, said: Callable[..., str]
) -> None:
    folder, _ = trained
    (told,) = [e for e in map(p.decode, (folder / "journal.jsonl").open()) if isinstance(e, p.Suspects)]
    assert SHOWN in said(program.main, "clinic", folder, "--write", tmp_path / "list.csv")
    rows = [json.loads(line) for line in said(program.main, "clinic", folder, "--json").splitlines()]
    assert [row["path"] for row in rows] == [one.path for one in told.pictures] != []
    assert {row["label"] for row in rows} <= {OWNED, MARKUP}
    clean(message(p.LabelCorrected("scratch", 1, BROKEN, BROKEN, "wrong", OWNED, 2)))


def test_the_report_and_the_card_show_them_escaped(trained: tuple[Path, str], said: Callable[..., str]) -> None:
    folder, _ = trained
    said(program.main, "report", folder)
    page, card = (clean((folder / name).read_text()) for name in ("report.html", "MODEL_CARD.md"))
    assert SHOWN in page and r"\\x1b]0;owned" in card.replace(r"\]", "]")


def test_errors_show_them_escaped(tmp_path: Path, said: Callable[..., str]) -> None:
    (tmp_path / OWNED / "train" / "only").mkdir(parents=True)
    text = said(program.main, "look", "--data", tmp_path / OWNED, status=2)
    assert SHOWN in text
    assert r"\x1b]0;owned" in said(program.main, "train", tmp_path / f"{OWNED}.yaml", status=2)


# --- the screen ---------------------------------------------------------------------------------------------


def drawn(app: StartApp) -> str:
    """What is on the screen, after a look at each piece of it."""
    strips = app.screen._compositor.render_strips()
    return clean("\n".join("".join(segment.text for segment in strip) for strip in strips))


async def test_the_dashboard_shows_them_escaped(trained: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = trained
    screen = Viewed(shutil.copytree(folder, tmp_path / folder.name))
    async with screen.shown((200, 60)) as pilot:
        await screen.read(pilot)
        await pilot.press("8")  # the mistakes
        seen = ""
        for _ in range(3):  # each of its views
            await screen.draw(pilot)
            seen += drawn(screen.app)
            await pilot.press("v")
        assert r"c\x1b]0;owned" in seen and MARKUP in seen
        await pilot.press("L")
        await pilot.app.workers.wait_for_complete()
        await screen.draw(pilot)
        assert "you say" in drawn(screen.app)
        await pilot.press("escape", "l")
        await screen.draw(pilot)
        assert r"bro\x1b[2Jken\n.jpg" in re.sub(r"[│\s]", "", drawn(screen.app))


class Silent:
    """A look that a test answers for."""

    def __init__(self, words: object, report: Callable[[object, Pictures], object]) -> None:
        self.report = report
        Silent.made = self

    def end(self) -> None:
        """There is no process."""


async def test_the_start_screen_shows_them_escaped(
    pictures: Path, trained: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tui.start_screen.past_runs import PastRunsPage

    config: RunConfig = load_config(configuration(pictures, tmp_path))
    monkeypatch.setattr(setup, "Look", Silent)
    monkeypatch.setattr(setup, "TYPING_SECONDS", 0.01)
    app = StartApp(root=trained[0].parent)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(SetupPage(Filled(["--data", str(pictures)], str(pictures))))
        await app.workers.wait_for_complete()
        await pilot.pause(0.05)
        Silent.made.report(Silent.made, parse(lines(count_pictures(config, find(config)), True)[0]))
        await app.workers.wait_for_complete()
        await pilot.pause()
        seen = drawn(app)
        assert r"c\x1b]0;owned" in seen and MARKUP in seen
        await app.push_screen(PastRunsPage(trained[0].parent))
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert r"evil\x1b]52" in drawn(app)


# --- the functions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("café 日本 \N{COMBINING ACUTE ACCENT}", None),
        ("\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}", None),  # a family
        ("می\N{ZERO WIDTH NON-JOINER}خواهم", None),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\x9b31m\x7f\0", r"\x9b31m\x7f\x00"),
        ("\u202e\u2066\u200b\ufeff\u2028\u00ad", r"\u202e\u2066\u200b\ufeff\u2028\xad"),
        ("\U000e0041", r"\U000e0041"),  # letters that no screen shows
        ("caf\udce9", r"caf\xe9"),  # a byte that is not UTF-8
    ],
)
def test_what_a_terminal_could_obey_is_shown_as_python_writes_it(text: str, shown: str | None) -> None:
    assert printable(text) == (text if shown is None else shown)


@given(st.text())
def test_json_keeps_any_text_and_nothing_to_obey(text: str) -> None:
    assert json.loads(json_line({text: [text]})) == {text: [text]}
    clean(json_line({text: [text]}))
    assert printable(printable(text)) == printable(text)


def test_the_words_of_libraries_and_other_processes_are_shown_escaped() -> None:
    hostile = "first\x1b[2J\nsecond\x07"
    for event in (
        p.RunFailed("Failed", hostile),
        p.HookFailed("finished", hostile),
        p.PeerRefused(hostile, hostile, 1),
        p.LoaderStuck(1.0, (BROKEN,)),
        p.PicturesNoted(hostile),
    ):
        assert r"\x1b[2J" in clean(message(event))
