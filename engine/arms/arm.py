"""One arm of the comparison: its model, its optimizer and its progress."""

from dataclasses import replace
from typing import Any

import torch

from engine.arms.features import Batches, FeatureBatch, FeatureBatches
from engine.arms.gradients import micro_batch_count
from engine.arms.groups import Groups
from engine.arms.label_record import Answers
from engine.arms.labelled import LabelledProgress
from engine.arms.network import Network
from engine.arms.progress import OF_ALL_BRANCHES
from engine.arms.setup import Setup
from engine.arms.stopwatch import Stopwatch
from engine.arms.update import Updater
from engine.config.sections import OptimConfig
from engine.data.batches import Batch
from engine.errors import CheckpointError
from engine.metrics.predictions import prediction_rows
from engine.models import build
from engine.models.fitted_head import FittedHead
from engine.protocol import Arm
from engine.recipes.regularisation import regularisation
from engine.recipes.table import recipe_of


class TrainedArm(LabelledProgress):
    """The whole state of an arm. It can be saved whenever none of its methods is running."""

    def __init__(self, arm: Arm, setup: Setup) -> None:
        """Build an arm.

        Raises:
            EngineError: the model, its weights or the recipe are not available, or do not fit the configuration.
        """
        config = setup.config
        super().__init__(setup)
        built = build(config.model, setup.classes, arm, config.seed)
        self.arm = arm
        keep = arm == "pretrained" and config.model.batch_norm == "frozen"
        self.network = Network(built, setup, keep_statistics=keep)
        self._recipe = recipe_of(config)
        self.regularisation = regularisation(self._recipe, built.model)
        self.groups = Groups(replace(built, model=self.network.model), self._recipe, config, arm)
        self.init = built.init + "".join(f"; the {name} is frozen" for name in self.groups.first_frozen)
        self.optimizer = self.groups.optimizer
        self.head_due = arm == "pretrained" and config.model.head == "fitted"
        self.unsaved = False
        self.was_compiled = False
        self.batches: Batches | None = None
        "the source of its batches; `None` if it must be chosen again"
        self._config = config
        self._device = setup.device
        self._processes = setup.processes
        self._updater = Updater(self.network, self._recipe, self.optimizer, setup)
        self._train_groups()

    @property
    def model(self) -> torch.nn.Module:
        """The model on its device."""
        return self.network.model

    @property
    def frozen(self) -> bool:
        """Whether only the last layer is trained."""
        return self.network.backbone_frozen

    @property
    def scales_gradients(self) -> bool:
        """Whether gradients are scaled. A scaled gradient may overflow now and then; that is no failure."""
        return self._updater.scales_gradients

    # --- training and testing ---------------------------------------------------------------------------

    def update(
        self, batch: Batch | FeatureBatch, multiplier: float | None = None
    ) -> tuple[torch.Tensor, dict[str, float], Stopwatch]:
        """One step of the optimizer. Base rates are multiplied by `multiplier`, by default that of the schedule.

        Returns:
            A tensor (3) on the device: the mean loss and the number of correct predictions before the update, both of
            the whole batch, and the norm of the gradient; where the update is measured (see `movement`), (3 + groups):
            then follow the update to weight ratios. The learning rates by group. The time of the optimizer.

        The host does not wait for the device. If the loss or the gradient is not finite, the device skips the change
        of the weights, and the caller reacts when it reads the figures. In float16 a scaled gradient may overflow:
        then the weights stay the same and the scale is halved, but the step counts and the schedule goes on.

        Raises:
            RuntimeError: torch ran out of memory; the weights, the optimizer and the step have not changed.
        """
        answers = Answers()
        figures, rates, stopwatch = self._updater.update(
            batch, self.step, self.total_steps, self._micro_batch_count(batch), multiplier, observe=answers.observe
        )
        self.step += 1
        self.unsaved = True
        self.network.after_step(self.total_steps)
        self._recipe.after_step(self)
        return self.label_record.add(batch, answers, figures, self._processes), rates, stopwatch

    def _micro_batch_count(self, batch: Batch | FeatureBatch) -> int:
        return micro_batch_count(batch, self.micro_batch, self._processes.size)

    @torch.inference_mode()
    def score(self, batch: Batch | FeatureBatch, model: torch.nn.Module | None = None) -> torch.Tensor:
        """Predictions for a batch of N test pictures, on the device: see `prediction_rows`.

        With `model`, they are those of another model on this arm's device, in evaluation mode.
        """
        inputs, labels = self.network.prepare(batch)
        parts = inputs.tensor_split(self._micro_batch_count(batch))
        logits = [self.network.test_logits(part, isinstance(batch, FeatureBatch), model) for part in parts]
        return prediction_rows(torch.cat(logits), labels)

    def compile(self, batch: Batch) -> str:
        """Compile the training step for batches of this size. Returns the reason of a failure, or an empty text."""
        failure = self.network.compile(batch)
        self.optimizer.zero_grad()
        self.was_compiled = not failure
        return failure

    # --- changes between steps --------------------------------------------------------------------------

    def set_rate(self, name: str, base_lr: float, why: str) -> None:
        """Set the base rate of a parameter group for the next updates."""
        self.groups.set_rate(name, base_lr, why)
        self.mark_changed()

    def set_frozen(self, name: str, frozen: bool) -> None:
        """Freeze a parameter group for the next updates, or train it again."""
        self.groups.set_frozen(name, frozen)
        self._train_groups()
        self.mark_changed()

    def set_epochs(self, epochs: int) -> None:
        """Set the total number of epochs."""
        self.epochs, self.steps, self.timed = epochs, None, False
        self.stale = 0
        self.batches_version += 1
        self.mark_changed()

    def set_steps(self, steps: int) -> None:
        """Set the number of steps of the whole arm. The last epoch may be shorter than the others."""
        self.steps, self.epochs = steps, -(-steps // self.steps_per_epoch)
        self.mark_changed()

    def set_constants(self, config: OptimConfig) -> None:
        """Set the momentum and the weight decay of the optimizer as in `config`."""
        self.groups.set_constants(config)
        self.mark_changed()

    def set_head(self, head: FittedHead) -> None:
        """Give the last layer the weights of a fitted head."""
        self.network.set_head(head)
        self.batches_version += 1
        self.mark_changed()

    def set_micro_batch(self, pictures: int) -> None:
        """Set the maximal number of pictures in a micro-batch."""
        self.micro_batch = pictures
        self.mark_changed()

    def free_gradients(self) -> None:
        """Free the memory of a step that failed."""
        self.optimizer.zero_grad()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def move(self, device: torch.device) -> None:
        """Move all tensors to `device`. They must be back on the arm's own device before the next update."""
        self.optimizer.zero_grad()
        self.network.move(device)
        if isinstance(self.batches, FeatureBatches):
            self.batches.move(device)
        self.groups.move(device)
        self.label_record.move(device)

    def _train_groups(self) -> None:
        """Make the network train the groups that are not frozen, and only those."""
        self.network.train(self.groups.trained)
        self.batches_version += 1
        self.batches = None  # cached features are valid only for a frozen backbone

    # --- as plain data ----------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """The state from which training continues exactly, without the history, as plain values and tensors."""
        return (
            self.progress_state()
            | self.network.state()
            | {
                "arm": self.arm,
                "optimizer": self.optimizer.state_dict(),
                "scaler": self._updater.state(),
                "compiled": self.was_compiled,
                "random": {"seed": self._config.seed, "torch": torch.get_rng_state()},
            }
            | ({"recipe": recipe} if (recipe := self._recipe.state()) else {})
            | self.label_state()
        )

    def load(self, state: dict[str, Any]) -> None:
        """Restore a saved state, with the history and the learning rates.

        Raises:
            CheckpointError: the state belongs to another model or optimizer.
        """
        try:
            self.network.load(state)
            self.groups.load(state["optimizer"])
            self._updater.load(state["scaler"])
            torch.set_rng_state(state["random"]["torch"])
            self._recipe.load(state.get("recipe", {}))
            self.load_labels(state)
            self.load_progress(state)
            self.history = list(state["history"][self.arm])
            self.was_compiled = state["compiled"]
            self._train_groups()
        except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(
                "Checkpoint does not fit",
                f"it is not of this model and optimizer ({str(error).splitlines()[0]}); resume with the settings it "
                f"was made with",
            ) from None
        self.init = f"checkpoint at step {self.step}"

    def rewind(self, state: dict[str, Any]) -> None:
        """Restore a state and start a new branch there. The values that cover all branches stay.

        Raises:
            CheckpointError: the state belongs to another model or optimizer.
        """
        branches, of_all = self.branches + 1, {name: getattr(self, name) for name in OF_ALL_BRANCHES}
        self.load(state)
        self.branch = self.branches = branches
        vars(self).update(of_all)
        self.evaluation_asked = self.test_asked = False
        self.stale = 0
        self.unsaved = True
