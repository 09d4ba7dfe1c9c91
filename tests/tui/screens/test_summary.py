"""The end of a run is a summary, once: what came of it, and steps that do what they say."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine import protocol as p
from tests.tui.journals import begun, write_run
from tests.tui.story import BEGUN, BOTH_ARMS, RUN_STARTED, TRAINING, Screen, started, trained
from tui.afterwards import rescored
from tui.calling import Call, Done
from tui.next_steps import NEXT_STEPS
from tui.outcome import headline, rows, winner
from tui.screens.best_mistakes import BestMistakesScreen
from tui.screens.choice import ChoiceScreen
from tui.screens.summary import SummaryScreen
from tui.screens.work import WorkScreen
from tui.state import UiState

DONE = p.ArmFinished("pretrained", 30, 0.96, 0.96, 13.5)
FINISHED = [*BEGUN, *trained("pretrained", 1, 30), DONE]
AVERAGE = p.AverageScored("pretrained", 30, 3, 0.5, 0.1, 0.97, 400, best=True, part="test")


def folded(events: list[p.Event]) -> UiState:
    state = UiState()
    for event in events:
        state.fold(event)
    return state


def at(folder: Path, events: list[p.Event]) -> list[p.Event]:
    """The events of a run in a folder."""
    return [replace(event, path=str(folder)) if isinstance(event, p.RunStarted) else event for event in events]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run's folder with what a person did, and with restore points."""
    folder = write_run(tmp_path / "demo-1", begun("demo-1"), started(), *trained("pretrained", 1, 14))
    froze = p.encode(p.SetFrozen("backbone"), at=1.0, at_arm="pretrained", at_branch=1, at_step=15, at_change=0)
    with (folder / "journal.jsonl").open("a") as journal:
        journal.write(froze + "\n" + p.encode(DONE, at=2.0) + "\n")
    (folder / "pretrained" / "points").mkdir(parents=True)
    for name in ("last", "best", "points/1-000010-0", "points/1-000014-0"):
        (folder / "pretrained" / f"{name}.pt").write_bytes(bytes(2**20))
    return folder


async def settled(screen: Screen, pilot) -> str:
    """What is on the screen when the folder has been read."""
    await screen.app.workers.wait_for_complete()
    await pilot.pause()
    return " ".join(screen.text().replace("│", " ").split())


async def test_it_says_what_came_of_the_run_and_what_comes_next(run: Path):
    screen = Screen(at(run, FINISHED), summary=True)
    async with screen.shown((120, 36)) as pilot:
        text = await settled(screen, pilot)
        assert "pretrained is done: 30 steps; the scratch arm has not been trained" in text
        assert "best 96.0 % of 400 test pictures (epoch 3): " in text
        assert "pretrained/best.pt" in text.replace(" ", ""), "a long path goes over two lines"
        assert "last 96.0 % (step 30): " in text and "· 0:14 " in text and "for 3 of 3 epochs" in text
        assert "not_hot_dog 94.5 % (mostly predicted as hot_dog)" in text
        assert "froze backbone (epoch 1.5)" in text
        assert "c clean up: 2 restore points, 2.0 MiB" in text and "m train the scratch arm" in text
        assert "not now, without validation pictures" in text


async def test_it_comes_once_and_again_by_its_key_or_when_more_was_trained():
    screen = Screen(FINISHED, summary=True)
    async with screen.shown() as pilot:
        assert isinstance(screen.app.screen, SummaryScreen)
        await pilot.press("escape")
        await screen.feed(
            pilot, p.Evaluating("pretrained", 30, 0, 400), p.BestTested("pretrained", 30, "", 0.1, 0.9, 9)
        )
        assert not isinstance(screen.app.screen, SummaryScreen)
        await pilot.press("S")
        assert isinstance(screen.app.screen, SummaryScreen)
        await pilot.press(">")
        assert not isinstance(screen.app.screen, SummaryScreen) and screen.session.sent == [p.SetEpochs(4)]
        more = [p.EpochsChanged("pretrained", 30, 4), *trained("pretrained", 31, 40), replace(DONE, step=40)]
        await screen.feed(pilot, *more)
        assert isinstance(screen.app.screen, SummaryScreen)


