"""Times at which a run has to be over, with a clock that is handed in."""

from datetime import UTC, datetime

import pytest

from engine.config.deadline import job_limit, seconds_at
from engine.errors import ConfigError

NOON = datetime(2026, 3, 1, 12, 0).timestamp()
HOUR = 3600.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("18:30", NOON + 6.5 * HOUR),
        ("9:00", NOON + 21 * HOUR),
        ("12:00", NOON + 24 * HOUR),
        ("2026-03-01T13:00", NOON + HOUR),
        ("2026-03-01 13:00:30", NOON + HOUR + 30),
        ("2026-03-01T13:00+00:00", datetime(2026, 3, 1, 13, tzinfo=UTC).timestamp()),
        ("1772000000", 1772000000.0),
        ("1772000000.5", 1772000000.5),
    ],
)
def test_a_time_is_a_date_a_time_of_day_or_seconds(text: str, seconds: float) -> None:
    assert seconds_at(text, NOON) == seconds


@pytest.mark.parametrize("text", ["", "soon", "25:00", "18:00:00:00", "9" * 40, "2026-13-01", "-5", "nan"])
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="should be a time"):
        seconds_at(text, NOON)


def test_a_job_is_left_a_minute_before_its_end_or_a_tenth_of_what_it_still_has() -> None:
    limit = job_limit({"SLURM_JOB_END_TIME": str(int(NOON + HOUR))}, NOON)
    assert limit is not None and (limit.end, limit.save_at) == (NOON + HOUR, NOON + HOUR - 60)
    assert limit.sentence(NOON) == "Slurm ends this job at 13:00; the run saves before that"
    short = job_limit({"FINETUNE_UNTIL": str(NOON + 100)}, NOON)
    assert short is not None and short.save_at == NOON + 90


def test_the_earlier_limit_counts_and_a_wrong_one_is_refused_by_its_name() -> None:
    both = {"SLURM_JOB_END_TIME": str(int(NOON + HOUR)), "FINETUNE_UNTIL": "12:30"}
    limit = job_limit(both, NOON)
    assert limit is not None and limit.cause == "the time limit of FINETUNE_UNTIL"
    assert job_limit({"SLURM_JOB_END_TIME": "UNLIMITED"}, NOON) is None and job_limit({}, NOON) is None
    with pytest.raises(ConfigError, match="FINETUNE_UNTIL is soon"):
        job_limit({"FINETUNE_UNTIL": "soon"}, NOON)
