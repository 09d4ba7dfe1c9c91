"""Events for other programs and for people: a sink takes the events of a run, one after the other.

A sink is a function of an event; a module here has one function that opens it, and a row in one of two tables. Those in
`RUN_SINKS` are opened for each run with a folder; one of those in `STREAM_SINKS` tells a run without a screen on the
standard streams. What a sink cannot write it raises as an `OSError` with the file's name: training goes on.

May import `metrics`, `storage`, `config`, `protocol`.
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
"opened with the run's folder, whose journal has what happened before"
STREAM_SINKS: dict[str, Callable[[Output, Output], Sink]] = {"text": open_text, "json": open_json_lines}
"opened with standard output and standard error"

__all__ = ["RUN_SINKS", "STREAM_SINKS", "Sink"]
