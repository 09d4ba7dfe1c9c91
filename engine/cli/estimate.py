"""Estimates how long a run takes: it times a few steps of the real model and decodes a few real pictures."""

import contextlib
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from engine.arms.arm import TrainedArm
from engine.arms.features import Features
from engine.arms.optimizer import describe_groups
from engine.arms.setup import Setup
from engine.cli.preview import Estimate
from engine.config import RunConfig
from engine.config.deadline import job_limit
from engine.config.sections import DataConfig
from engine.data.batches import Batch
from engine.data.cache_format import CacheEstimate, estimate_cache
from engine.data.decoded import Decoded
from engine.data.loader import Loader
from engine.data.pictures import Preparation
from engine.data.samples import Catalogue, Sample
from engine.data.store import Store
from engine.data.transfer import Transfer
from engine.errors import EngineError
from engine.hardware.device import ask_for_determinism, choose_device, describe_device
from engine.hardware.process_group import ProcessGroup
from engine.loop.time_budget import time_given
from engine.loop.watchdog import MIN_MICRO_BATCH, is_out_of_memory
from engine.models import preparation
from engine.recipes.choices import chosen, complete
from engine.recipes.table import recipe_of

PICTURES = 32  # decoded pictures
STEPS = 3  # timed steps
STEP_SECONDS = 3.0  # if a step would take longer, only a part of its batch is timed


@dataclass(frozen=True, slots=True)
class _Decoding:
    """Decoded pictures per second, prepared for training."""

    first: float
    "in the first epoch"
    again: float
    "in later epochs"


@dataclass(frozen=True, slots=True)
class _Computing:
    """Seconds on the device, without waiting for pictures."""

    step: float
    "an update of everything that is trained"
    score: float
    "one picture through the model, without an update"
    cached_step: float | None
    "an update of the last layer from cached features; `None` if there are none"


def estimate(config: RunConfig, catalogue: Catalogue) -> Estimate:
    """Time the decoding of a few pictures and a few steps with random ones. Takes at most about 20 s, stores nothing.

    The weights are random, so that nothing is downloaded.

    Raises:
        EngineError: the model, the device or the pictures cannot be used, or a step fails.
    """
    by_recipe, config = chosen(config, len(catalogue.train)), complete(config, len(catalogue.train))
    if config.train.deterministic:
        ask_for_determinism()
    device = choose_device(config.device)
    prepared = preparation(config.model, config.data.image_size)
    cache, decoding, steps = _reading(config, catalogue, prepared)
    setup = Setup(config, catalogue.classes, steps, device, Transfer(prepared, device), ProcessGroup())
    arm = _random_arm(setup)
    side, classes = prepared.image_size, len(catalogue.classes)
    computing = _within_memory(
        arm,
        config,
        lambda: _computing(arm, config, lambda size: _made_up(size, side, classes), len(catalogue.pictures)),
    )
    epochs, bottleneck = _epochs(decoding, computing, setup, catalogue)
    groups = describe_groups(arm.optimizer)
    minutes, until = time_given(config.train, job_limit(), time.time())
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
        step_seconds=computing.step if computing.cached_step is None else computing.cached_step,
        images_per_second=decoding.first,
        images_per_second_again=decoding.again,
        first_epoch_seconds=epochs[0],
        epoch_seconds=epochs[-1],
        seconds=sum(epochs) if minutes is None else minutes * 60,
        minutes=minutes,
        until=until,
        bottleneck=bottleneck,
        recipe=config.recipe,
        chosen=by_recipe,
        cache_format=cache.format,
        cache_bytes=cache.bytes if config.data.prepare else 0,
        raw_bytes=cache.raw_bytes if config.data.prepare else 0,
    )


def _random_arm(setup: Setup) -> TrainedArm:
    """An arm with random weights and the frozen groups of the configured arm."""
    config = setup.config
    arm = TrainedArm("scratch", setup)
    for group in arm.groups.initial(config, config.init).values():
        if group.frozen:
            arm.set_frozen(group.name, True)
    return arm


