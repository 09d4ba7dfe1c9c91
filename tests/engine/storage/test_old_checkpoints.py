"""What an older version wrote is read and gone on with: two small runs in format 2, one for each optimizer.

Each was trained for an epoch, steered, saved by hand, rewound to its start, switched to the other arm and stopped.
`expected.json` has what that version made of them: checksums of the weights in each file, and its own resumed run.
"""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch

from engine import protocol as p
from engine.config import load_config
from engine.loop.run import Run
from engine.models.families import FAMILIES
from engine.service.status import status_of
from engine.storage import checkpoint
from tests.engine.driving import folder_of, only, play
from tests.engine.staged import family

OLD = Path(__file__).parent / "format_2"
EXPECTED = json.loads((OLD / "expected.json").read_text())
FILES = [(run, name) for run, known in EXPECTED.items() for name in known["checkpoints"]]


@pytest.fixture(params=EXPECTED)
def old(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of an old run's folder."""
    monkeypatch.setitem(FAMILIES, "torchvision", family("tiny"))
    return Path(shutil.copytree(OLD / request.param, tmp_path / request.param))


def resumed(folder: Path, pictures: Path) -> Run:
    settings = [f"data.root={pictures}", f"model.weights={OLD / 'tiny.pth'}", f"checkpoint.dir={folder.parent}"]
    return Run(load_config(folder / "config.yaml", settings), resume=folder)


def weights_sha256(model: dict[str, torch.Tensor]) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.items()):
        digest.update(name.encode() + tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


@pytest.mark.parametrize(("run", "name"), FILES, ids=[f"{run}/{name}" for run, name in FILES])
def test_each_kind_of_checkpoint_has_the_weights_that_were_saved(run: str, name: str) -> None:
    state = checkpoint.load(OLD / run / name)
    assert weights_sha256(state["model"]) == EXPECTED[run]["checkpoints"][name]


def test_a_resume_goes_on_with_exactly_what_was_saved(old: Path, pictures: Path) -> None:
    saved = checkpoint.load(old / "scratch" / "last.pt")
    run = resumed(old, pictures)
    for event in run.events():
        if isinstance(event, p.ArmStarted):
            state = run.work.arms.current.state()
            assert (event.arm, event.step, event.branch) == ("scratch", 6, 1)
            assert weights_sha256(state["model"]) == weights_sha256(saved["model"])
            assert "temperature" not in saved and state["temperature"] == 1.0
            assert {key: state[key] for key in ("step", "change", "seconds", "sums", "evaluated")} == {
                key: saved[key] for key in ("step", "change", "seconds", "sums", "evaluated")
            }
            for mine, theirs in zip(
                state["optimizer"]["state"].values(), saved["optimizer"]["state"].values(), strict=True
            ):
                assert all(torch.equal(mine[key], theirs[key]) for key in theirs)
            break
    else:
        pytest.fail("no arm was started")


def test_it_trains_to_the_end_that_the_older_version_came_to(old: Path, pictures: Path) -> None:
    """Up to what another processor rounds otherwise."""
    expected = EXPECTED[old.name]
    events = play(resumed(old, pictures))
    assert [step.step for step in only(events, p.TrainStep)] == [step for step, _ in expected["steps"]]
    assert [step.loss for step in only(events, p.TrainStep)] == pytest.approx(
        [loss for _, loss in expected["steps"]], rel=1e-3
    )
    final = checkpoint.load(old / "scratch" / "last.pt")["model"]
    # A step of Adam is about as long as the rate, whatever the gradient: one that is rounded otherwise may turn round.
    most = 1e-2 if old.name == "adamw" else 1e-4
    for name, values in expected["weights"].items():
        assert final[name].double().flatten().tolist() == pytest.approx(values, rel=1e-2, abs=most)


def test_its_restore_points_and_its_other_arm_can_be_gone_back_to(old: Path, pictures: Path) -> None:
    events = play(
        resumed(old, pictures),
        lambda event: {
            p.ArmStarted: [p.SwitchArm("pretrained")] if getattr(event, "arm", "") == "scratch" else [],
            p.ArmSuspended: [p.Rewind("branch-1.pt")],
            p.Rewound: [p.Stop()],
        }.get(type(event), []),
    )
    saved = checkpoint.load(OLD / old.name / "pretrained" / "branch-1.pt")
    (rewound,) = only(events, p.Rewound)
    assert (rewound.arm, rewound.step, rewound.branch, rewound.base) == ("pretrained", saved["step"], 3, 1)
    assert not only(events, p.CommandRefused) and folder_of(events)


def test_its_journal_says_where_it_stands(old: Path) -> None:
    status = status_of(old)
    assert (status.state, status.arm, status.step, status.epoch, status.epochs) == ("stopped", "scratch", 6, 2, 3)
    assert {"branch-1.pt", "step-000003.pt"} <= {file.name for file in (old / "pretrained").iterdir()}
