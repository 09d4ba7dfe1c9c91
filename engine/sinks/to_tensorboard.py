"""TensorBoard: event files in a folder a branch. Loads `tensorboard`, without TensorFlow and without torch."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams.summary_v2 import hparams_pb
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from engine.sinks.tracking import Branch, Note, Scalars, Tracker, TrackerRun, Value, Wanted

NOTES = "by hand"


def connect(wanted: Wanted) -> Tracker:
    """Event files below a folder, by default `tensorboard` beside the runs."""
    return _Folder(Path(wanted.store or Path(wanted.root) / "tensorboard").absolute())


class _Folder:
    continues = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.place = str(folder)

    def open(self, branch: Branch, settings: Mapping[str, Value], key: str) -> TrackerRun:
        """One more event file in the folder of the branch; TensorBoard reads all of them as one run."""
        folder = self._folder / branch.name
        begun = any(folder.glob("*tfevents*"))
        run = _Run(EventFileWriter(str(folder)))
        if not begun:
            run.write(Event(step=branch.step, summary=hparams_pb(dict(settings), trial_id=key)))
        return run


class _Run:
    def __init__(self, writer: EventFileWriter) -> None:
        self._writer = writer

    def write(self, event: Event) -> None:
        """Append an event."""
        self._writer.add_event(event)

    def send(self, items: Iterable[Scalars | Note]) -> None:
        """Append events with the times of the journal, and flush."""
        for item in items:
            if isinstance(item, Note):
                summary = text_pb(NOTES, item.text)
            else:
                values = [Summary.Value(tag=name, simple_value=value) for name, value in item.values.items()]
                summary = Summary(value=values)
            self.write(Event(step=item.step, wall_time=item.time, summary=summary))
        self._writer.flush()

    def close(self, failed: bool) -> None:
        """Close the file."""
        self._writer.close()
