"""The start screen: what each page shows and which command line it comes to in the end."""

import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input

from engine import protocol as p
from engine.cli.preview import ClassCount, Pictures, lines
from engine.data.samples import LeftOut
from engine.errors import EngineError, UserError
from engine.service.program import command
from engine.storage.holder import Holder
from engine.storage.sighting import Sighting
from tests.engine.storage.hosts import left_by, stand_still
from tests.tui.journals import begun, write_run
from tests.tui.start_screen.pages import (
    ESTIMATE,
    FOUND,
    ScriptedDiagnosis,
    ScriptedLook,
    Started,
    before_a_run,
    shown,
)
from tests.tui.story import NOW, started, trained
from tui.start_screen.diagnosis import Complaint
from tui.start_screen.looking import Found, parse
from tui.start_screen.paths import complete
from tui.start_screen.recipe import as_argument
from tui.start_screen.sentences import counted, uneven
from tui.start_screen.value import Value
from tui.theme import THEMES

pytestmark = pytest.mark.usefixtures("place")


# --- the first page -------------------------------------------------------------------------------------


async def test_enter_begins_the_demo():
    async with shown() as page:
        assert page.command == "finetune-tui --demo"
        await page.press("enter")
    assert page.app.chosen == ["--demo"]


@pytest.mark.parametrize("key", ["q", "escape", "ctrl+c", "ctrl+q"])
async def test_a_key_leaves_without_a_choice(key: str):
    async with shown() as page:
        await page.pilot.press(key)
    assert page.app.chosen is None and not page.app.return_code


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50), (60, 60), (40, 12)])
async def test_every_answer_is_there_at_any_size_and_in_each_theme(size: tuple[int, int]):
    async with shown(size) as page:
        for theme in (*(theme.name for theme in THEMES), "textual-light"):
            page.app.theme = theme
            await page.pilot.pause()
            answers = ("the demo", "a folder", "a configuration", "a past run", "q quit")
            assert all(name in page.text for name in answers), theme


# --- a folder -------------------------------------------------------------------------------------------


async def test_tab_completes_a_folder_and_enter_takes_it(place: Path):
    async with shown() as page:
        await page.choose(1)
        await page.type("pic")
        assert page.options() == ["pictures/"]
        await page.press("tab")
        assert page.app.screen.query_one(Input).value == "pictures/"
        assert page.command == "finetune-tui --data pictures/"
        await page.press("enter")
        assert page.command == "finetune-tui --data pictures"
        await page.press("enter")
    assert page.app.chosen == ["--data", "pictures"]


async def test_a_path_is_completed_after_it_is_typed(place: Path):
    async with shown() as page:
        await page.choose(1)
        await page.burst(*"pictures/cat", "ctrl+w", "tab", *"x")
        assert page.app.screen.query_one(Input).value == "pictures/x"


async def test_tab_completes_as_far_as_all_folders_agree(place: Path):
    (place / "pictures-of-birds").mkdir()
    async with shown() as page:
        await page.choose(1)
        await page.type("p")
        await page.press("tab")
        assert page.app.screen.query_one(Input).value == "pictures"
        await page.press("down", "down", "up", "tab")
        assert page.app.screen.query_one(Input).value == "pictures-of-birds/"


async def test_home_may_be_typed_as_a_tilde_and_the_command_keeps_it(place: Path):
    (place / "my pictures").symlink_to(place / "pictures")
    async with shown() as page:
        await page.choose(1)
        await page.type("~/my")
        await page.press("tab", "enter")
        assert page.command == "finetune-tui --data ~/'my pictures'"
        await page.press("enter")
    assert page.app.chosen == ["--data", "~/my pictures"]


@pytest.mark.parametrize(
    ("path", "said"),
    [("", "Type the path of a folder"), ("nowhere", "does not exist"), ("small.yaml", "is not a folder")],
)
async def test_what_is_no_folder_is_said_at_the_input_and_nothing_is_lost(path: str, said: str):
    async with shown() as page:
        await page.choose(1)
        await page.type(path)
        await page.press("enter")
        assert said in page.text.replace("\n  ", " ")
        assert page.app.screen.query_one(Input).value == path
        await page.press("p")
        assert said not in page.text


