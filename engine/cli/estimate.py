"""How long a run would take: a few steps of the real model on the real device, and a few real pictures decoded."""

import contextlib
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from engine.arms.arm import TrainedArm
from engine.arms.features import Features
from engine.arms.optimizer import describe_groups
from engine.arms.setup import Setup
from engine.cli.preview import Estimate
from engine.config import RunConfig
from engine.data.batches import Batch
from engine.data.folder import Catalogue, Sample
from engine.data.loader import Loader
from engine.data.store import Store
from engine.data.transfer import Transfer
from engine.errors import EngineError
from engine.hardware.device import ask_for_determinism, choose_device, describe_device
from engine.hardware.process_group import ProcessGroup
from engine.loop.watchdog import MIN_MICRO_BATCH, is_out_of_memory
from engine.models import preparation
from engine.recipes import recipe_of

PICTURES = 32  # that are decoded
STEPS = 3  # that are timed
STEP_SECONDS = 3.0  # a batch whose step would take longer is timed by a part of it


@dataclass(frozen=True, slots=True)
class _Computing:
    """Seconds on the device, without waiting for pictures."""

    step: float
    "an update, of all that is trained"
    score: float
    "a picture through the model, without learning from it"
    kept_step: float | None
    "an update of the last layer from features that are kept; none where they are not"


def estimate(config: RunConfig, catalogue: Catalogue) -> Estimate:
    """Time the decoding of a few pictures, and a few steps on random ones; about 20 s at most, and nothing is kept.

    The weights are random, so that nothing is downloaded. On a CPU decoding and computing share the processors, so
    that both count; beside another device the slower of them does.

    Raises:
        EngineError: the model, the device or the pictures are not to be had, or a step fails.
    """
    if config.train.deterministic:
        ask_for_determinism()
    device = choose_device(config.device)
    prepared = preparation(config.model, config.data.image_size)
    recipe = recipe_of(config)
    loader = Loader(prepared, config.data, recipe.train_transform.pictures, config.seed)
    try:
        first, again = _decoding(loader, config, catalogue)
    finally:
        loader.close()
    train, images = len(catalogue.train), len(catalogue.train) + len(catalogue.test)
    steps = loader.steps_per_epoch(train)
    setup = Setup(config, catalogue.classes, steps, device, Transfer(prepared, device), ProcessGroup())
    arm = TrainedArm("scratch", setup)
    for group in arm.initial_groups(config, config.init).values():
        if group.frozen:
            arm.set_frozen(group.name, True)
    side, classes = prepared.image_size, len(catalogue.classes)
    found = _within_memory(
        arm, config, lambda: _computing(arm, config, lambda size: _made_up(size, side, classes), images)
    )
    if found.kept_step is None:
        decodes = [images / first, *[images / again] * (config.train.epochs - 1)]
        computes = [
            found.step / config.data.batch_size * train + found.score * len(catalogue.test)
        ] * config.train.epochs
    else:  # each picture is decoded once and goes through the model once
        decodes = [images / first, *[0.0] * (config.train.epochs - 1)]
        computes = [found.kept_step * steps] * config.train.epochs
        computes[0] += found.score * images
    together = sum if device.type == "cpu" else max
    epochs = [together(pair) for pair in zip(decodes, computes, strict=True)]
    groups = describe_groups(arm.optimizer)
    return Estimate(
        model=config.model.name,
        arm=config.init,
        device=describe_device(device, 1),
        precision=arm.network.precision,
        parameters={group.name: group.parameters for group in groups},
        frozen=tuple(group.name for group in groups if group.frozen),
        image_size=side,
        batch_size=config.data.batch_size,
        micro_batch=arm.micro_batch,
        epochs=config.train.epochs,
        steps_per_epoch=steps,
        step_seconds=found.step if found.kept_step is None else found.kept_step,
        images_per_second=first,
        images_per_second_again=again,
        first_epoch_seconds=epochs[0],
        epoch_seconds=epochs[-1],
        seconds=sum(epochs),
        bottleneck="decoding" if sum(decodes) > sum(computes) else "computing",
    )


