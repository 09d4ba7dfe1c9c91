"""Older runs: which there are, and the curves of those that were chosen, read without keeping anybody waiting."""

import threading
from pathlib import Path

from engine import protocol as p
from tests.tui.console import until
from tests.tui.journals import begun, write_run
from tests.tui.story import NOW, STEERED, epoch_of, rewound, started, step_of, trained
from tui.format import percent
from tui.plots.overlay import Overlay
from tui.runs import cells, each_run
from tui.state import UiState


def test_a_line_a_run_newest_first(tmp_path: Path):
    one = [begun("cats-2"), started(), *trained("pretrained", 1, 14)]
    both = [begun("cats-10", "vit_b_16"), *one[1:], p.ArmSuspended("pretrained", 14), started("scratch")]
    write_run(tmp_path / "cats-2", *one, at=NOW - 100)
    write_run(tmp_path / "cats-10", *both, *trained("scratch", 1, 30), at=NOW - 300)
    write_run(tmp_path / "new-1", begun("new-1"), started("scratch"), step_of("scratch", 1), at=NOW)
    found = list(each_run(tmp_path))
    assert [(row.name, row.model, row.updated) for row in found] == [
        ("new-1", "resnet18", NOW),
        ("cats-2", "resnet18", NOW - 100),
        ("cats-10", "vit_b_16", NOW - 300),
    ]
    assert [[arm.arm for arm in row.arms] for row in found] == [["scratch"], ["pretrained"], ["pretrained", "scratch"]]


def test_what_a_list_says_of_a_run_is_all_of_the_arm_with_the_best_weights(tmp_path: Path):
    one = [begun("cats-1"), started(), *trained("pretrained", 1, 30), p.ArmSuspended("pretrained", 30)]
    write_run(tmp_path / "cats-1", *one, started("scratch"), *trained("scratch", 1, 14), at=NOW)
    (row,) = each_run(tmp_path)
    said = {arm.arm: (f"{arm.epoch}/{arm.epochs}", percent(arm.best_accuracy)) for arm in row.arms}
    assert said["pretrained"] != said["scratch"] and row.arm == "scratch"
    assert cells(row)[2:5] == ("pretrained", *said["pretrained"])
    write_run(tmp_path / "new-1", begun("new-1"), started("scratch"), step_of("scratch", 1), at=NOW + 1)
    assert cells(next(each_run(tmp_path)))[2:5] == ("scratch", "1/3", "–")


def test_what_is_no_run_or_has_no_curves_is_left_out(tmp_path: Path):
    write_run(tmp_path / "good", begun("good"), started(), step_of("pretrained", 1))
    write_run(tmp_path / "loading", begun("loading"))
    write_run(tmp_path / "empty")
    (write_run(tmp_path / "damaged") / "journal.jsonl").write_bytes(b"\xff\x00" * 999)
    (tmp_path / "a folder in its place" / "journal.jsonl").mkdir(parents=True)
    (tmp_path / "other folder").mkdir()
    (tmp_path / "file").write_text("")
    assert [row.name for row in each_run(tmp_path)] == ["good"]
    assert list(each_run(tmp_path / "nothing")) == []


def test_the_name_is_the_folders_which_may_have_been_moved(tmp_path: Path):
    write_run(tmp_path / "best so far", begun("x-1"), started())
    assert [row.name for row in each_run(tmp_path)] == ["best so far"]


# --- curves ---------------------------------------------------------------------------------------------


def loaded(overlay: Overlay, *names: str):
    until(lambda: {name for name, _ in overlay.loaded()} == set(names), f"the curves of {names}")
    return overlay.loaded()


def test_the_curves_are_those_that_the_screen_showed_of_both_arms(tmp_path: Path):
    write_run(tmp_path / "x-1", *STEERED)
    shown = UiState()
    for event in STEERED:
        shown.fold(event)
    overlay = Overlay(tmp_path)
    overlay.choose({"x-1"})
    assert [name for name, _ in loaded(overlay, "x-1")] == ["x-1", "x-1"]
    for (_, view), seen in zip(overlay.loaded(), shown.arms.values(), strict=True):
        assert view.arm == seen.arm and view.past.keys() == seen.past.keys()
        assert view.curves.train_loss.points() == seen.curves.train_loss.points()
        assert view.curves.evaluations == seen.curves.evaluations