async def test_it_is_not_for_a_run_that_trains_or_that_was_only_looked_at():
    screen = Screen(TRAINING)
    async with screen.shown((120, 36)) as pilot:
        await pilot.press("S")
        assert not isinstance(screen.app.screen, SummaryScreen)
        assert "summary: not now, the arm has not done its epochs" in screen.text()
    past = [p.HistoryBegins(), *FINISHED, p.HistoryEnds(True)]
    screen = Screen(past, summary=True)
    async with screen.shown():
        assert not isinstance(screen.app.screen, SummaryScreen)


async def test_a_key_of_the_dashboard_closes_it_and_does_what_it_does_there():
    screen = Screen(FINISHED, summary=True)
    async with screen.shown() as pilot:
        await pilot.press("m")
        assert screen.session.sent == [p.SwitchArm("scratch")] and len(screen.app.screen_stack) == 1
    screen = Screen(FINISHED, summary=True)
    async with screen.shown() as pilot:
        await pilot.press("q")
        assert screen.session.sent == [p.Stop(save=False)]


def test_both_arms_are_there_with_their_difference_and_the_better_one_is_used():
    state = folded([*BOTH_ARMS, p.RunFinished("scratch", 25, False, 0.62, 0.62, "", "aa", 9.0)])
    assert headline(state) == "The run ended before its epochs were done: scratch did 25 of 30 steps"
    told = list(rows(state, None))
    assert [row.label for row in told] == ["difference", "pretrained", "", "scratch", "", "worst classes", "by hand"]
    assert "points more accurate" in told[0].text and "95 % interval" in told[0].text
    assert winner(state).arm == "pretrained"


def test_a_failure_is_the_headline():
    state = folded([*TRAINING, p.RunFailed("Out of memory", "use a smaller batch")])
    assert headline(state) == "The run failed. Out of memory: use a smaller batch"


async def test_the_mistakes_are_those_of_the_best_checkpoint_not_of_the_last_one():
    worse = p.EvalDone("pretrained", 29, 3, 0.9, 0.5, 400, best=False)
    wrong = p.Confusion("pretrained", 29, (200, 200), (100, 100), ((0, 1, 100), (1, 0, 100)), ())
    screen = Screen([*FINISHED[:-1], worse, wrong, DONE], summary=True)
    async with screen.shown((120, 36)) as pilot:
        await pilot.press("v")
        await pilot.pause()
        assert isinstance(screen.app.screen, BestMistakesScreen)
        text = screen.text()
        assert "best checkpoint of pretrained, on the test pictures" in text and "189/200" in text
        await pilot.press("v", "v")
        await pilot.pause()
        assert "pictures/test/not_hot_dog/0042.jpg" in screen.text()
        await pilot.press("c")
        await pilot.pause()
        assert "copied pictures/test/not_hot_dog/0042.jpg" in screen.text()
        assert screen.app.state.view.confusion is wrong


async def test_weights_whose_mistakes_nobody_named_are_scored_in_a_process_of_its_own(run: Path, monkeypatch):
    told = {
        "images": 400,
        "metrics": {name: {"value": value} for name, value in (("accuracy", 0.97), ("loss", 0.1), ("macro_f1", 0.9))},
        "mistakes": {
            "part": "test",
            "arm": "pretrained",
            "step": 30,
            "images": [200, 200],
            "correct": [193, 195],
            "confused": [[0, 1, 7], [1, 0, 5]],
            "mistakes": [{"path": "a/b.jpg", "label": 0, "predicted": 1, "confidence": 0.9}],
            "predicted": [198, 202],
        },
    }
    asked: list[Call] = []
    monkeypatch.setattr(Call, "wait", lambda self: asked.append(self) or Done(0, (json.dumps(told),), ()))
    screen = Screen(at(run, [*FINISHED[:-1], AVERAGE, DONE]), summary=True)
    async with screen.shown((120, 36)) as pilot:
        assert "not known of these weights" in await settled(screen, pilot)
        await pilot.press("v")
        text = await settled(screen, pilot)
        assert isinstance(screen.app.screen, BestMistakesScreen) and "193/200" in text and "macro F1 90.0 %" in text
    (call,) = asked
    assert call.words == ("evaluate", f"{run}/pretrained/best.pt", "--json", "--mistakes")


