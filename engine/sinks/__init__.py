"""Sinks: they write the events of a run for other programs and for people.

A sink is a function of an event. A new sink is a module here with a function that opens it, and a row in one of two
tables. The sinks in `RUN_SINKS` are opened for each run with a folder. A run without a screen uses one of those in
`STREAM_SINKS`. If a sink cannot write, it raises an `OSError` with the file's name, and training goes on.

- `metrics_csv`: a table of all epochs in the run's folder.
- `text`: lines for people, with a progress bar.
- `json_lines`: one line of JSON per event.

Trackers of experiments are slow and can fail, so they are no such functions: a process of its own follows the journal.

- `trackers`: the table of them, and the processes that a run starts.
- `follow`, `follow_state`: that process: it waits for lines, sends what they say, and knows what was sent before.
- `told`, `thinned`: from lines of a journal to numbers and notes of `tracking`.
- `to_tensorboard`, `to_wandb`, `to_mlflow`, `to_trackio`: a tracker each; only these load its library.

May import `metrics`, `storage`, `hardware`, `config`, `protocol`, `demo` and `errors`.
"""

from collections.abc import Callable
from pathlib import Path

from engine.protocol import Event
from engine.protocol.streams import Output
from engine.sinks.json_lines import open_json_lines
from engine.sinks.metrics_csv import open_metrics_csv
from engine.sinks.text import open_text

Sink = Callable[[Event], None]

RUN_SINKS: dict[str, Callable[[Path], Sink]] = {"metrics.csv": open_metrics_csv}
"opened with the run's folder; its journal has the earlier events"
STREAM_SINKS: dict[str, Callable[[Output, Output], Sink]] = {"text": open_text, "json": open_json_lines}
"opened with standard output and standard error"

__all__ = ["RUN_SINKS", "STREAM_SINKS", "Sink"]
