"""One arm of the comparison: its model, its optimizer and how far it has come."""

import hashlib
import random
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from engine.config import RunConfig
from engine.data.batches import Batch
from engine.data.feed import Feed
from engine.device import choose_precision, seed_random
from engine.errors import CheckpointError, EngineError
from engine.features import FeatureBatch
from engine.models import build
from engine.optim import apply_schedule, build_optimizer, is_frozen, lay_out_like_parameters, set_base_rate
from engine.protocol import Arm
from engine.schedule import multiplier

_MIXED = {"bfloat16": torch.bfloat16, "float16": torch.float16}


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
    ) -> None:
        built = build(config.model, classes, arm, config.seed)
        self.arm = arm
        self.init = built.init + ("; the backbone is frozen" if is_frozen(config.optim, arm) else "")
        # Convolutions are faster, on CPUs and on GPUs with tensor cores, where a pixel's channels lie side by side.
        self.model = built.model.to(device).to(memory_format=torch.channels_last)
        self.frozen = is_frozen(config.optim, arm)
        self._head = self.model.get_submodule(built.head)
        self.optimizer = build_optimizer(self.model, built.head, config.optim, arm)
        self.step = 0
        self.seconds = 0.0
        self.history: list[dict[str, Any]] = []
        self.unsaved = False
        self._sums = {"loss": 0.0, "correct": 0, "images": 0, "seconds": 0.0, "data_seconds": 0.0}
        self.epochs = config.train.epochs
        self._config = config
        self.steps_per_epoch = steps_per_epoch
        self._device = device
        self._feed = feed
        self.precision = choose_precision(config.train.precision, device)
        self._mixed = _MIXED.get(self.precision)
        # float16 has so few small numbers that gradients need a scale to survive; bfloat16 has as many as float32.
        self._scaler = torch.amp.GradScaler(device.type, enabled=self.precision == "float16")
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
    def _total_steps(self) -> int:
        return self.epochs * self.steps_per_epoch

    # --- training and testing ---------------------------------------------------------------------------

    def update(self, batch: Batch | FeatureBatch) -> tuple[torch.Tensor, dict[str, float]]:
        """One step of the optimizer.

        Returns a tensor on the device, of the mean loss and the number of correct predictions before the update,
        and the rates used. Nothing waits for the device: from a loss that is not finite on, it is the device
        that leaves the weights alone, and whoever reads the figures that ends the run. In float16 a batch whose
        scaled gradient overflows leaves them alone, too (the scale is halved), but it is a step like any other:
        its pictures have been seen, and the schedule goes on.
        """
        # Dropout and the like depend on (seed, step) alone, so a resumed run repeats them exactly.
        seed_random(random.Random(f"{self._config.seed}/step/{self.step}").getrandbits(62), self._device)
        self._set_mode(training=not self.frozen)
        logits, labels = self._forward(batch)
        loss = cross_entropy(logits, labels)
        rates = apply_schedule(self.optimizer, multiplier(self.step, self._total_steps, self._config.schedule))
        self.optimizer.zero_grad()
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        if not self._scaler.is_enabled():  # else it does the same with gradients
            self._spoilt = torch.maximum(self._spoilt, (~loss.detach().isfinite()).float())
            self.optimizer.found_inf = self._spoilt  # type: ignore[attr-defined]
        self._scaler.step(self.optimizer)
        self._scaler.update()
        self.step += 1
        self.unsaved = True
        return torch.stack((loss.detach(), (logits.argmax(1) == labels).sum())), rates

    @torch.inference_mode()
    def score(self, batch: Batch | FeatureBatch) -> torch.Tensor:
        """Summed loss and number of correct predictions on test pictures, as a tensor on the device."""
        self._set_mode(training=False)
        logits, labels = self._forward(batch)
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
        if self.precision == "float16":
            remedy += " or compute more exactly (--set train.precision=float32)"
        where = f"{self.arm}, step {step}"
        return EngineError(
            "Loss is not finite", f"{where}: the loss is {loss}; {remedy} and resume from the last checkpoint"
        )

    @torch.inference_mode()
    def features(self, batch: Batch) -> torch.Tensor | None:
        """What reaches the last layer of test pictures, (N, features); `None` if more than that layer follows."""
        self._set_mode(training=False)
        inputs: list[torch.Tensor] = []
        hook = self._head.register_forward_pre_hook(lambda layer, given: inputs.append(given[0]))
        logits, labels = self._forward(batch)
        hook.remove()
        if inputs[0].dim() != 2:
            return None
        again, _ = self._forward(FeatureBatch(inputs[0], labels))
        return inputs[0] if torch.equal(again, logits) else None

    def _set_mode(self, training: bool) -> None:
        if self.model.training is not training:  # going through all the modules takes as long as a small step
            self.model.train(training)

    def _forward(self, batch: Batch | FeatureBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits and labels."""
        if isinstance(batch, FeatureBatch):
            network, inputs, labels = self._head, batch.features, batch.labels
        else:
            network, (inputs, labels) = self.model, self._feed(batch)
        with torch.autocast(self._device.type, self._mixed, enabled=self._mixed is not None):
            logits: torch.Tensor = network(inputs)
        return logits.float(), labels

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
            "model": dict(self.model.state_dict()),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self._scaler.state_dict(),
            "random": {"seed": self._config.seed, "torch": torch.get_rng_state()},
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go back to a saved state, history and learning rates included.

        Raises:
            CheckpointError: it is of another model or optimizer.
        """
        try:
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            lay_out_like_parameters(self.optimizer)
            if self._scaler.is_enabled() and state["scaler"]:  # empty where another precision was used
                self._scaler.load_state_dict(state["scaler"])
            torch.set_rng_state(state["random"]["torch"])
            self.step, self.seconds, self._sums = state["step"], state["seconds"], dict(state["sums"])
            self.history = list(state["history"][self.arm])
        except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(
                "Checkpoint does not fit",
                f"it is not of this model and optimizer ({str(error).splitlines()[0]}); resume with the settings it "
                f"was made with",
            ) from None
        self.init = f"checkpoint at step {self.step}, with its learning rates"

    def weights_sha256(self) -> str:
        """Checksum over names and bytes of all weights and buffers, equal for bit-equal models."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.model.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()