def test_an_answer_about_the_best_weights_becomes_their_score():
    best = folded(FINISHED).view.best_weights.best()
    line = {"images": 2, "metrics": {"accuracy": {"value": 0.5}, "loss": {"value": 1.0}}}
    mistakes = {"arm": "pretrained", "step": 30, "images": [2], "correct": [1], "confused": [], "mistakes": []}
    found = rescored(best, json.dumps(line | {"mistakes": mistakes | {"part": "val"}}))
    assert (found.chosen.part, found.chosen.accuracy, found.confusion.images) == ("val", 0.5, (2,))


async def test_an_export_says_where_the_file_is_or_why_there_is_none(run: Path, monkeypatch):
    answers = [Done(0, ("x/demo-1.onnx: 1.4 MB",), ()), Done(2, (), ("weights: x", "Library missing: onnx"))]
    answers.append(Done(0, ("x/report.html",), ()))
    asked: list[Call] = []
    monkeypatch.setattr(Call, "wait", lambda self: asked.append(self) or answers[len(asked) - 1])
    screen = Screen(at(run, FINISHED), summary=True)
    async with screen.shown((120, 36)) as pilot:
        for told in ("x/demo-1.onnx: 1.4 MB", "Library missing: onnx"):
            await pilot.press("x", "down", "enter")
            assert told in await settled(screen, pilot) and isinstance(screen.app.screen, WorkScreen)
            await pilot.press("escape")
            assert isinstance(screen.app.screen, SummaryScreen)
        await pilot.press("r")
        assert "x/report.html" in await settled(screen, pilot)
    assert asked[0].words[:4] == ("export", str(run), "--format", "torch-export")
    assert asked[2].words == ("report", str(run))
    assert asked[0].words[4:] == ("--output", str(run / "demo-1.pt2"), "--force")


async def test_cleaning_up_asks_first_and_says_what_was_deleted(run: Path):
    screen = Screen(at(run, FINISHED), summary=True)
    async with screen.shown((120, 36)) as pilot:
        await settled(screen, pilot)
        await pilot.press("c", "enter")
        assert len(list(run.glob("*/points/*.pt"))) == 2, "the first answer keeps them"
        with (run / "journal.jsonl").open("a") as journal:
            journal.write(p.encode(p.RunFinished("pretrained", 30, True, 0.96, 0.96, "", "aa", 9.0), at=3.0) + "\n")
        await pilot.press("c")
        assert isinstance(screen.app.screen, ChoiceScreen)
        await pilot.press("down", "enter")
        text = await settled(screen, pilot)
        assert "deleted 2 restore points, 2.0 MiB" in text and "no restore points" in text
        assert sorted(path.name for path in run.glob("pretrained/**/*.pt")) == ["best.pt", "last.pt"]


async def test_a_run_on_another_machine_says_what_cannot_be_done_here():
    screen = Screen([replace(RUN_STARTED, path="/none/x"), *FINISHED[2:]], summary=True)
    async with screen.shown((120, 36)) as pilot:
        text = await settled(screen, pilot)
        assert text.count("the run's folder is not on this machine") >= 5 and "best 96.0 %" in text
        await pilot.press("x")
        assert isinstance(screen.app.screen, SummaryScreen)


def test_weights_that_are_tested_are_not_tested_again():
    val = [replace(e, part="val") if isinstance(e, p.EvalDone) else e for e in FINISHED]
    begins = [replace(e, val_images=100) if isinstance(e, p.RunStarted) else e for e in val]
    test = next(step for step in NEXT_STEPS if step.name == "test")
    assert test.why_not(folded(begins), None) == ""
    tested = folded([*begins, p.BestTested("pretrained", 30, "best.pt", 0.2, 0.91, 200)])
    assert test.why_not(tested, None) == "these weights are tested already, 91.0 %"
    assert "best 96.0 % of 400 validation pictures, 91.0 % of 200 test pictures" in next(rows(tested, None)).text