def _epochs(
    decoding: _Decoding, computing: _Computing, setup: Setup, catalogue: Catalogue
) -> tuple[list[float], Literal["decoding", "computing"]]:
    """The seconds of each epoch, and what takes longer in all.

    On a CPU decoding and computing share the processors, so their times are added. With another device both run at the
    same time, so the longer one counts.
    """
    config, images, count = setup.config, len(catalogue.pictures), setup.config.train.epochs
    fits_head = config.init == "pretrained" and config.model.head == "fitted"
    # Features of training pictures before the first epoch; the test after the last one, if others choose.
    once = fits_head * len(catalogue.train) + bool(catalogue.val) * len(catalogue.test)
    if count == 0:
        decodes, computes = [images / decoding.first], [computing.score * images]
    elif computing.cached_step is None:
        decodes = [images / decoding.first, *[images / decoding.again] * (count - 1)]
        training = computing.step / config.data.batch_size * len(catalogue.train)
        computes = [training + computing.score * len(catalogue.scored)] * count
        computes[0] += computing.score * once
    else:  # each picture is decoded once and goes through the model once
        decodes = [images / decoding.first, *[0.0] * (count - 1)]
        computes = [computing.cached_step * setup.steps_per_epoch] * count
        computes[0] += computing.score * images
    together = sum if setup.device.type == "cpu" else max
    epochs = [together(pair) for pair in zip(decodes, computes, strict=True)]
    return epochs, "decoding" if sum(decodes) > sum(computes) else "computing"


def _reading(config: RunConfig, catalogue: Catalogue, prepared: Preparation) -> tuple[CacheEstimate, _Decoding, int]:
    """How pictures are kept, how fast they are decoded, and how many batches are an epoch."""
    loader = Loader(prepared, config.data, recipe_of(config).train_transform.pictures, config.seed)
    try:
        cache = _cache(config.data, catalogue, loader.decoded)
        return cache, _decoding(loader, config, catalogue), loader.steps_per_epoch(len(catalogue.train))
    finally:
        loader.close()


def _cache(config: DataConfig, catalogue: Catalogue, decoded: Decoded) -> CacheEstimate:
    """How prepared pictures are kept, which the loader is told, and the space that they take."""
    estimating = estimate_cache(config, catalogue, decoded)
    while True:
        try:
            next(estimating)
        except StopIteration as end:
            found: CacheEstimate = end.value
            decoded.format = found.format
            return found


def _decoding(loader: Loader, config: RunConfig, catalogue: Catalogue) -> _Decoding:
    """Time the loader's threads."""
    number = min(PICTURES, len(catalogue.train))
    samples = tuple(random.Random(f"{config.seed}/look").sample(catalogue.train, number))
    if not config.data.prepare:
        rate = _rate(loader, samples)
        return _Decoding(rate, rate)
    # The store keeps its deleted files open; the system frees them however the process ends.
    with contextlib.suppress(OSError), tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "prepared", number, 2**30)
        loader.decoded.use_store(store, Catalogue(catalogue.classes, samples, ()))
    return _Decoding(_rate(loader, samples), _rate(loader, samples))


def _rate(loader: Loader, samples: tuple[Sample, ...]) -> float:
    began = time.perf_counter()
    batches = (item for item in loader.training(samples, 0, 0) if isinstance(item, Batch))
    return sum(batch.global_size for batch in batches) / (time.perf_counter() - began)


def _within_memory(arm: TrainedArm, config: RunConfig, do: Callable[[], _Computing]) -> _Computing:
    """The result of `do`. If memory runs out, try again with micro-batches of half the size, like the watchdog."""
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
    cached_step = None
    if arm.frozen and recipe_of(config).train_transform.is_empty and (found := arm.network.features(batch)) is not None:
        features = Features(images, found.device)
        if features.add(batch, found):
            cached = features.close().batch(list(range(batch.global_size)))
            _seconds(lambda: arm.update(cached))
            cached_step = _seconds(lambda: arm.update(cached)) * whole / batch.global_size
    return _Computing(step * whole / batch.global_size, score, cached_step)


def _seconds(do: Callable[[], object]) -> float:
    """The seconds until the device has finished `do`."""
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