async def test_folders_of_past_runs_are_offered_and_one_key_takes_one(place: Path):
    for name, root in (("a-1", place / "pictures"), ("b-1", place / "gone")):
        run = write_run(place / "checkpoints" / name, begun(name), started(), at=NOW)
        (run / "config.yaml").write_text(f"data: {{source: folder, root: {root}}}")
    async with shown() as page:
        await page.choose(1)
        assert page.options() == ["~/pictures"]
        await page.press("down", "enter", "enter")
    assert page.app.chosen == ["--data", "~/pictures"]


async def test_escape_goes_back_a_page_and_from_the_first_one_leaves():
    async with shown() as page:
        await page.choose(1)
        await page.type("pictures")
        await page.press("enter")
        assert "estimating" in page.text
        await page.press("escape")
        assert page.app.screen.query_one(Input).value == "pictures"
        await page.press("escape")
        assert "What do you want" in page.text
        await page.pilot.press("escape")
    assert page.app.chosen is None


# --- a configuration ------------------------------------------------------------------------------------


async def test_a_configuration_is_offered_and_its_own_values_are_shown():
    async with shown() as page:
        await page.choose(2)
        assert page.options() == ["small.yaml"]
        await page.press("down", "enter")
        values = {value.field.name: value.value for value in page.app.screen.query(Value)}
        assert (values["model"], values["weights"], values["epochs"]) == ("shufflenet_v2_x0_5", "none", "5000")
        await page.press("enter")
    assert page.app.chosen == ["small.yaml"]


async def test_a_damaged_configuration_is_said_at_the_input(place: Path):
    (place / "small.yaml").write_text("train: {epoch: 3}")
    async with shown() as page:
        await page.choose(2)
        await page.type("small.yaml")
        await page.press("enter")
        assert "train.epochs" in page.text and page.app.screen.query_one(Input).value == "small.yaml"


# --- before a run starts --------------------------------------------------------------------------------


async def test_the_pictures_then_the_estimate_are_shown_as_they_are_found(place: Path):
    samples = tuple(str(place / "pictures" / "train" / name / "0.png") for name in ("cat", "dog"))
    found = Pictures(str(place / "pictures"), FOUND.classes, 100, 10, 9.0, samples, "")
    async with before_a_run() as page:
        assert "looking at the pictures" in page.text and "estimating" in page.text
        (look,) = ScriptedLook.made
        assert look.words == ["--data", "pictures"]
        look.find(found)
        await page.settle()
        assert "2 classes, 100 pictures for training, 10 for test" in page.text
        assert "cat has 9 times as many pictures as dog" in page.text and "estimating" in page.text
        assert page.text.count("0.png") == 2
        look.find(ESTIMATE)
        await page.settle()
        assert "about 12 min for 5 epochs" in page.text and "estimating" not in page.text
        assert "reading pictures is the bottleneck" in page.text.replace("\n  ", " ")


async def test_what_is_wrong_with_the_pictures_is_looked_for_once_and_the_worst_is_said():
    async with before_a_run() as page:
        for epochs in (0, 1):
            ScriptedLook.made[-1].find(replace(FOUND, train_images=100 + epochs))
            await page.settle()
        (diagnosis,) = ScriptedDiagnosis.made
        assert diagnosis.words == ["--data", "pictures"] and "doctor" not in page.text
        diagnosis.find([Complaint("bad", "6 test pictures are training pictures"), Complaint("warning", "odd")])
        await page.settle()
        said = "6 test pictures are training pictures; 1 more: finetune-tui doctor pictures"
        assert said in " ".join(page.text.split())
        await page.press("escape")
        assert diagnosis.ended


@pytest.mark.parametrize(
    ("downs", "spaces", "words"),
    [
        (0, 1, "--model resnet50"),
        (1, 1, "--init scratch"),
        (2, 1, "--epochs 10"),
        (3, 1, "--set data.batch_size=128"),
        (4, 1, "--recipe lesson"),
        (5, 1, "--set optim.name=sgd"),
        (6, 1, "--set schedule.name=one_cycle"),
        (7, 1, "--set optim.lr=2e-4"),
        (1, 2, ""),
    ],
)
async def test_space_takes_the_next_choice_and_the_command_says_so(downs: int, spaces: int, words: str):
    async with before_a_run() as page:
        await page.press(*["down"] * downs, *["space"] * spaces)
        assert page.command == f"finetune-tui --data pictures {words}".strip()
        await page.press("enter")
    assert page.app.chosen == shlex.split(f"--data pictures {words}")


