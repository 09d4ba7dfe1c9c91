"""One arm of the comparison: its model, its optimizer and how far it has come."""

import random
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from engine.config import RunConfig
from engine.data.batches import Batch
from engine.data.feed import Feed
from engine.device import seed_random
from engine.errors import CheckpointError, EngineError
from engine.features import FeatureBatch
from engine.models import build
from engine.network import Network
from engine.optim import apply_schedule, build_optimizer, is_frozen, lay_out_like_parameters, set_base_rate
from engine.peers import Peers
from engine.protocol import Arm
from engine.schedule import multiplier


class TrainedArm:
    """All state of an arm. Its methods change it; between two of them it can be saved."""

    def __init__(
        self,
        arm: Arm,
        config: RunConfig,
        *,
        classes: int,
        steps_per_epoch: int,
        device: torch.device,
        feed: Feed,
        peers: Peers,
    ) -> None:
        # The first process downloads what there is to download.
        built = peers.first_before_the_others(lambda: build(config.model, classes, arm, config.seed))
        self.arm = arm
        self.frozen = is_frozen(config.optim, arm)
        self.init = built.init + ("; the backbone is frozen" if self.frozen else "")
        self.network = Network(built, config.train, device=device, feed=feed, peers=peers, frozen=self.frozen)
        self.optimizer = build_optimizer(self.network.model, built.head, config.optim, arm)
        self.step = 0
        self.seconds = 0.0
        self.history: list[dict[str, Any]] = []
        self.unsaved = False
        self.was_compiled = False
        self._sums = {"loss": 0.0, "correct": 0, "images": 0, "seconds": 0.0, "data_seconds": 0.0}
        self.epochs = config.train.epochs
        self._config = config
        self.steps_per_epoch = steps_per_epoch
        self._device = device
        self._peers = peers
        # float16 has so few small numbers that gradients need a scale to survive; bfloat16 has as many as float32.
        self._scaler = torch.amp.GradScaler(device.type, enabled=self.network.precision == "float16")
        self._spoilt = torch.zeros((), device=device)  # 1 from the first loss that is not finite on

    # --- how far it has come ----------------------------------------------------------------------------

    @property
    def epoch(self) -> int:
        """The epoch the next step belongs to, or the last one; from 1."""
        return min(self.step // self.steps_per_epoch + 1, self.epochs)

    @property
    def position(self) -> int:
        """Number of the next batch in its epoch, from 0."""
        return self.step % self.steps_per_epoch

    @property
    def evaluation_due(self) -> bool:
        """Whether an epoch has been trained and not been evaluated yet."""
        return self.step // self.steps_per_epoch > len(self.history)

    @property
    def done(self) -> bool:
        """Whether all epochs have been trained and evaluated."""
        return self.step >= self._total_steps and not self.evaluation_due

    @property
    def best_accuracy(self) -> float | None:
        """Best test accuracy so far."""
        return max((row["test_accuracy"] for row in self.history), default=None)

    @property
    def steps_left(self) -> int:
        """Steps of all epochs that are still to be done."""
        return self._total_steps - self.step

    @property
    def _total_steps(self) -> int:
        return self.epochs * self.steps_per_epoch

    # --- training and testing ---------------------------------------------------------------------------

    def update(self, batch: Batch | FeatureBatch) -> tuple[torch.Tensor, dict[str, float]]:
        """One step of the optimizer.

        Returns a tensor on the device, of the mean loss and the number of correct predictions before the update,
        both of the whole batch, and the rates used. Nothing waits for the device: from a loss that is not finite
        on, it is the device that leaves the weights alone, and whoever reads the figures that ends the run. In
        float16 a batch whose scaled gradient overflows leaves them alone, too (the scale is halved), but it is a
        step like any other: its pictures have been seen, and the schedule goes on.
        """
        # Dropout and the like depend on (seed, step) alone, so a resumed run repeats them exactly.
        apart = f"/{self._peers.rank}" if self._peers.rank else ""
        seed_random(random.Random(f"{self._config.seed}/step/{self.step}{apart}").getrandbits(62), self._device)
        logits, labels = self.network.train_on(batch)
        loss = cross_entropy(logits, labels)
        right = (logits.argmax(1) == labels).sum()
        figures = self._peers.add_up(torch.stack((loss.detach() * batch.share, right * (batch.share > 0))))
        rates = apply_schedule(self.optimizer, multiplier(self.step, self._total_steps, self._config.schedule))
        self.optimizer.zero_grad()
        # The gradients of the processes are averaged, so that each one's loss counts by its share times their number.
        self._scaler.scale(loss * (batch.share * self._peers.size)).backward()  # type: ignore[no-untyped-call]
        if not self._scaler.is_enabled():  # else it does the same with gradients
            self._spoilt = torch.maximum(self._spoilt, (~figures[0].isfinite()).float())
            self.optimizer.found_inf = self._spoilt  # type: ignore[attr-defined]
        self._scaler.step(self.optimizer)
        self._scaler.update()
        self.step += 1
        self.unsaved = True
        return figures, rates

    @torch.inference_mode()
    def score(self, batch: Batch | FeatureBatch) -> torch.Tensor:
        """Summed loss and number of correct predictions on test pictures, as a tensor on the device."""
        logits, labels = self.network.test_on(batch)
        return torch.stack((cross_entropy(logits, labels, reduction="sum"), (logits.argmax(1) == labels).sum()))

    def count(self, loss: float, correct: int, images: int, seconds: float, waited: float) -> None:
        """Add a step to the figures of the epoch: `seconds` it took, `waited` of them for data."""
        self.seconds += seconds
        step = {"loss": loss * images, "correct": correct, "images": images, "seconds": seconds}
        step["data_seconds"] = waited
        self._sums = {key: total + step[key] for key, total in self._sums.items()}

    def end_epoch(self, test_loss: float, test_accuracy: float, seconds: float) -> dict[str, Any]:
        """Close the epoch after its evaluation, which took `seconds`; its row of the history."""
        self.seconds += seconds
        sums = self._sums
        row = {
            "step": self.step,
            "epoch": self.step // self.steps_per_epoch,
            "epochs": self.epochs,
            "train_loss": sums["loss"] / sums["images"],
            "train_accuracy": sums["correct"] / sums["images"],
            "test_loss": test_loss,
            "test_accuracy": test_accuracy,
            "images_per_second": sums["images"] / sums["seconds"],
            "data_wait": sums["data_seconds"] / sums["seconds"],
            "learning_rates": {group["name"]: group["lr"] for group in self.optimizer.param_groups},
            "seconds": self.seconds,
        }
        self.history.append(row)
        self._sums = dict.fromkeys(sums, 0)
        self.unsaved = True
        return row

    def set_rate(self, group: str, base_lr: float) -> None:
        """Give a parameter group another base rate, from the next update on."""
        set_base_rate(self.optimizer, group, base_lr)
        self.unsaved = True

    def not_finite(self, step: int, loss: float) -> EngineError:
        """What to say, and to do, where the loss of a step is not finite."""
        remedy = "lower the learning rates (for example --set optim.groups.backbone.lr=1e-5)"
        if self.network.precision == "float16":
            remedy += " or compute more exactly (--set train.precision=float32)"
        where = f"{self.arm}, step {step}"
        return EngineError(
            "Loss is not finite", f"{where}: the loss is {loss}; {remedy} and resume from the last checkpoint"
        )

    def compile(self, batch: Batch) -> str:
        """Compile the training step for batches of this size; why that failed, empty if it did not."""
        failure = self.network.compile(batch)
        self.optimizer.zero_grad()
        self.was_compiled = not failure
        return failure

    # --- as plain data ----------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Everything needed to go on exactly here but the history, as plain values and tensors."""
        return {
            "arm": self.arm,
            "step": self.step,
            "epoch": self.epoch,
            "position": self.position,
            "seconds": self.seconds,
            "sums": dict(self._sums),
            "model": dict(self.network.model.state_dict()),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self._scaler.state_dict(),
            "compiled": self.was_compiled,
            "random": {"seed": self._config.seed, "torch": torch.get_rng_state()},
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go back to a saved state, history and learning rates included.

        Raises:
            CheckpointError: it is of another model or optimizer.
        """
        try:
            self.network.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            lay_out_like_parameters(self.optimizer)
            if self._scaler.is_enabled() and state["scaler"]:  # empty where another precision was used
                self._scaler.load_state_dict(state["scaler"])
            torch.set_rng_state(state["random"]["torch"])
            self.step, self.seconds, self._sums = state["step"], state["seconds"], dict(state["sums"])
            self.history = list(state["history"][self.arm])
            self.was_compiled = state.get("compiled", False)
        except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(
                "Checkpoint does not fit",
                f"it is not of this model and optimizer ({str(error).splitlines()[0]}); resume with the settings it "
                f"was made with",
            ) from None
        self.init = f"checkpoint at step {self.step}, with its learning rates"
