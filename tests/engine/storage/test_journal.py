"""The run folder tells what happened: every event, every command with its step, and a table of epochs."""

import csv
import json
from itertools import pairwise
from pathlib import Path

import pytest

from engine import protocol as p
from engine.arms.arm import TrainedArm
from engine.config import RunConfig, load_config
from engine.errors import CheckpointError, UserError
from engine.loop.run import Run
from engine.storage import journal
from engine.storage.journal import STEP, read_journal, read_lines, records_in, without_most_steps
from engine.storage.run_folder import create_run, find_run
from tests.engine.driving import after_step, folder_of, only, play, with_settings


def split(messages: list[p.Message]) -> tuple[list[p.Message], list[p.Message]]:
    events = [message for message in messages if not isinstance(message, p.Command)]
    return events, [message for message in messages if isinstance(message, p.Command)]


def test_it_holds_every_event_and_command_in_order_and_when_each_took_effect(small: RunConfig) -> None:
    events = play(
        Run(small), lambda e: after_step(2, p.Save(), p.SetRate("head", 0.5))(e) or after_step(5, p.Stop())(e)
    )
    recorded, commands = split(list(read_journal(Path(folder_of(events)))))
    assert recorded == [event for event in events if not isinstance(event, journal.NOT_JOURNALED)]
    assert commands == [p.Save(), p.SetRate("head", 0.5), p.Stop()]
    lines = [json.loads(line) for line in Path(folder_of(events), "journal.jsonl").read_text().splitlines()]
    steps = [(line["type"], line["at_arm"], line["at_step"]) for line in lines if "at_step" in line]
    assert steps == [("save", "scratch", 2), ("set_rate", "scratch", 2), ("stop", "scratch", 5)]
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)


def test_a_refused_command_is_in_it_only_as_refused(small: RunConfig) -> None:
    events = play(Run(small), after_step(1, p.Resume(), p.SetRate("neck", 1.0)))
    recorded, commands = split(list(read_journal(Path(folder_of(events)))))
    assert commands == [] and len(only(recorded, p.CommandRefused)) == 2


def test_an_event_is_in_it_before_it_is_handed_out(small: RunConfig) -> None:
    events = Run(small).events()
    for event in events:
        if isinstance(event, p.RunStarted):
            folder = Path(event.path)
        if isinstance(event, p.TrainStep):
            assert list(read_journal(folder))[-1] == event
            break
    events.close()


def test_pictures_skipped_before_the_run_had_a_folder_are_in_it(small: RunConfig, tmp_path: Path) -> None:
    root = tmp_path / "many"
    for file in small.data.root.glob("*/*/*.jpg"):
        for copy in "abc":
            (root / file.parent.relative_to(small.data.root)).mkdir(parents=True, exist_ok=True)
            (root / file.parent.relative_to(small.data.root) / f"{copy}{file.name}").write_bytes(file.read_bytes())
    (root / "train" / "cat" / "broken.jpg").write_bytes(b"no picture")
    events = play(Run(with_settings(small, data__root=root)), after_step(1, p.Stop()))
    (skipped,) = only(events, p.ImageSkipped)
    assert skipped in list(read_journal(Path(folder_of(events)))) and skipped.path.endswith("broken.jpg")