async def test_values_are_typed_and_what_is_of_the_other_arm_is_not_said():
    async with before_a_run() as page:
        await page.type("vit_b_16")
        await page.press("down")
        await page.press(*["down"] * 6)
        await page.type("1e-6")
        assert page.command.endswith("--model vit_b_16 --set optim.lr=1e-6")
        await page.press(*["up"] * 6, "space")
        assert page.command.endswith("--model vit_b_16 --init scratch") and "base rate" not in page.text


async def test_another_recipe_has_its_own_fields_and_what_nobody_changed_becomes_its_choice():
    async with before_a_run() as page:
        await page.press("down", "space", *["down"] * 3)
        assert "1e-3" in page.text  # of all layers from scratch
        await page.press("space")
        assert page.command.endswith("--init scratch --recipe lesson") and "5e-4" in page.text
        await page.press(*["up"] * 3, "space", *["down"] * 7)
        await page.type("1e-2")
        assert page.command.endswith("--data pictures --recipe lesson --set optim.groups.head.lr=1e-2")
        await page.press(*["up"] * 4, "space")
        assert page.command.endswith("--data pictures") and "head rate" not in page.text


async def test_the_recipe_chooses_the_epochs_when_the_pictures_are_counted_unless_they_were_changed():
    for changed in (False, True):
        async with before_a_run() as page:
            await page.press("down", "down")
            assert page.app.focused.value == "5"  # as in the configuration, until the pictures are counted
            if changed:
                await page.type("7")
            ScriptedLook.made[-1].find(replace(FOUND, train_images=50_000))
            await page.settle()
            assert page.app.focused.value == ("7" if changed else "3")
            assert page.command.endswith("--data pictures --epochs 7" if changed else "--data pictures")


async def test_keys_take_effect_in_the_order_they_are_typed_however_fast():
    async with before_a_run() as page:
        model = ["ctrl+u", *"shufflenet_v2_x0_5", "down"]
        await page.burst(*model, " ", "down", "ctrl+u", "3", "down", *"16", "left", "backspace", "tab", "up", "9")
        assert page.command.endswith("--model shufflenet_v2_x0_5 --init scratch --epochs 3 --set data.batch_size=9")


async def test_the_fields_of_a_run_from_scratch_are_moved_to_as_soon_as_it_is_chosen():
    async with before_a_run() as page:
        await page.burst("down", " ", *["down"] * 6, *"2e-3", "enter")
        await page.settle()
    assert page.app.chosen == ["--data", "pictures", "--init", "scratch", "--set", "optim.scratch_lr=2e-3"]


async def test_what_is_pasted_goes_into_the_field_that_was_moved_to():
    async with before_a_run() as page:
        page.app.post_message(events.Key("down", None))
        page.app.post_message(events.Key("down", None))
        page.app.post_message(events.Paste("7"))
        await page.burst("down", "8")
        assert page.command.endswith("--epochs 7 --set data.batch_size=8")


async def test_a_change_ends_the_look_and_begins_another_and_leaving_ends_that():
    async with before_a_run() as page:
        (first,) = ScriptedLook.made
        await page.press("down", "down", "space")
        await page.pilot.pause(0.1)
        second = ScriptedLook.made[-1]
        assert first.ended and second.words == ["--data", "pictures", "--epochs", "10"]
        first.find(ESTIMATE)
        await page.settle()
        assert "estimating" in page.text, "of what is not asked any more"
        await page.press("escape")
        assert second.ended
    assert page.app.chosen is None


async def type_model(page: Started, name: str) -> None:
    page.app.screen.query_one("*:focus", Input).value = name
    await page.press("enter")


async def test_a_model_that_is_not_known_is_said_and_does_not_start():
    async with before_a_run() as page:
        await type_model(page, "resnet19")
        assert page.app.chosen is None and "checking the model" in page.text
        ScriptedLook.made[-1].find(FOUND)
        await page.settle()
        assert page.app.chosen is None
        ScriptedLook.made[-1].find(UserError("Unknown model", "model.name resnet19: did you mean resnet18?"))
        await page.settle()
        assert page.app.chosen is None and "did you mean resnet18" in page.text
        await page.press("enter")
        assert page.app.chosen is None
        await page.type("resnet18")
        await page.press("enter")
    assert page.app.chosen == ["--data", "pictures"]


