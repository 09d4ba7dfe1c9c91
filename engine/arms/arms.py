"""Both arms of a run: which one is current, and how they are built, restored and rewound."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from engine.arms.arm import TrainedArm
from engine.arms.checkpointer import Checkpointer
from engine.arms.restore_points import START
from engine.arms.resumed_settings import apply_settings
from engine.arms.setup import Setup
from engine.config import RunConfig
from engine.data.listing.class_names import nfc
from engine.errors import CheckpointError, StoppedError
from engine.models import build, fetch
from engine.protocol import ARMS, Arm, CheckpointDamaged, Event, Head, Loading, Rewound
from engine.storage import checkpoint
from engine.storage.writer import CheckpointWriter

PICTURES_BACK = "put the pictures back as they were and resume again, or begin a new run"
SETTING_BACK = "resume with what it was made with, or begin a new run"
"what to do if a checkpoint does not fit"


class Arms:
    """The arms of a run. `start` or `resume` makes the first one current."""

    current: TrainedArm

    def __init__(
        self,
        setup: Setup,
        *,
        writer: CheckpointWriter,
        stop_requested: Callable[[], bool] = lambda: False,
    ) -> None:
        """`stop_requested` says whether a command to stop has come; then a download ends."""
        self.commands = 0
        "number of commands that have changed something"
        config, processes = setup.config, setup.processes
        self.checkpointer = Checkpointer(config.checkpoint, writer, processes, self._arms_in_memory, self._common_state)
        self.writer = writer
        self.processes = processes
        self.setup = setup
        self._config = config
        self._stop_requested = stop_requested
        self._arms: dict[Arm, TrainedArm] = {}
        self._config_before: RunConfig | None = None
        self._saved_history: dict[Arm, list[dict[str, Any]]] = {name: [] for name in ARMS}

    @property
    def history(self) -> dict[Arm, list[dict[str, Any]]]:
        """The rows of all epochs by arm, also of an arm that has not been built since the resume."""
        return self._saved_history | {name: list(arm.history) for name, arm in self._arms.items()}

    @property
    def unsaved(self) -> bool:
        """Whether an arm has changed since it was saved; from any thread."""
        return any(arm.unsaved for arm in tuple(self._arms.values()))

    # --- making an arm current --------------------------------------------------------------------------

    def start(self, name: Arm) -> Iterator[Event]:
        """Build the first arm of a new run.

        Raises:
            EngineError: it cannot be built.
        """
        self.current = self._arms[name] = yield from self._build(name)

    def resume(self, folder: Path) -> Iterator[Event]:
        """Make the arm of the newest checkpoint in `folder` current. Without a checkpoint, start a new arm.

        Raises:
            CheckpointError: the checkpoint does not fit the configuration or the pictures.
            EngineError: the arm cannot be built.
        """
        self.checkpointer.folder = folder
        found = yield from self._newest("*")
        if found is None:
            yield from self.start(self._config.init)
            return
        self._saved_history |= found.state["history"]
        self.writer.continue_from(found.path, found.state["time"])
        self.checkpointer.find_points()
        self.commands = found.state["commands"]
        self.current = yield from self._restore(found)

    def switch(self, name: Arm) -> Iterator[Event]:
        """Make the other arm current: from memory, from its newest checkpoint, or new.

        Raises:
            EngineError: the other arm cannot be built; the current arm stays current.
        """
        if name not in self._arms:
            found = yield from self._newest(name)
            if found is not None:
                yield from self._restore(found)
            else:
                self._arms[name] = yield from self._build(name)
        self.current = self._arms[name]

    def check_head(self, head: Head) -> Iterator[Event]:
        """Check that the current arm can start again with this head. Changes nothing.

        Raises:
            EngineError: the arm cannot start with this head.
        """
        if head == "pretrained":  # any other head needs no download and fits
            name, config = self.current.arm, self._config_with(head)
            yield from self.processes.on_first_then_others(lambda: self._fetch(name))
            yield Loading(f"building {config.model.name}")
            build(config.model, self.setup.classes, name, config.seed)

    def rewind(self, point: str, reason: str, head: Head = "kept") -> Iterator[Event]:
        """Take the current arm back to one of its restore points and start a new branch there.

        At the point `start`, `head` can choose another last layer than the configuration does.

        Raises:
            EngineError: the point cannot be read or built, or the head does not exist; the arm does not change.
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
    def classes(self) -> Sequence[str]:
        """The names of the classes."""
        return self.setup.classes

    @property
    def on_gpu(self) -> bool:
        """Whether the arms are on a device with memory of its own, which can be freed."""
        return self.setup.device.type != "cpu"

    def free_device_memory(self) -> None:
        """Move both arms to the host's memory and free the device's memory."""
        for arm in self._arms.values():
            arm.move(torch.device("cpu"))
        if self.setup.device.type == "cuda":
            torch.cuda.empty_cache()

    def return_to_device(self) -> None:
        """Move both arms back to their device."""
        for arm in self._arms.values():
            arm.move(self.setup.device)

    def is_done(self, name: Arm) -> bool:
        """Whether an arm is in memory and has done all its epochs."""
        return name in self._arms and self._arms[name].done

    def _build(self, name: Arm, head: Head = "kept") -> Generator[Event, None, TrainedArm]:
        yield from self.processes.on_first_then_others(lambda: self._fetch(name))
        yield Loading(f"building {self._config.model.name}")
        return TrainedArm(name, replace(self.setup, config=self._config_with(head)))

    def _config_with(self, head: Head) -> RunConfig:
        """The configuration with another start of the head."""
        if head == "kept":
            return self._config
        model = self._config.model.model_copy(update={"head": head})
        return self._config.model_copy(update={"model": model})

    def _fetch(self, name: Arm) -> Generator[Event, None, None]:
        """Download the weights that an arm starts with, unless they exist already."""
        for progress in fetch(self._config.model, name):
            if self._stop_requested():
                raise StoppedError("Download stopped", "the run was stopped before the weights were downloaded")
            yield progress

    def _restore(self, found: checkpoint.Found) -> Generator[Event, None, TrainedArm]:
        """Build an arm and load the state of a checkpoint into it."""
        arm = yield from self._build(found.state["arm"])
        arm.load(found.state)
        self._arms[arm.arm] = arm
        self._config_before = RunConfig.model_validate(found.state["config"])
        return arm

    def apply_changed_settings(self) -> Iterator[Event]:
        """Apply the settings that have changed since the last restored arm was saved."""
        before, self._config_before = self._config_before, None
        if before is not None:
            yield from apply_settings(self.current, before, self._config)

    def _arms_in_memory(self) -> Iterable[TrainedArm]:
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
        for what, saved, now, remedy in (
            ("classes", [nfc(name) for name in state["classes"]], list(self.setup.classes), PICTURES_BACK),
            ("training pictures", state["train_images"], len(self.setup.train), PICTURES_BACK),
            ("batch size", state["config"]["data"]["batch_size"], config.data.batch_size, SETTING_BACK),
            ("model", state["config"]["model"]["name"], config.model.name, SETTING_BACK),
            ("optimizer", state["config"]["optim"]["name"], config.optim.name, SETTING_BACK),
        ):
            if saved != now:
                raise CheckpointError(
                    "Checkpoint does not fit", f"{found.path} was made with {what} {saved}, now {now}; {remedy}"
                )

    def _common_state(self) -> dict[str, Any]:
        """The part of a checkpoint that is not the state of its arm."""
        return {
            "steps_per_epoch": self.setup.steps_per_epoch,
            "train_images": len(self.setup.train),
            "classes": list(self.setup.classes),
            "preparation": asdict(self.setup.transfer.preparation),
            "history": self.history,
            "config": self._config.model_dump(mode="json"),
            "commands": self.commands,
        }
