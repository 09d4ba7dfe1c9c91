"""Both arms of a run: the current one and the other one, taken from checkpoints and rewound."""

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from engine.arms.arm import TrainedArm
from engine.arms.checkpointer import START, Checkpointer
from engine.arms.resumed_settings import apply_settings
from engine.arms.setup import Setup
from engine.config import RunConfig
from engine.errors import CheckpointError, StoppedError
from engine.models import build, fetch
from engine.protocol import ARMS, Arm, CheckpointDamaged, Event, Head, Loading, Rewound
from engine.storage import checkpoint
from engine.storage.writer import CheckpointWriter


class Arms:
    """The arms of a run. `start` or `resume` makes the first one current."""

    current: TrainedArm

    def __init__(
        self,
        setup: Setup,
        *,
        train_images: int,
        writer: CheckpointWriter,
        stop_waits: Callable[[], bool] = lambda: False,
    ) -> None:
        """`train_images` is the number of training pictures; `stop_waits` says whether a command to stop has come:
        a download then does not go on."""
        self.commands = 0
        "how many commands that make a difference have taken effect"
        config, processes = setup.config, setup.processes
        self.checkpointer = Checkpointer(config.checkpoint, writer, processes, self._in_memory, self._common_state)
        self.writer = writer
        self.processes = processes
        self._setup = setup
        self._config = config
        self._train_images = train_images
        self._stop_waits = stop_waits
        self._arms: dict[Arm, TrainedArm] = {}
        self._trained_with: RunConfig | None = None
        self._past: dict[Arm, list[dict[str, Any]]] = {name: [] for name in ARMS}

    @property
    def history(self) -> dict[Arm, list[dict[str, Any]]]:
        """A row an epoch of each arm, also of one that was not built since the resume."""
        return self._past | {name: list(arm.history) for name, arm in self._arms.items()}

    # --- making an arm current --------------------------------------------------------------------------

    def start(self, name: Arm) -> Iterator[Event]:
        """Build the first arm of a new run.

        Raises:
            EngineError: it cannot be built.
        """
        self.current = self._arms[name] = yield from self._build(name)

    def resume(self, folder: Path) -> Iterator[Event]:
        """Make the arm of the newest checkpoint in `folder` current, or begin a new one if there is no checkpoint yet.

        Raises:
            CheckpointError: it does not fit the configuration and the pictures.
            EngineError: the arm cannot be built.
        """
        self.checkpointer.folder = folder
        found = yield from self._newest("*")
        if found is None:
            yield from self.start(self._config.init)
            return
        self._past |= found.state["history"]
        self.writer.go_on_from(found.path, found.state["time"])
        self.checkpointer.find_points()
        self.commands = found.state["commands"]
        self.current = yield from self._restore(found)

    def switch(self, name: Arm) -> Iterator[Event]:
        """Make the other arm current: from memory, from its newest checkpoint, or new.

        Raises:
            EngineError: it cannot be built; the current arm stays.
        """
        if name not in self._arms:
            found = yield from self._newest(name)
            if found is not None:
                yield from self._restore(found)
            else:
                self._arms[name] = yield from self._build(name)
        self.current = self._arms[name]

    def check_head(self, head: Head) -> Iterator[Event]:
        """Make sure that the current arm can begin again with such a head; nothing is changed.

        Raises:
            EngineError: it cannot.
        """
        if head == "pretrained":  # the others need nothing that a run does not have
            name, config = self.current.arm, self._config_with(head)
            yield from self.processes.on_first_then_others(lambda: self._fetch(name))
            yield Loading(f"building {config.model.name}")
            build(config.model, self._setup.classes, name, config.seed)

    def rewind(self, point: str, reason: str, head: Head = "kept") -> Iterator[Event]:
        """Take the current arm back to one of its restore points; it goes on from there as a new branch.

        With the point `start` its last layer can start from something else than the configuration says.

        Raises:
            EngineError: the point cannot be read or built again, or there is no such head; the arm stays where it is.
        """
        arm = self.current
        left, left_step = arm.branch, arm.step
        if point == START:
            built = yield from self._build(arm.arm, head)
            state = built.state() | {"history": {arm.arm: []}}
            arm.rewind(state)
            arm.init = built.init
        else:
            yield Loading("reading the restore point")
            state = self.checkpointer.load(arm.arm, point)
            arm.rewind(state)
        yield Rewound(
            arm=arm.arm,
            step=arm.step,
            branch=arm.branch,
            base=state["branch"],
            left=left,
            left_step=left_step,
            point=point,
            reason=reason,
            change=arm.change,
            head=head,
        )

    @property
    def on_gpu(self) -> bool:
        """Whether the arms are on a device whose memory can be given back."""
        return self._setup.device.type != "cpu"

    def free(self) -> None:
        """Move both arms to the host's memory, and give the device's back."""
        for arm in self._arms.values():
            arm.move(torch.device("cpu"))
        if self._setup.device.type == "cuda":
            torch.cuda.empty_cache()

    def bring_back(self) -> None:
        """Move both arms to their device again."""
        for arm in self._arms.values():
            arm.move(self._setup.device)

    def is_done(self, name: Arm) -> bool:
        """Whether an arm in memory has done all its epochs."""
        return name in self._arms and self._arms[name].done

    def _build(self, name: Arm, head: Head = "kept") -> Generator[Event, None, TrainedArm]:
        yield from self.processes.on_first_then_others(lambda: self._fetch(name))
        yield Loading(f"building {self._config.model.name}")
        return TrainedArm(name, replace(self._setup, config=self._config_with(head)))

    def _config_with(self, head: Head) -> RunConfig:
        """The configuration, but for what a head starts from."""
        if head == "kept":
            return self._config
        model = self._config.model.model_copy(update={"head": head})
        return self._config.model_copy(update={"model": model})

    def _fetch(self, name: Arm) -> Generator[Event, None, None]:
        """Download the weights that an arm starts with, unless they are there."""
        for progress in fetch(self._config.model, name):
            if self._stop_waits():
                raise StoppedError("Download stopped", "the run was stopped before the weights were there")
            yield progress

    def _restore(self, found: checkpoint.Found) -> Generator[Event, None, TrainedArm]:
        """Build an arm and put it where a checkpoint has it."""
        arm = yield from self._build(found.state["arm"])
        arm.load(found.state)
        self._arms[arm.arm] = arm
        self._trained_with = RunConfig.model_validate(found.state["config"])
        return arm

    def changed_settings(self) -> Iterator[Event]:
        """Change the arm restored last where the configuration has changed since it was saved."""
        before, self._trained_with = self._trained_with, None
        if before is not None:
            yield from apply_settings(self.current, before, self._config)

    def _in_memory(self) -> Iterable[TrainedArm]:
        return self._arms.values()

    def _newest(self, arm: str) -> Generator[Event, None, checkpoint.Found | None]:
        yield Loading("looking for a checkpoint")
        self.writer.wait()
        found = self.processes.on_first(lambda: checkpoint.newest(self.checkpointer.folder, arm))
        if found is not None:
            yield from (CheckpointDamaged(str(path), message) for path, message in found.damaged)
            self._check_fit(found)
        return found

    def _check_fit(self, found: checkpoint.Found) -> None:
        state, config = found.state, self._config
        for what, saved, now in (
            ("classes", state["classes"], list(self._setup.classes)),
            ("training pictures", state["train_images"], self._train_images),
            ("batch size", state["config"]["data"]["batch_size"], config.data.batch_size),
            ("model", state["config"]["model"]["name"], config.model.name),
            ("optimizer", state["config"]["optim"]["name"], config.optim.name),
        ):
            if saved != now:
                raise CheckpointError(
                    "Checkpoint does not fit", f"{found.path} was made with {what} {saved}, now {now}"
                )

    def _common_state(self) -> dict[str, Any]:
        """What a checkpoint has beside the state of its arm."""
        return {
            "steps_per_epoch": self._setup.steps_per_epoch,
            "train_images": self._train_images,
            "classes": list(self._setup.classes),
            "history": self.history,
            "config": self._config.model_dump(mode="json"),
            "commands": self.commands,
        }
