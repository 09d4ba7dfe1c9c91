"""A schedule is a multiplier in 0..1 on each group's own rate."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.arms.optimizer import apply_schedule, build_optimizer, describe_groups, groups_of
from engine.config.sections import ScheduleConfig
from engine.models import BuiltModel
from engine.recipes.lesson import Lesson
from engine.recipes.schedule import ONE_CYCLE_WARMUP, multiplier

TOTALS = st.integers(1, 2000)
SCHEDULES = st.builds(
    ScheduleConfig,
    name=st.sampled_from(["constant", "cosine", "one_cycle"]),
    warmup=st.floats(0, 0.99),
    final=st.floats(0, 1),
)


def curve(total: int, config: ScheduleConfig) -> list[float]:
    return [multiplier(step, total, config) for step in range(total)]


def warmup_steps(total: int, config: ScheduleConfig) -> int:
    share = config.warmup or (ONE_CYCLE_WARMUP if config.name == "one_cycle" else 0)
    return min(round(share * total), total - 1)


@given(TOTALS, SCHEDULES)
def test_it_lies_in_0_to_1_and_reaches_1(total: int, config: ScheduleConfig) -> None:
    values = curve(total, config)
    assert all(0 <= value <= 1 for value in values)
    assert max(values) == pytest.approx(1) or (config.name != "constant" and total < 3)


@given(TOTALS, SCHEDULES)
def test_it_rises_in_the_warm_up_and_never_after_it(total: int, config: ScheduleConfig) -> None:
    values = curve(total, config)
    top = values.index(max(values))
    rise, fall = values[: top + 1], values[top:]
    assert all(low < high for low, high in itertools.pairwise(rise))
    assert all(high >= low for high, low in itertools.pairwise(fall))


@given(TOTALS, SCHEDULES)
def test_the_warm_up_takes_its_share_of_the_steps(total: int, config: ScheduleConfig) -> None:
    assert curve(total, config).index(1) == warmup_steps(total, config)


@given(TOTALS, SCHEDULES, st.integers(0, 10_000))
def test_it_ends_at_its_final_value_and_stays_there(total: int, config: ScheduleConfig, beyond: int) -> None:
    last = multiplier(total - 1, total, config)
    falls = config.name != "constant" and warmup_steps(total, config) < total - 1
    assert last == (config.final if falls else 1)
    assert multiplier(total - 1 + beyond, total, config) == last


@given(st.integers(10, 2000), st.floats(0, 0.5))
def test_a_linear_warm_up_is_straight(total: int, warmup: float) -> None:
    config = ScheduleConfig(name="constant", warmup=warmup)
    steps = round(warmup * total)
    assert curve(total, config)[:steps] == pytest.approx([(step + 1) / (steps + 1) for step in range(steps)])


def test_one_cycle_is_two_half_cosines_as_pytorch_draws_them() -> None:
    total = 101
    parameter = torch.nn.Parameter(torch.zeros(1))
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        torch.optim.SGD([parameter], lr=1.0), max_lr=1.0, total_steps=total, div_factor=1e12, final_div_factor=1.0
    )
    rates = []
    for _ in range(total):
        rates.append(theirs.get_last_lr()[0])
        theirs.optimizer.step()
        theirs.step()
    ours = curve(total, ScheduleConfig(name="one_cycle"))
    # Theirs wastes the first step on a rate of 0, so both differ by less than a step's rise.
    steepest = max(abs(high - low) for low, high in itertools.pairwise(rates))
    assert max(abs(one - other) for one, other in zip(ours, rates, strict=True)) <= steepest


def test_a_cosine_is_at_half_height_in_the_middle() -> None:
    assert multiplier(50, 101, ScheduleConfig(name="cosine")) == pytest.approx(0.5)
    assert multiplier(50, 101, ScheduleConfig(name="cosine", final=0.5)) == pytest.approx(0.75)


def test_a_changed_base_rate_and_the_schedule_do_not_fight(small) -> None:
    model = torch.nn.Sequential()
    model.add_module("body", torch.nn.Linear(3, 3))
    model.add_module("fc", torch.nn.Linear(3, 2))
    optimizer = build_optimizer(Lesson(small).groups(BuiltModel(model, "fc", ""), "pretrained"), small.optim)
    assert [(group.name, group.parameters) for group in describe_groups(optimizer)] == [("backbone", 12), ("head", 8)]
    assert apply_schedule(optimizer, 0.5) == {"backbone": 2.5e-5, "head": 2.5e-4}
    groups_of(optimizer, "head")[0]["base_lr"] = 1.0
    assert apply_schedule(optimizer, 0.1) == pytest.approx({"backbone": 5e-6, "head": 0.1})
    assert describe_groups(optimizer)[1].base_lr == 1.0