def test_the_folder_holds_the_resolved_configuration_and_a_table_for_a_spreadsheet(small: RunConfig) -> None:
    events = play(Run(small))
    folder = Path(folder_of(events))
    assert load_config(folder / "config.yaml") == with_settings(small, data__cache_format="raw"), "which it has chosen"
    with (folder / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    epochs = only(events, p.EpochDone)
    assert [row["arm"] for row in rows] == ["scratch", "scratch"]
    for row, epoch in zip(rows, epochs, strict=True):
        assert int(row["epoch"]) == epoch.epoch and float(row["test_accuracy"]) == epoch.test_accuracy
        assert float(row["lr_head"]) == epoch.learning_rates["head"] and float(row["seconds"]) == epoch.seconds


def test_a_line_cut_short_by_a_crash_is_left_out(small: RunConfig) -> None:
    folder = Path(folder_of(play(Run(small), after_step(2, p.Stop()))))
    whole = list(read_journal(folder))
    with (folder / "journal.jsonl").open("a") as file:
        file.write('{"type": "train_step", "arm": "scr')
    assert list(read_journal(folder)) == whole


def test_a_torn_line_takes_no_other_with_it(small: RunConfig) -> None:
    folder = Path(folder_of(play(Run(small), after_step(2, p.Stop()))))
    with (folder / "journal.jsonl").open("a") as file:
        file.write('{"type": "train_step", "arm": "scr')
    events = play(Run(small, resume=folder), after_step(3, p.Stop()))
    assert only(events, p.RunStarted)[0] in list(read_journal(folder))


@pytest.mark.parametrize("name", ["journal.jsonl", "metrics.csv"])
def test_what_cannot_be_written_is_an_event_once_and_training_goes_on(small: RunConfig, name: str) -> None:
    folder = Path(folder_of(play(Run(small), after_step(2, p.Stop()))))
    if name == "journal.jsonl":
        (folder / name).unlink()
        (folder / name).symlink_to("/dev/full")
    else:
        (folder / name).mkdir()
    events = play(Run(small, resume=folder))
    (failed,) = only(events, p.JournalFailed)
    assert failed.path == str(folder / name) and failed.message.startswith(str(folder / name))
    assert ("No space left" in failed.message) == (name == "journal.jsonl")
    assert events[-1].completed and len(only(events, p.CheckpointSaved)) >= 2


def test_nothing_follows_the_last_event_even_if_it_cannot_be_written(
    small: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = journal.Journal.event

    def fail_at_the_end(record: journal.Journal, event: p.Event) -> None:
        if isinstance(event, p.RunFinished):
            record.failed(record.folder / "journal.jsonl", OSError(28, "No space left on device"))
        write(record, event)

    monkeypatch.setattr(journal.Journal, "event", fail_at_the_end)
    assert [type(event) for event in play(Run(small))[-2:]] == [p.JournalFailed, p.RunFinished]


# --- every failure is in it -----------------------------------------------------------------------------


def test_a_failed_run_says_so_in_it(small: RunConfig) -> None:
    events = play(Run(with_settings(small, optim__scratch_lr=100.0, watchdog__not_finite=False)))
    assert isinstance(events[-1], p.RunFailed) and list(read_journal(Path(folder_of(events))))[-1] == events[-1]


def test_an_unexpected_error_is_in_it_with_its_place(small: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TrainedArm, "score", lambda arm, batch: {}["no"])
    events = play(Run(small))
    last = list(read_journal(Path(folder_of(events))))[-1]
    assert last == events[-1] and isinstance(last, p.RunFailed) and "engine/loop/watchdog.py:" in last.message


def test_a_resume_that_fails_before_training_is_in_it(small: RunConfig) -> None:
    folder = Path(folder_of(play(Run(small), after_step(1, p.Stop()))))
    failed = play(Run(with_settings(small, data__batch_size=3), resume=folder))[-1]
    assert isinstance(failed, p.RunFailed) and list(read_journal(folder))[-1] == failed


# --- folders --------------------------------------------------------------------------------------------


def test_each_run_has_a_folder_of_its_own(small: RunConfig) -> None:
    assert [create_run(small).name for _ in range(3)] == ["small-1", "small-2", "small-3"]


def test_a_folder_whose_configuration_cannot_be_written_is_not_left(
    small: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, target: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(UserError, match=r"small-1/config.yaml: Input/output error; name another one"):
        create_run(small)
    assert list(small.checkpoint.dir.iterdir()) == []


def test_a_run_is_found_by_its_name_or_its_folder_and_else_the_known_ones_are_named(small: RunConfig) -> None:
    folder = create_run(small)
    root = small.checkpoint.dir
    assert find_run("small-1", root) == find_run(str(folder), root) == folder
    with pytest.raises(CheckpointError, match=r"small-9 is no run folder .*there: small-1"):
        find_run("small-9", root)


def test_a_checkpoint_folder_that_cannot_be_made_ends_the_run_before_training(small: RunConfig, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    events = play(Run(with_settings(small, checkpoint__dir=tmp_path / "file" / "runs")))
    assert isinstance(events[-1], p.RunFailed) and events[-1].exit_status == UserError.exit_status == 2
    assert "--set checkpoint.dir=DIR" in events[-1].message and not only(events, p.TrainStep)


def test_a_folder_without_a_journal_has_an_empty_past(tmp_path: Path) -> None:
    assert list(read_journal(tmp_path)) == []
    (tmp_path / journal.JOURNAL).mkdir()
    with pytest.raises(CheckpointError, match=r"journal\.jsonl"):
        list(read_journal(tmp_path))


def test_what_needs_little_of_a_journal_reads_the_last_steps_and_the_kinds_it_names(small: RunConfig) -> None:
    folder = Path(folder_of(play(Run(small))))
    whole, few = list(read_lines(folder)), list(without_most_steps(read_lines(folder)))
    assert [line for line in few if not line.startswith(STEP)] == [line for line in whole if not line.startswith(STEP)]
    assert all(line in few for line, after in pairwise(whole) if line.startswith(STEP) > after.startswith(STEP))
    are_steps = [line.startswith(STEP) for line in few]
    assert len(few) < len(whole) and not any(map(all, zip(are_steps, are_steps[1:], are_steps[2:], strict=False)))
    read = [record.message for record in records_in(whole, (p.EpochDone, p.RunStarted))]
    assert read == [m for m in read_journal(folder) if isinstance(m, p.EpochDone | p.RunStarted)] and len(read) > 1
