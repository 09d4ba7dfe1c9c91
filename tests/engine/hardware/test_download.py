"""A run whose pretrained weights are still to be downloaded: told as it goes on, and ended with a stop."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from engine import protocol as p
from engine.config import RunConfig
from engine.loop.run import Run
from tests.engine.conftest import write_weights
from tests.engine.driving import Reaction, after_step, only, play, with_settings
from tests.engine.webserver import Server, publish_weights, serving

MODEL = "squeezenet1_1"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    with serving(monkeypatch) as state:
        yield state


@pytest.fixture
def small(small: RunConfig) -> RunConfig:
    """With a model that there are weights for."""
    return with_settings(small, model__name=MODEL)


@pytest.fixture
def cached(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the weights of the small run will be kept, which the server has."""
    return publish_weights(server, MODEL, write_weights(tmp_path, MODEL).read_bytes(), monkeypatch)


def stop_in_download(*reactions: Reaction) -> Reaction:
    def react(event: p.Event) -> Iterable[p.Command]:
        if isinstance(event, p.Loading) and event.what.startswith("downloading"):
            return [p.Stop()]
        return [command for reaction in reactions for command in reaction(event)]

    return react


def downloading(events: Iterable[p.Event]) -> list[p.Loading]:
    return [event for event in only(events, p.Loading) if event.what.startswith("downloading")]


def test_the_weights_are_downloaded_before_the_model_is_built(small: RunConfig, cached: Path) -> None:
    events = play(Run(small.model_copy(update={"init": "pretrained"})), after_step(1, p.Stop(), arm="pretrained"))
    told = downloading(events)
    assert told[0] == p.Loading(f"downloading {cached.name}") and told[1].total == cached.stat().st_size
    assert events.index(p.Loading(f"building {MODEL}")) > events.index(told[-1])
    assert only(events, p.ArmStarted)[0].init == "torchvision's default weights"


def test_a_stop_ends_the_download_and_the_run(small: RunConfig, cached: Path) -> None:
    finished = play(Run(small.model_copy(update={"init": "pretrained"})), stop_in_download())[-1]
    assert isinstance(finished, p.RunFinished) and finished.step == 0 and not finished.completed
    assert list(cached.parent.iterdir()) == [] and not small.checkpoint.dir.exists()


def test_a_switch_downloads_what_the_other_arm_starts_with(small: RunConfig, cached: Path) -> None:
    events = play(
        Run(small), lambda event: [*after_step(1, p.SwitchArm("pretrained"))(event), *stop_after_switch(event)]
    )
    assert len(downloading(events)) >= 2 and cached.is_file()
    assert [event.arm for event in only(events, p.ArmStarted)] == ["scratch", "pretrained"]


def stop_after_switch(event: p.Event) -> Iterable[p.Command]:
    return after_step(1, p.Stop(), arm="pretrained")(event)


def test_a_stop_during_a_switch_ends_the_run_with_the_arm_in_hand(small: RunConfig, cached: Path) -> None:
    events = play(Run(small), stop_in_download(after_step(1, p.SwitchArm("pretrained"))))
    (refused,) = only(events, p.CommandRefused)
    assert refused.command == "switch_arm" and "the run was stopped" in refused.reason
    assert (events[-1].arm, events[-1].step) == ("scratch", 1)
    assert list(cached.parent.iterdir()) == []


def test_a_switch_that_cannot_download_is_refused_and_training_goes_on(
    small: RunConfig, cached: Path, server: Server
) -> None:
    server.share = 0.5
    events = play(Run(small), after_step(1, p.SwitchArm("pretrained")))
    (refused,) = only(events, p.CommandRefused)
    assert "the connection was cut off after" in refused.reason and "check the connection" in refused.reason
    assert events[-1].completed and list(cached.parent.iterdir()) == []