@pytest.mark.parametrize("found", [ESTIMATE, Pictures("", (), 0, 0, 0.0, (), "not there yet"), EngineError("x", "y")])
async def test_a_model_of_ones_own_starts_when_it_is_checked_as_far_as_it_can_be(found: Found):
    async with before_a_run() as page:
        await type_model(page, "resnet34")
        assert page.app.chosen is None and ScriptedLook.made[-1].words == ["--data", "pictures", "--model", "resnet34"]
        ScriptedLook.made[-1].find(found)
        await page.settle()
    assert page.app.chosen == ["--data", "pictures", "--model", "resnet34"]


async def test_a_model_of_ones_own_starts_unchecked_at_a_second_enter_and_another_one_is_checked_again():
    async with before_a_run() as page:
        await type_model(page, "resnet34")
        await type_model(page, "resnet101")
        assert page.app.chosen is None
        await page.press("enter")
    assert page.app.chosen == ["--data", "pictures", "--model", "resnet101"]


async def test_an_impossible_value_is_said_and_does_not_start():
    async with before_a_run() as page:
        await page.press(*["down"] * 7)
        await page.type("1e9")
        assert "base rate: 1e9; it should be less than or equal to 100\n" in page.text
        await page.press("enter")
        assert page.app.chosen is None
        await page.type("1e-3")
        await page.press("enter")
    assert page.app.chosen is not None and page.app.chosen[-1].endswith("=1e-3")


async def test_weights_that_are_no_file_are_said_at_the_field_and_do_not_start(place: Path):
    (place / "own weights.pth").touch()
    async with before_a_run() as page:
        await page.press("down")
        await page.type("xyz")
        await page.press("enter")
        assert "  weights: model.weights xyz does not exist; correct the path\n" in page.text
        assert page.app.chosen is None
        await page.burst("ctrl+u", *"own", " ", *"weights.pth", "enter")
    assert page.app.chosen == ["--data", "pictures", "--set", "model.weights=own weights.pth"]


async def test_pictures_that_cannot_be_trained_on_are_said_and_do_not_start():
    async with before_a_run() as page:
        ScriptedLook.made[-1].find(UserError("Empty class", "pictures: no readable picture to train on in `cat`"))
        await page.settle()
        assert "Empty class: pictures: no readable picture" in page.text and "estimating" not in page.text
        await page.press("enter")
        assert page.app.chosen is None
        await page.press("escape")
        assert page.app.screen.query_one(Input).value == "pictures"


async def test_pictures_that_are_not_there_yet_are_said_so_and_a_run_starts():
    async with before_a_run() as page:
        ScriptedLook.made[-1].find(Pictures("", (), 0, 0, 0.0, (), "the demo's pictures are not there yet"))
        await page.settle()
        assert "The demo's pictures are not there yet" in page.text and "estimating" not in page.text
        await page.press("enter")
    assert page.app.chosen == ["--data", "pictures"]


async def test_a_run_starts_without_an_estimate_where_that_fails():
    async with before_a_run() as page:
        ScriptedLook.made[-1].find(EngineError("Out of memory", "a batch of 64 does not fit"))
        await page.settle()
        assert "Out of memory" in page.text
        await page.press("enter")
    assert page.app.chosen == ["--data", "pictures"]


async def test_everything_fits():
    async with before_a_run((80, 24)) as page:
        ScriptedLook.made[-1].find(FOUND)
        ScriptedLook.made[-1].find(ESTIMATE)
        for size in ((80, 24), (120, 36), (200, 50), (60, 60)):
            await page.pilot.resize_terminal(*size)
            await page.settle()
            shown_at_once = (
                "100 pictures",
                "cat",
                "9 times",
                "base rate",
                "about 12 min",
                "$ finetune-tui",
                "Enter start",
            )
            assert all(text in page.text for text in shown_at_once), size


