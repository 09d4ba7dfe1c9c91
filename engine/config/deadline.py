"""Times at which something has to be over: the setting `train.until`, and the limit of the job that a run is in."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.errors import ConfigError

VARIABLE, SLURM = "FINETUNE_UNTIL", "SLURM_JOB_END_TIME"
MARGIN_SECONDS = 60.0
"before the end of a job, for a step and a checkpoint"
MARGIN_SHARE = 0.1
"of the time that a job still has, if that is less"
WHAT = "it should be a time: 2026-03-01T18:00, 18:00 (the next one) or seconds since 1970"


def check(text: str) -> str:
    """The text itself, if it is a time.

    Raises:
        ValueError: it is none.
    """
    seconds_at(text, 0.0)
    return text


def seconds_at(text: str, now: float) -> float:
    """A time in seconds since 1970: ISO 8601, of this machine's zone unless it has one; `18:00`, the next; or seconds.

    Raises:
        ValueError: it is no time.
    """
    text = text.strip()
    try:
        if text.replace(".", "", 1).isdecimal():
            return datetime.fromtimestamp(float(text)).timestamp()
        if len(text) <= len("18:00") and ":" in text:
            clock = datetime.strptime(text, "%H:%M").time()
            day = datetime.fromtimestamp(now).date()
            today = datetime.combine(day, clock)
            next_one = today if today.timestamp() > now else today + timedelta(days=1)
            return next_one.timestamp()
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError(WHAT) from None


def clock(seconds: float, now: float) -> str:
    """A time for people: `18:05`, with the date unless it is today."""
    there, here = datetime.fromtimestamp(seconds), datetime.fromtimestamp(now)
    return f"{there:%H:%M}" if there.date() == here.date() else f"{there:%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class Limit:
    """The time at which a job is ended from outside."""

    who: str
    "who ends it"
    end: float
    "seconds since 1970"
    save_at: float
    "when the run has to save and end"

    @property
    def cause(self) -> str:
        """Why the run ends, in a few words."""
        return f"the time limit of {self.who}"

    def sentence(self, now: float) -> str:
        """What is said of it at the beginning."""
        return f"{self.who} ends this job at {clock(self.end, now)}; the run saves before that"


def job_limit(environment: Mapping[str, str] = os.environ, now: float | None = None) -> Limit | None:
    """The limit that the environment names, if any: that of Slurm, or one that was handed in; the earlier one.

    Raises:
        ConfigError: `FINETUNE_UNTIL` is no time.
    """
    now = time.time() if now is None else now
    found = []
    for name, who in ((SLURM, "Slurm"), (VARIABLE, VARIABLE)):
        if text := environment.get(name, "").strip():
            try:
                found.append((seconds_at(text, now), who))
            except ValueError as error:
                if name == VARIABLE:  # what Slurm writes is not the user's mistake
                    raise ConfigError("Unusable time", f"the environment's {name} is {text}: {error}") from None
    if not found:
        return None
    end, who = min(found)
    return Limit(who, end, end - min(MARGIN_SECONDS, MARGIN_SHARE * max(end - now, 0.0)))
