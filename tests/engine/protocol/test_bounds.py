"""Absurd numbers are refused in one sentence, wherever they come from: a command, its word, a setting, the socket."""

import math
from argparse import ArgumentParser

import pytest

from engine import protocol as p
from engine.cli.program import main
from engine.config import RunConfig, load_config
from engine.errors import ConfigError, EngineError
from engine.loop.run import Run
from engine.service.words import add_words
from tests.engine.driving import after_step, only, play

HUGE = 10**400
ABSURD: list[tuple[p.Command, str]] = [
    *((p.SetRate("head", value), "a rate lies in 0..100") for value in (-1.0, math.nan, math.inf, -math.inf, 100.1)),
    *((p.ScaleRate("head", value), "a factor is a number from 0 up") for value in (-2.0, math.nan, math.inf)),
    *((p.ScaleRate("all", value), "a factor is a number from 0 up") for value in (-2.0, -math.inf)),
    *((p.SetEpochs(value), "epochs lie in 1..100000") for value in (0, -1, 100_001, HUGE)),
    *((p.SetSteps(value), "steps lie in 1..") for value in (0, -1, 99_999_999_999, HUGE)),
    *((p.SetMicroBatch(value), "a micro-batch lie in 1..65536") for value in (0, -1, 99_999_999_999, HUGE)),
    *((p.SetRate(name, 0.1), "there is no group") for name in ("", "\0", "tail", "all", "x" * 3000)),
    (p.ScaleRate("head", 1e-322), "the rate of `head` would become 0"),
    (p.SetFrozen("\0"), "there is no group `\\x00`"),
    (p.Rewind("\0"), "scratch has no restore point `\\x00`"),
    (p.CorrectLabel("\0", "right"), "\\x00 is no training picture"),
]
WORDS = [
    *(("rate", "head", text) for text in ("1e-400", "-1", "nan", "inf", "1e400", "9" * 400, "", "\0", "x")),
    *(("scale", "head", text) for text in ("-2", "nan", "inf", "1e400", "1e-400", "")),
    *((word, text) for word in ("epochs", "steps", "micro-batch") for text in ("0", "-1", "1.5", "", "9" * 400, "1e3")),
    *(("micro-batch", text) for text in ("99999999999", "9" * 5000)),
    *(("switch", text) for text in ("", "\0", "other")),
    ("rewind", "start", "--head", "other"),
    *(("pause", f"--timeout={text}") for text in ("nan", "inf", "-1", "1e400", "1e-400", "9" * 30)),
]


def test_no_run_obeys_an_absurd_command_and_each_has_its_reason(small: RunConfig) -> None:
    events = play(Run(small), after_step(2, *(command for command, _ in ABSURD)))
    told = [event.reason for event in only(events, p.CommandRefused)]
    assert [words for text, (_, words) in zip(told, ABSURD, strict=True) if words not in text] == []
    assert all(len(text) < 4000 and "\0" not in text for text in told)
    assert events[-1].completed


@pytest.mark.parametrize("words", WORDS, ids=lambda words: " ".join(words)[:24])
def test_an_absurd_word_is_the_users_mistake_in_one_sentence(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["send", "nowhere", *words])
    assert ended.value.code == 2
    *_, said = capsys.readouterr().err.splitlines()
    assert ": error: " in said and len(said) < 300


@pytest.mark.parametrize(
    ("words", "value"), [(["rate", "head", "-0"], 0.0), (["rate", "head", "0e-400"], 0.0), (["scale", "x", "0.5"], 0.5)]
)
def test_other_numbers_are_taken(words: list[str], value: float) -> None:
    add_words(parser := ArgumentParser(), lambda one: None)
    args = vars(parser.parse_args(words))
    found = args.get("LR", args.get("FACTOR"))
    assert (found, math.copysign(1, found)) == (value, 1)


def test_a_number_on_the_socket_that_would_become_0_is_refused() -> None:
    line = p.encode(p.SetRate("head", 0.5)).replace("0.5", "1e-400")
    assert p.decode(line) == p.SetRate("head", 0.0)  # as journals of older versions are read
    with pytest.raises(EngineError, match="too small"):
        p.decode(line, foreign=True)
    with pytest.raises(EngineError):
        p.decode(p.encode(p.SetRate("head", 0.5)).replace("0.5", "9" * 400))


@pytest.mark.parametrize(
    "text",
    [
        *(f"{key}=1e-400" for key in ("optim.weight_decay", "optim.momentum", "train.mixup", "data.erasing")),
        *(f"{key}=1e308" for key in ("data.cache_gib", "checkpoint.every_seconds", "watchdog.loader_seconds")),
        *(f"{key}=99999999999" for key in ("train.micro_batch", "train.patience", "train.minutes")),
        f"train.patience={'9' * 5000}",
        *(f"train.minutes={value}" for value in ("nan", "inf", "-1", "1e400")),
        "schedule.changes=[{arm: scratch, step: 1, group: head, lr: 1e-400}]",
        "schedule.changes=[{arm: scratch, step: 1, micro_batch: 99999999999}]",
        "schedule.changes=[{arm: other, step: 1, epochs: 3}]",
    ],
    ids=lambda text: text[:40],
)
def test_an_absurd_setting_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(None, [text])
    assert "\n" not in caught.value.message and text.partition("=")[0] in caught.value.message


def test_what_an_older_version_took_is_done_again(small: RunConfig) -> None:
    from engine.steering.script import Script
    from engine.storage.journal import Position

    script = Script([(Position("scratch", 1, 2, 0), p.SetMicroBatch(99_999_999_999))])
    events = play(Run(small, script=script))
    assert only(events, p.MicroBatchChanged) and not only(events, p.CommandRefused)
