"""Several runs compared: in what their settings differ, and what each arm came to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from engine.config.values import flat
from engine.errors import UserError
from engine.figures.best import Best
from engine.protocol import ARMS, PART_NAMES, Arm
from engine.report.difference import Difference, difference_of
from engine.report.facts import ArmFacts, RunFacts
from engine.report.scored_pictures import ScoredPictures
from engine.report.settings import plain
from engine.report.text import MISSING, plural

LETTERS = ascii_lowercase
OF_EACH_RUN = ("name", "checkpoint.dir", "sinks", "hooks.")
"settings that change nothing of what is trained, or whose values may be secret; with a dot at the end a whole section"


@dataclass(frozen=True, slots=True)
class Compared:
    """A run of the comparison, and the letter that stands for it."""

    letter: str
    facts: RunFacts

    @property
    def by_hand(self) -> int:
        """How often a person has changed something."""
        return sum(deed.by_hand for deed in self.facts.deeds)

    @property
    def arms(self) -> list[ArmFacts]:
        """The arms that have begun."""
        return [self.facts.arms[arm] for arm in ARMS if arm in self.facts.arms]


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting in which runs differ, with its value in each of them."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Against:
    """An arm against the one that all others are compared with."""

    run: Compared
    arm: Arm
    difference: Difference | None
    "of this arm less the other one; `None`: they were not scored on the same part of the pictures"
    same_pictures: bool | None
    "`None`: not known"


@dataclass(frozen=True, slots=True)
class RunsCompared:
    """The comparison."""

    runs: tuple[Compared, ...]
    settings: tuple[Setting, ...]
    base: tuple[Compared, Arm] | None
    "the arm that the others are compared with; `None`: nothing was scored"
    against: tuple[Against, ...]
    notes: tuple[str, ...]
    "what a reader has to know before believing the figures, a sentence each"


def compare_runs(facts: Sequence[RunFacts]) -> RunsCompared:
    """Compare runs; the better arm of the first one is what the others are compared with.

    Raises:
        UserError: they are fewer than two, or more than there are letters.
    """
    if not 2 <= len(facts) <= len(LETTERS):
        raise UserError(
            "Not compared", f"name 2 to {len(LETTERS)} different runs; there is {plural(len(facts), 'run')}"
        )
    runs = tuple(Compared(letter, one) for letter, one in zip(LETTERS, facts, strict=False))
    base = next(((run, run.facts.winner) for run in runs if run.facts.winner is not None), None)
    against = () if base is None else tuple(_against(runs, *base))
    return RunsCompared(
        runs=runs,
        settings=tuple(_settings(facts)),
        base=None if base is None else (base[0], base[1].arm),
        against=against,
        notes=tuple(_notes(runs, base[0] if base is not None else None, against)),
    )


def _settings(facts: Sequence[RunFacts]) -> Iterator[Setting]:
    """What differs, in the order of the configuration. What a recipe has chosen is in a run's configuration, too."""
    values = [flat(one.config) if one.config is not None else None for one in facts]
    for key in dict.fromkeys(key for known in values if known is not None for key in known):
        if any(key == left_out or (left_out[-1] == "." and key.startswith(left_out)) for left_out in OF_EACH_RUN):
            continue
        shown = tuple(MISSING if known is None else plain(known.get(key)) for known in values)
        if len(set(shown) - {MISSING}) > 1:
            yield Setting(key, shown)


def _against(runs: Sequence[Compared], base: Compared, winner: ArmFacts) -> Iterator[Against]:
    pictures = ScoredPictures()
    assert winner.best is not None, "an arm without a score is no winner"
    for run in runs:
        for arm in run.arms:
            if arm is winner or arm.best is None:
                continue
            found = difference_of(arm.best, winner.best)
            same = None if found is None else pictures.same(run.facts.folder, base.facts.folder, found.part)
            yield Against(run, arm.arm, found, same)


def _notes(runs: Sequence[Compared], base: Compared | None, against: Sequence[Against]) -> Iterator[str]:
    for run in runs:
        if run.facts.config is None:
            yield f"The settings of {run.letter} are not known: {run.facts.config_problem}"
        if not any(arm.best for arm in run.arms):
            yield f"Nothing of {run.letter} was scored yet."
        elif run.facts.status.live:
            yield f"{run.letter} is live: these are its figures so far."
    seen = dict.fromkeys(_of_pictures(one, base) for one in against if base is not None)
    yield from filter(None, seen)
    yield from dict.fromkeys(note for one in against if base is not None for note in _chose_on_test(one, base))


def _of_pictures(one: Against, base: Compared) -> str:
    """What is different about the pictures that both were scored on; empty if they are the same."""
    run = one.run
    if one.difference is None:
        of, others = _parts(run.facts.arms[one.arm].best), _parts(base.facts.winner.best if base.facts.winner else None)
        return f"{run.letter} was scored on {of} pictures, {base.letter} on {others} pictures: they cannot be compared."
    part = PART_NAMES[one.difference.part]
    if one.same_pictures is None:
        return f"It is not known whether {base.letter} and {run.letter} were scored on the same {part} pictures."
    if not one.same_pictures:
        first, second = one.difference.second.images, one.difference.first.images
        return (
            f"{base.letter} and {run.letter} were not scored on the same {part} pictures ({first:,} and {second:,}): "
            "the difference is also one of the pictures."
        )
    return ""


def _parts(best: Best | None) -> str:
    return PART_NAMES[best.score.part] if best is not None else "no"


def _chose_on_test(one: Against, base: Compared) -> Iterator[str]:
    """A sentence where one chose on the test pictures, and the other one was only tested on them."""
    ours, theirs = one.run.facts.arms[one.arm].best, base.facts.winner.best if base.facts.winner is not None else None
    if one.difference is None or one.difference.part != "test" or ours is None or theirs is None:
        return
    if ours.chosen.part != theirs.chosen.part:
        letters = one.run.letter, base.letter
        chose, other = letters if ours.chosen.part == "test" else letters[::-1]
        yield (
            f"{chose} chose its best weights on the test pictures themselves, {other} did not: the accuracy of {chose} "
            "is somewhat too good."
        )