async def test_long_names_of_classes_are_cut_to_the_room_they_have():
    named = replace(
        FOUND, classes=tuple(replace(item, name=f"a rather long {item.name} name") for item in FOUND.classes)
    )
    named = replace(named, samples=("pictures/a/0.jpg", "pictures/b/0.jpg", "pictures/c/0.jpg"))
    async with before_a_run((80, 24)) as page:
        ScriptedLook.made[-1].find(named)
        await page.settle()
        rows = [line for line in page.text.splitlines() if "a rather" in line and "…" in line]
        numbers = [[str(item.train), str(item.test)] for item in FOUND.classes]
        assert [re.findall(r"\d+", row)[:2] for row in rows] == numbers
        await page.pilot.resize_terminal(120, 36)
        await page.settle()
        assert "a rather long cat" in page.text


async def test_the_page_follows_the_size_of_the_window():
    async with before_a_run((60, 60)) as page:
        await page.pilot.resize_terminal(120, 36)
        await page.settle()
        assert page.app.screen.has_class("-roomy") and not page.app.screen.has_class("-narrow")


# --- a past run -----------------------------------------------------------------------------------------


def past(place: Path, name: str, *events: p.Event, at: float = NOW) -> None:
    run = write_run(place / "checkpoints" / name, begun(name), started(), *trained("pretrained", 1, 30), *events, at=at)
    (run / "config.yaml").write_text("data: {source: demo}")


async def test_without_runs_it_says_so():
    async with shown() as page:
        await page.choose(3)
        assert "No runs in checkpoints" in page.text
        await page.press("enter", "escape")
        assert "What do you want" in page.text


async def test_runs_are_listed_the_newest_first_and_a_lost_one_goes_on(place: Path):
    past(place, "old-1", at=NOW - 100)
    past(place, "new-1")
    async with shown() as page:
        await page.choose(3)
        assert [option.split()[:2] for option in page.options()] == [["new-1", "lost"], ["old-1", "lost"]]
        assert page.command == command("--resume", "checkpoints/new-1")
        await page.press("enter")
        assert page.options() == ["go on where it was", "look at it again", "train again with other settings"]
        await page.press("enter")
    assert page.app.chosen == ["--resume", "checkpoints/new-1"]


async def test_of_runs_a_narrow_terminal_shows_what_matters_most(place: Path):
    past(place, "new-1")
    async with shown(size=(60, 24)) as page:
        await page.choose(3)
        assert "96.0 %" in page.text and "resnet18" not in page.text and " age" in page.text
        await page.pilot.resize_terminal(100, 24)
        await page.pilot.pause()
        assert "96.0 %" in page.text and "resnet18" in page.text


async def test_a_run_that_cannot_go_on_is_said_so(place: Path):
    past(place, "new-1")
    (place / "checkpoints" / "new-1" / "config.yaml").write_text("data: {source: folder, root: gone}")
    async with shown() as page:
        await page.choose(3)
        await page.press("enter", "enter")
        assert "data.root gone does not exist" in page.text and page.app.chosen is None


async def test_a_run_is_looked_at_again(place: Path):
    past(place, "new-1")
    async with shown() as page:
        await page.choose(3)
        await page.press("enter", "down", "enter")
    assert page.app.chosen == ["view", "checkpoints/new-1"]


async def test_the_command_is_that_of_the_choice_or_of_the_field_in_focus(place: Path):
    past(place, "new-1", p.RunFinished("pretrained", 30, True, 0.96, 0.96, "a", "b", 1.0))
    view, resume = command("view", "checkpoints/new-1"), command("--resume", "checkpoints/new-1", "--epochs")
    async with shown() as page:
        await page.choose(3)
        await page.press("enter")
        assert page.options()[0] == "look at it again" and page.command == view
        await page.press("down")
        assert page.command.startswith(resume)
        await page.press("up", "tab", "9")
        assert page.command == f"{resume} 9"
        await page.press("shift+tab")
        assert page.command == view


async def test_a_live_run_is_attached_to(place: Path, monkeypatch):
    past(place, "new-1")
    monkeypatch.setattr("engine.service.status.is_live", lambda folder: True)
    monkeypatch.setattr("engine.service.status._begun", lambda folder, tally: True)
    async with shown() as page:
        await page.choose(3)
        assert page.command == "finetune-tui attach checkpoints/new-1"
        await page.press("enter")
    assert page.app.chosen == ["attach", "checkpoints/new-1"]


