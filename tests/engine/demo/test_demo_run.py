"""The demo as the engine takes it: its folder, its pictures and its weights with the shipped settings."""

import math
from collections import Counter

import pytest

from engine import Run, load_config
from engine.data.folder import scan
from engine.data.pictures import decode
from engine.demo import dataset
from engine.demo.dataset import CLASSES, ensure_demo_dataset
from engine.protocol import ArmStarted, RunStarted, TrainStep

SPLITS = {"train": 120, "test": 80}  # a fifth of what there is


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("cache") / "demo"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset, "SPLITS", SPLITS)
        for _ in ensure_demo_dataset(root, 0):
            pass
    return root


def test_its_folder_is_two_classes_with_as_many_pictures_as_announced(root):
    catalogue = scan(root, val_fraction=0.5, seed=0)
    assert catalogue.classes == ("hot_dog", "not_hot_dog")
    for samples, split in ((catalogue.train, "train"), (catalogue.test, "test")):
        assert Counter(sample.label for sample in samples) == dict.fromkeys((0, 1), SPLITS[split] // len(CLASSES))


def test_every_picture_decodes(root):
    catalogue = scan(root, val_fraction=0.5, seed=0)
    sizes = Counter(decode(sample.path).size for sample in catalogue.train + catalogue.test)
    assert sizes == {(80, 80): sum(SPLITS.values())}


def test_a_step_of_the_shipped_settings_starts_from_the_shipped_weights(root, tmp_path):
    config = load_config(None, [f"data.root={root}", f"checkpoint.dir={tmp_path}"])
    events = Run(config).events()
    seen = {}
    for event in events:
        seen[type(event)] = event
        if isinstance(event, TrainStep):
            break
    events.close()
    assert (seen[RunStarted].train_images, seen[RunStarted].test_images) == (SPLITS["train"], SPLITS["test"])
    assert (seen[ArmStarted].arm, seen[ArmStarted].init) == ("pretrained", "the demo's own weights")
    # The head is new, so the first loss is about that of a guess between two classes.
    assert seen[TrainStep].step == 1
    assert seen[TrainStep].loss == pytest.approx(math.log(2), abs=0.5)