def test_what_is_not_chosen_any_more_is_not_there_any_more_at_once(tmp_path: Path):
    for name in ("x-1", "x-2", "x-3"):
        write_run(tmp_path / name, begun(name), started(), *trained("pretrained", 1, 14))
    overlay = Overlay(tmp_path)
    overlay.choose({"x-1", "x-3"})
    assert [name for name, _ in loaded(overlay, "x-1", "x-3")] == ["x-1", "x-3"]
    overlay.choose({"x-1", "x-2"})
    assert [name for name, _ in overlay.loaded()] == ["x-1"]
    loaded(overlay, "x-1", "x-2")
    overlay.choose(set())
    assert overlay.loaded() == [] and overlay.chosen == set()


def test_it_says_when_there_is_something_new_to_draw(tmp_path: Path):
    write_run(tmp_path / "x-1", begun("x-1"), started(), *trained("pretrained", 1, 14))
    overlay = Overlay(tmp_path)
    before = overlay.drawn
    overlay.choose({"x-1"})
    loaded(overlay, "x-1")
    assert overlay.drawn >= before + 2, "it was chosen, and it has come"


def test_a_run_chosen_anew_is_read_anew(tmp_path: Path):
    folder = write_run(tmp_path / "x-1", begun("x-1"), started(), *trained("pretrained", 1, 10))
    overlay = Overlay(tmp_path)
    overlay.choose({"x-1"})
    loaded(overlay, "x-1")
    with (folder / "journal.jsonl").open("a") as file:
        file.write(p.encode(step_of("pretrained", 11), at=NOW) + "\n")
    overlay.choose(set())
    overlay.choose({"x-1"})
    ((_, view),) = loaded(overlay, "x-1")
    assert view.step == 11


def test_a_run_that_cannot_be_read_keeps_no_other_from_being_read(tmp_path: Path):
    write_run(
        tmp_path / "a-edited", begun("a-edited"), p.ArmStarted("scratch", 0, 1, 3, 0, (), ""), *epoch_of("scratch", 1)
    )
    unknown = [*rewound(5, branch=9, base=7, left_step=14), p.RateChanged("pretrained", 5, "neck", 1.0)]
    write_run(tmp_path / "b-edited", begun("b-edited"), started(), *unknown)
    write_run(tmp_path / "x-1", begun("x-1"), started(), *trained("pretrained", 1, 14))
    overlay = Overlay(tmp_path)
    overlay.choose({"a-edited", "b-edited", "nothing", "x-1"})
    loaded(overlay, "b-edited", "x-1")


def test_nobody_waits_while_a_long_run_is_read_and_it_can_be_given_up(tmp_path: Path, monkeypatch):
    reading, go_on, given_up = threading.Event(), threading.Event(), threading.Event()

    def endless(folder: Path, most_steps: int):
        yield p.HistoryBegins()
        if folder.name == "x-1":
            yield p.HistoryEnds(True)
            return
        reading.set()
        go_on.wait()
        try:
            while True:
                yield step_of("pretrained", 1)
        finally:
            given_up.set()

    monkeypatch.setattr("tui.plots.overlay.read_history", endless)
    overlay = Overlay(tmp_path)
    overlay.choose({"long"})
    assert reading.wait(60)
    assert overlay.loaded() == [] and overlay.chosen == {"long"}
    overlay.choose({"x-1"})
    go_on.set()
    assert given_up.wait(60) and overlay.loaded() == []


def test_without_a_chosen_run_there_is_no_thread(tmp_path: Path):
    before = threading.active_count()
    Overlay(tmp_path).choose(set())
    assert threading.active_count() == before
