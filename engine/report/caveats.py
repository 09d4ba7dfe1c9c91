"""What a reader has to know before believing the figures of a run, a sentence each."""

from collections.abc import Iterator, Sequence

from engine.protocol import ARMS, PART_NAMES, other_arm
from engine.protocol.ages import age
from engine.protocol.counting import plural
from engine.report.facts import ArmFacts, RunFacts
from engine.report.mistakes import Mistakes
from engine.report.text import clock

WIDE = 0.1  # an interval of more than ten points says little


def caveats(facts: RunFacts, wrong: Sequence[Mistakes]) -> list[str]:
    """The sentences, the most important ones first. Empty if the run is over and nothing is missing."""
    return [*_of_state(facts), *_of_arms(facts), *_of_parts(facts), *_of_weights(facts), *_of_files(facts, wrong)]


def notices(facts: RunFacts, wrong: Sequence[Mistakes]) -> list[str]:
    """Those of them that say what the report lacks: the end of the run, pictures, lines of the journal."""
    return [*_of_state(facts), *_of_files(facts, wrong)]


def _of_state(facts: RunFacts) -> Iterator[str]:
    status = facts.status
    match status.state:
        case "finished" if not status.live:
            pass
        case "failed":
            yield f"The run failed. {status.message}"
        case "stopped":
            yield f"The run was stopped before its epochs were done, {_steps(facts)}."
        case "lost":
            seen = f", and was last seen on {status.host} {age(status.seen)} ago" if status.seen is not None else ""
            yield f"The run has no end, and its journal ends {_steps(facts)}: it was killed{seen}."
        case state:
            now = "it waits for commands" if state == "finished" else f"it is {state}"
            yield (
                f"The run is not over ({now}); this is how it was at {clock(status.updated)}. Make the report "
                "again when it has ended."
            )
    if facts.run is None:
        yield "The journal has no beginning of a run: classes, pictures and the machine are not known."


def _steps(facts: RunFacts) -> str:
    status = facts.status
    return f"after step {status.step:,} of {status.total_steps:,}" if status.total_steps else "before the first step"


def _of_arms(facts: RunFacts) -> Iterator[str]:
    left = [
        f"{plural(len(one.view.past), 'branch')} of the {arm} arm" for arm, one in facts.arms.items() if one.view.past
    ]
    if left:
        yield f"Rewinds left {' and '.join(left)}. What is told epoch by epoch is of the last branch."
    if len(facts.arms) == 1:
        (arm,) = facts.arms
        yield f"Only the {arm} arm was trained. Nothing shows how the {other_arm(arm)} arm would have done."
    for one in facts.arms.values():
        if one.best is None:
            yield f"The {one.arm} arm was not scored yet."
        elif not one.view.finished and facts.status.state == "finished":
            yield f"The {one.arm} arm did {one.view.step:,} of {one.view.total_steps:,} steps."
        if one.best is not None and one.best.branch != one.view.branch:
            yield f"The best weights of the {one.arm} arm are of branch {one.best.branch}, which was left."


def _of_parts(facts: RunFacts) -> Iterator[str]:
    run = facts.run
    if run is None:
        return
    if not run.val_images:
        yield (
            "There are no validation pictures. The test pictures chose the best weights, so the accuracy on them is "
            "somewhat too good."
        )
    elif not run.test_images:
        yield (
            "There are no test pictures. The validation pictures chose the best weights, so the accuracy on them is "
            "somewhat too good."
        )
    else:
        untested = [arm for arm in ARMS if arm in facts.arms and _is_untested(facts.arms[arm])]
        if untested:
            yield (
                f"The best weights of {' and '.join(untested)} were not scored on the test pictures. The validation "
                "pictures chose them, so the accuracy on those is somewhat too good."
            )


def _is_untested(arm: ArmFacts) -> bool:
    return arm.best is not None and arm.best.tested is None


def _of_weights(facts: RunFacts) -> Iterator[str]:
    for arm in facts.arms.values():
        if arm.best is None:
            continue
        score = arm.best.score
        if score.interval is None:
            yield f"No picture of the {PART_NAMES[score.part]} part could be scored for the {arm.arm} arm."
        elif score.interval[1] - score.interval[0] > WIDE:
            of = plural(score.images, f"{PART_NAMES[score.part]} picture")
            yield f"The {arm.arm} arm was scored on only {of}, so its accuracy is not known well."
        if arm.size is None:
            yield f"The file {arm.file} is not there."


def _of_files(facts: RunFacts, wrong: Sequence[Mistakes]) -> Iterator[str]:
    if facts.skipped:
        yield f"{plural(facts.skipped, 'picture')} could not be decoded and took no part."
    for one in wrong:
        if not one.of_best:
            yield f"The mistakes of the {one.arm.arm} arm are those of its newest evaluation, not of the best weights."
        if one.missing:
            shown = f"{one.missing} of {plural(len(one.pictures), 'picture')}"
            yield f"Of the worst mistakes of the {one.arm.arm} arm, {shown} cannot be shown."
    if facts.unreadable:
        yield f"{plural(facts.unreadable, 'line')} of the journal cannot be read and are left out."
    if facts.config is None:
        yield f"The configuration cannot be read: {facts.config_problem}"
