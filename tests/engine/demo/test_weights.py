"""The weights in the package: small, plain, and made for the demo's model."""

import ast
import json
import subprocess
import sys

import pytest
import torch
from safetensors import safe_open
from torchvision.models import shufflenet_v2_x0_5

from engine.demo.shapes import SHAPES
from engine.models.weights import DEMO_WEIGHTS


@pytest.fixture(scope="module")
def weights():
    with safe_open(DEMO_WEIGHTS, framework="pt") as opened:
        tensors = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118 - no mapping
        return tensors, {key: json.loads(text) for key, text in opened.metadata().items()}


def test_the_file_has_at_most_two_mebibytes():
    assert DEMO_WEIGHTS.stat().st_size <= 2 * 1024**2


def test_they_fit_torchvisions_model_to_the_last_key(weights):
    tensors, metadata = weights
    model = shufflenet_v2_x0_5(num_classes=len(metadata["classes"]))
    model.load_state_dict(tensors, strict=True)
    assert model(torch.zeros(2, 3, metadata["image_size"], metadata["image_size"])).shape == (2, len(SHAPES))


def test_they_are_finite_float32(weights):
    tensors, _ = weights
    numbers = {key: value for key, value in tensors.items() if not key.endswith("num_batches_tracked")}
    assert {value.dtype for value in numbers.values()} == {torch.float32}
    assert all(value.isfinite().all() for value in numbers.values())


def test_they_say_how_pictures_are_prepared_and_what_they_were_trained_on(weights):
    _, metadata = weights
    assert metadata["model"] == "shufflenet_v2_x0_5"
    assert metadata["classes"] == list(SHAPES)
    assert (metadata["image_size"], metadata["resize_size"]) == (64, 72)
    assert len(metadata["mean"]) == len(metadata["std"]) == 3


def test_drawing_needs_no_torch():
    program = "import sys, engine.demo, engine.demo.shapes; print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not ast.literal_eval(result.stdout)