def _decoding(loader: Loader, config: RunConfig, catalogue: Catalogue) -> tuple[float, float]:
    """Pictures a second that the loader's threads make ready for training: in the first epoch, and in later ones."""
    number = min(PICTURES, len(catalogue.train))
    samples = tuple(random.Random(f"{config.seed}/look").sample(catalogue.train, number))
    if not config.data.prepare:
        return (rate := _rate(loader, samples)), rate
    # Of files that are open nothing is left over, however the process ends.
    with contextlib.suppress(OSError), tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "prepared", number, 2**30)
        loader.decoded.use_store(store, Catalogue(catalogue.classes, samples, ()))
    return _rate(loader, samples), _rate(loader, samples)


def _rate(loader: Loader, samples: tuple[Sample, ...]) -> float:
    began = time.perf_counter()
    batches = (item for item in loader.training(samples, 0, 0) if isinstance(item, Batch))
    return sum(batch.global_size for batch in batches) / (time.perf_counter() - began)


def _within_memory(arm: TrainedArm, config: RunConfig, do: Callable[[], _Computing]) -> _Computing:
    """What `do` finds, with smaller and smaller micro-batches where memory runs out, as the watchdog has it."""
    whole = config.data.batch_size
    while True:
        try:
            return do()
        except (RuntimeError, MemoryError, ValueError) as error:
            pictures = min(arm.micro_batch or whole, whole) // 2
            if not is_out_of_memory(error):
                first = next(iter(str(error).splitlines()), type(error).__name__)
                raise EngineError("No estimate", f"a step of {config.model.name} fails: {first}") from None
            if pictures < MIN_MICRO_BATCH or not config.watchdog.out_of_memory:
                remedy = f"use --set data.batch_size={whole // 2}" if whole > 1 else "use a smaller model"
                raise EngineError("Out of memory", f"a batch of {whole} does not fit; {remedy}") from None
        arm.free_gradients()
        arm.set_micro_batch(pictures)


def _computing(arm: TrainedArm, config: RunConfig, made_up: Callable[[int], Batch], images: int) -> _Computing:
    whole = config.data.batch_size
    few = made_up(min(whole, MIN_MICRO_BATCH))
    _seconds(lambda: arm.update(few))  # warms up
    a_picture = min(_seconds(lambda: arm.update(few)) for _ in range(2)) / few.global_size
    batch = made_up(min(whole, max(few.global_size, int(STEP_SECONDS / a_picture))))
    _seconds(lambda: arm.update(batch))
    step = statistics.median(_seconds(lambda: arm.update(batch)) for _ in range(STEPS))
    _seconds(lambda: arm.score(batch))
    score = _seconds(lambda: arm.score(batch)) / batch.global_size
    kept_step = None
    if arm.frozen and not config.data.augment and (found := arm.network.features(batch)) is not None:
        features = Features(images, found.device)
        if features.add(batch, found):
            kept = features.close().batch(list(range(batch.global_size)))
            _seconds(lambda: arm.update(kept))
            kept_step = _seconds(lambda: arm.update(kept)) * whole / batch.global_size
    return _Computing(step * whole / batch.global_size, score, kept_step)


def _seconds(do: Callable[[], object]) -> float:
    """How long it takes until the device has done it."""
    began = time.perf_counter()
    do()
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()
    return time.perf_counter() - began


def _made_up(size: int, side: int, classes: int) -> Batch:
    """A batch of random pixels."""
    pixels = torch.randint(0, 256, (size, side, side, 3), dtype=torch.uint8)
    labels = torch.randint(0, classes, (size,))
    return Batch(pixels.permute(0, 3, 1, 2), labels, list(range(size)), size, 1.0, [])
