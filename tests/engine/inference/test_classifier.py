"""What a trained model says in use is what it said in training."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine import Classifier
from engine import protocol as p
from engine.config import RunConfig
from engine.data.pictures import test_pixels as prepared
from engine.errors import CheckpointError
from engine.inference.choosing import choose_checkpoint
from engine.loop.run import Run
from engine.models.families import FAMILIES
from engine.storage import checkpoint
from engine.storage.journal import read_journal
from tests.engine.driving import folder_of, only, play, with_settings
from tests.engine.staged import family as tiny_family
from tests.engine.storage.test_old_checkpoints import OLD


def test_its_probabilities_have_the_accuracy_and_the_loss_of_the_evaluation(finished: Path, pictures: Path) -> None:
    best = [event for event in only(read_journal(finished), p.EvalDone) if event.best][-1]
    classifier = Classifier.load(finished)
    files = sorted((pictures / "test").rglob("*.jpg"))
    answers = classifier(files)
    right = [classifier.classes.index(file.parent.name) for file in files]
    assert np.mean([label == file.parent.name for label, file in zip(answers.labels, files, strict=True)]) == (
        best.accuracy
    )
    logits = classifier.trained.temperature * torch.from_numpy(answers.probabilities).log()
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor(right)).item()
    assert loss == pytest.approx(best.loss, abs=1e-4)
    assert classifier.trained.temperature == best.temperature


def test_pictures_of_pillow_and_files_get_the_same_answers_in_their_order(finished: Path, pictures: Path) -> None:
    files = sorted((pictures / "test").rglob("*.jpg"))
    classifier = Classifier.load(finished / "scratch" / "best.pt", device="cpu")
    mixed = classifier([files[0], Image.open(files[1]), str(files[2])], batch_size=2)
    np.testing.assert_allclose(mixed.probabilities, classifier(files[:3]).probabilities, atol=1e-6)
    assert mixed.probabilities.shape == (3, 2) and mixed.probabilities.dtype == np.float32
    np.testing.assert_allclose(mixed.probabilities.sum(1), 1, atol=1e-5)
    assert classifier(files[0]).labels == mixed.labels[:1]


def test_what_cannot_be_read_has_a_reason_and_takes_no_other_place(finished: Path, pictures: Path, tmp_path) -> None:
    good, bad = next((pictures / "test").rglob("*.jpg")), tmp_path / "bad.jpg"
    bad.write_text("no picture")
    answers = Classifier.load(finished)([bad, good, tmp_path / "missing.png", bad, good], batch_size=2)
    assert list(answers.unreadable) == [0, 2, 3]
    assert answers.unreadable[0] == "not a picture in a known format" and "No such file" in answers.unreadable[2]
    assert [label is None for label in answers.labels] == [True, False, True, True, False]
    assert np.isnan(answers.probabilities).all(1).tolist() == [True, False, True, True, False]
    assert set(Classifier.load(finished)([bad]).unreadable) == {0}


def test_with_tta_probabilities_are_the_mean_of_a_picture_and_its_mirror_image(finished: Path, pictures: Path) -> None:
    classifier, file = Classifier.load(finished), next((pictures / "test").rglob("*.jpg"))
    pixels = prepared(Image.open(file), classifier.preparation)[None]
    both = torch.cat([pixels, pixels.flip(3)])
    expected = classifier.trained.probabilities(both).mean(0)
    np.testing.assert_allclose(classifier(file, tta=True).probabilities[0], expected, atol=1e-6)
    assert not np.allclose(classifier(file).probabilities[0], expected, atol=1e-6)


def test_the_preparation_travels_with_the_checkpoint(small: RunConfig, weights: Path, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    own = tmp_path / "own.safetensors"
    save_file(torch.load(weights), own, {"mean": "[0.1, 0.2, 0.3]", "image_size": "48", "interpolation": '"bicubic"'})
    config = with_settings(small, model__weights=str(own), init="pretrained", data__image_size=None, train__epochs=1)
    folder = Path(folder_of(play(Run(config))))
    own.unlink()
    found = Classifier.load(folder).preparation
    assert (found.mean, found.image_size, found.interpolation) == ((0.1, 0.2, 0.3), 48, "bicubic")


def test_of_two_arms_the_more_accurate_one_is_taken_unless_one_is_named(finished: Path, tmp_path: Path) -> None:
    state = checkpoint.load(finished / "scratch" / "best.pt")
    for arm, accuracy in (("pretrained", 0.4), ("scratch", 0.5)):
        checkpoint.save(state | {"best_accuracy": accuracy}, tmp_path / arm / "best.pt")
    assert choose_checkpoint(tmp_path) == tmp_path / "scratch" / "best.pt"
    assert choose_checkpoint(tmp_path, "pretrained") == tmp_path / "pretrained" / "best.pt"
    checkpoint.save(state | {"best_accuracy": 0.5}, tmp_path / "pretrained" / "best.pt")
    assert choose_checkpoint(tmp_path) == tmp_path / "pretrained" / "best.pt"
    (tmp_path / "pretrained" / "best.pt").write_bytes(b"torn")
    assert choose_checkpoint(tmp_path) == tmp_path / "scratch" / "best.pt"
    with pytest.raises(CheckpointError, match="damaged"):
        choose_checkpoint(tmp_path, "pretrained")
    with pytest.raises(CheckpointError, match="no checkpoint of the scratch arm"):
        choose_checkpoint(finished / "scratch", "scratch")


def test_a_checkpoint_of_an_older_version_is_used_with_the_preparation_of_its_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(FAMILIES, "torchvision", tiny_family("tiny"))
    file = next(OLD.rglob("*.pt"))
    assert "preparation" not in checkpoint.load(file)
    with pytest.raises(CheckpointError, match=r"older version.*, tiny\.pth, which is missing .* put it back"):
        Classifier.load(file)
    monkeypatch.chdir(OLD)
    classifier = Classifier.load(file)
    size = classifier.preparation.image_size
    assert size == classifier.trained.config.data.image_size
    assert classifier([Image.new("RGB", (size, size))]).labels[0] in classifier.classes