async def test_a_finished_run_is_looked_at_or_trained_for_more_epochs(place: Path):
    past(place, "new-1", p.RunFinished("pretrained", 30, True, 0.96, 0.96, "", "", 9.0))
    async with shown() as page:
        await page.choose(3)
        assert page.command == "finetune-tui view checkpoints/new-1"
        await page.press("enter")
        assert page.options() == ["look at it again", "train more epochs", "train again with other settings"]
        await page.press("down", "enter")
        assert page.command == command("--resume", "checkpoints/new-1", "--epochs", "8")
        await page.type("3")
        await page.press("enter")
        assert "It has done 3 epochs" in page.text
        await page.type("4")
        await page.press("enter")
    assert page.app.chosen == ["--resume", "checkpoints/new-1", "--epochs", "4"]


async def test_a_run_that_another_process_is_loading_is_not_touched(place: Path, monkeypatch):
    past(place, "new-1")
    seen = Sighting(Holder(7, "box"), alive=True, silent=None)
    monkeypatch.setattr("engine.service.status.sight", lambda folder: seen)
    async with shown() as page:
        await page.choose(3)
        await page.press("enter")
        assert "in use by process 7 on box" in page.text
    assert page.app.chosen is None


async def test_a_run_of_another_machine_says_where_it_is_and_is_attached_to_there(place: Path, monkeypatch):
    past(place, "new-1")
    folder = place / "checkpoints" / "new-1"
    left_by(folder)
    stand_still(monkeypatch, folder, 8.0)
    async with shown() as page:
        await page.choose(3)
        assert "new-1: training on n12, 8 s ago" in page.text
        await page.press("enter")
    assert page.app.chosen == ["attach", "--via", "srun --overlap --jobid 4711 -n1 -w n12", str(folder)]


# --- what is said ---------------------------------------------------------------------------------------


def test_what_look_says_is_read_as_it_was_written():
    for found in (FOUND, ESTIMATE):
        assert [parse(line) for line in lines(found, as_json=True)] == [found]


@pytest.mark.parametrize("path", ["-x", "start"])
def test_a_path_that_looks_like_an_option_or_a_subcommand_is_none(path: str):
    assert as_argument(path) == f"./{path}"


def test_what_was_guessed_stands_below_the_numbers_and_comes_whole_from_look():
    noted = replace(FOUND, notes=("classes from `label`",))
    assert counted(noted).split("\n") == [counted(FOUND), "classes from `label`"]
    assert parse(lines(noted, as_json=True)[0]) == noted


def test_which_folder_is_which_part_and_what_is_left_out_stand_below_the_numbers_and_come_whole_from_look():
    heic = LeftOut("HEIC pictures", 6, "/p/IMG.HEIC", "install an extra")
    noted = replace(FOUND, found="train: `Train` (6), val: none", left_out=(heic,))
    assert counted(noted).split("\n") == [
        counted(FOUND),
        "train: `Train` (6), val: none",
        "left out: 6 HEIC pictures, such as /p/IMG.HEIC; install an extra",
    ]
    assert parse(lines(noted, as_json=True)[0]) == noted


def test_uneven_classes_are_a_warning_with_the_accuracy_of_no_model():
    classes = (ClassCount("cat", 97, 1), ClassCount("dog", 3, 1))
    assert "a model that always says cat is right in 97%" in uneven(
        replace(FOUND, classes=classes, imbalance=32.3, majority=0.97)
    )


def test_the_command_line_is_what_a_shell_takes_for_the_same():
    words = ["--data", "my pictures", "--set", "hooks.finished=['a b', \"$x\"]"]
    assert shlex.split(command(*words)) == [*shlex.split(command()), *words]


def test_classes_of_about_the_same_size_need_no_word():
    assert uneven(replace(FOUND, imbalance=1.5)) == ""


def test_hidden_folders_are_completed_only_where_the_dot_is_typed(place: Path):
    (place / ".cache").mkdir()
    assert complete("", files=False) == ["pictures/"] and complete(".", files=False) == [".cache/"]
    assert complete("", files=True) == ["pictures/", "small.yaml"] and complete("nowhere/", files=True) == []


def test_a_table_is_offered_where_a_folder_of_pictures_is_asked_for(place: Path):
    (place / "labels.csv").touch()
    assert complete("", files=False) == ["labels.csv", "pictures/"] and "labels.csv" not in complete("", files=True)
