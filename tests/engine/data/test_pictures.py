"""One picture: what can be read, and the pixels the model sees."""

import random
import statistics
import struct
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter
from torchvision.transforms import v2

from engine.data.augment.crop import random_crop, random_resized_crop
from engine.data.augment.flip import horizontal_flip
from engine.data.batches import Batch
from engine.data.pictures import (
    Preparation,
    UnreadablePictureError,
    check,
    decode,
)
from engine.data.pictures import test_pixels as prepare_for_test
from engine.data.transfer import Transfer
from tests.engine.pair import in_fork

RED = (200, 30, 40)

# pytest sets its own filters of warnings; that the program shows none is a test of its own below.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def fed(pixels: torch.Tensor, preparation: Preparation) -> torch.Tensor:
    """What the model gets of uint8 (N, 3, height, width)."""
    batch = Batch(pixels, torch.zeros(len(pixels), dtype=torch.int64), [], len(pixels), 1.0, [])
    return Transfer(preparation, torch.device("cpu"))(batch)[0]


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def close_to(picture: Image.Image, colour: tuple[int, int, int]) -> bool:
    return bool(np.all(np.abs(np.asarray(picture).astype(int) - colour) <= 3))


# --- files that can be read ---------------------------------------------------------------------------------


def save_cmyk_jpeg(path: Path) -> None:
    Image.new("RGB", (40, 30), RED).convert("CMYK").save(path, "JPEG", quality=95)


def save_palette_png_with_transparency(path: Path) -> None:
    picture = Image.new("P", (40, 30), 3)
    picture.putpalette([0] * 9 + list(RED))
    picture.save(path, "PNG", transparency=bytes([0, 128, 255, 255]))


def save_rgba_png(path: Path) -> None:
    Image.new("RGBA", (40, 30), (*RED, 255)).save(path, "PNG")


def save_animated_webp(path: Path) -> None:
    first, second = Image.new("RGB", (40, 30), RED), Image.new("RGB", (40, 30), "blue")
    first.save(path, "WEBP", save_all=True, append_images=[second], lossless=True)


def save_gif_called_jpg(path: Path) -> None:
    Image.new("RGB", (40, 30), RED).save(path, "GIF")


def save_jpeg_2_pictures(path: Path) -> None:
    Image.new("RGB", (40, 30), RED).save(
        path, "MPO", save_all=True, append_images=[Image.new("RGB", (40, 30))], quality=95
    )


def save_tiff(path: Path) -> None:
    Image.new("RGB", (40, 30), RED).save(path, "TIFF")


READABLE = [
    save_cmyk_jpeg,
    save_palette_png_with_transparency,
    save_rgba_png,
    save_animated_webp,
    save_gif_called_jpg,
    save_jpeg_2_pictures,
    save_tiff,
]


@pytest.mark.parametrize("save", READABLE, ids=lambda save: save.__name__[5:])
def test_pictures_of_every_kind_become_rgb_with_their_colours(save: Callable[[Path], None], tmp_path: Path) -> None:
    file = tmp_path / "picture.jpg"
    save(file)
    picture = decode(str(file))
    assert picture.mode == "RGB" and picture.size == (40, 30)
    assert close_to(picture, RED)
    assert check(str(file)) == ""


@pytest.mark.parametrize("value", [0, 77, 255])
def test_a_grey_picture_has_three_equal_channels(value: int, tmp_path: Path) -> None:
    Image.new("L", (40, 30), value).save(tmp_path / "grey.png")
    assert close_to(decode(str(tmp_path / "grey.png")), (value, value, value))


def test_a_16_bit_picture_keeps_its_brightness(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    for name in ("ramp.png", "ramp.tif"):
        Image.fromarray(ramp).save(tmp_path / name)
        pixels = np.asarray(decode(str(tmp_path / name)))
        assert np.array_equal(pixels, np.repeat(np.round(ramp / 257)[..., None], 3, axis=2))


def test_warnings_of_the_decoder_do_not_reach_the_screen_from_any_thread(tmp_path: Path) -> None:
    save_palette_png_with_transparency(tmp_path / "picture.png")
    ended = in_fork(tmp_path, decode_in_threads, str(tmp_path / "picture.png"))
    assert (ended.status, ended.messages) == (0, "")


def decode_in_threads(path: str) -> int:
    warnings.simplefilter("default", append=True)
    before = list(warnings.filters)
    list(ThreadPoolExecutor(8).map(decode, [path] * 200))
    return int(warnings.filters != before)


# --- files that cannot --------------------------------------------------------------------------------------


def truncated_jpeg(path: Path) -> None:
    noise(200, 200).save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:-4000])


def truncated_png(path: Path) -> None:
    noise(200, 200).save(path, "PNG")
    path.write_bytes(path.read_bytes()[:-4000])


def header_alone(path: Path) -> None:
    noise(200, 200).save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:100])


def postscript(path: Path) -> None:
    path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n")


def bomb(path: Path) -> None:
    """The head of a PNG file of 3,600 million pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(1000))
    chunks = (struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (head, data))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


UNREADABLE = [
    (truncated_jpeg, "truncated"),
    (truncated_png, "truncated"),
    (header_alone, "Truncated"),
    (postscript, "known format"),
    (lambda path: path.write_bytes(b""), "the file is empty"),
    (lambda path: path.write_text("this is not a picture"), "not a picture in a known format"),
    (lambda path: path.mkdir(), "Is a directory"),
    (lambda path: None, "No such file"),
    (bomb, "3,600 megapixels; at most 1,000 can be read"),
]


@pytest.mark.parametrize(("make", "reason"), UNREADABLE)
def test_what_is_no_picture_has_a_reason_of_one_line(make: Callable[[Path], None], reason: str, tmp_path: Path) -> None:
    file = tmp_path / "picture.jpg"
    make(file)
    with pytest.raises(UnreadablePictureError, match=reason) as caught:
        decode(str(file))
    assert str(caught.value) == check(str(file))
    assert "\n" not in check(str(file)) and str(file) not in check(str(file))


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_bytes_are_pixels_or_a_reason_and_never_another_exception(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("damaged") / "picture"
    noise(24, 20).save(file, data.draw(st.sampled_from(["JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM", "GIF"])))
    content = bytearray(file.read_bytes())
    for position, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), min_size=1, max_size=8)
    ):
        content[position] = value
    file.write_bytes(content)
    with mock.patch.object(Image, "MAX_IMAGE_PIXELS", 10**6):  # a damaged size must not take all memory here
        reason = check(str(file))
        if not reason:
            assert decode(str(file)).mode == "RGB"


# --- the pixels of test pictures ----------------------------------------------------------------------------


@given(
    width=st.integers(1, 90), height=st.integers(1, 90), size=st.sampled_from([(16, 18), (32, 32), (24, 40), (40, 20)])
)
@settings(max_examples=60, deadline=None)
def test_test_pictures_are_bit_identical_to_torchvisions(width: int, height: int, size: tuple[int, int]) -> None:
    picture = noise(width, height, seed=width * 100 + height)
    image_size, resize_size = size
    theirs = v2.Compose([v2.Resize(resize_size), v2.CenterCrop(image_size), v2.PILToTensor()])(picture)
    ours = prepare_for_test(picture, Preparation(image_size, resize_size))
    assert ours.dtype == torch.uint8 and torch.equal(ours, theirs)


@pytest.mark.parametrize("name", ["resnet18", "efficientnet_b0", "inception_v3", "vit_b_16", "swin_v2_t"])
def test_the_models_input_equals_that_of_the_weights_own_preset(name: str) -> None:
    from engine.config.sections import ModelConfig
    from engine.models import preparation

    preset = torchvision.models.get_model_weights(name).DEFAULT.transforms()
    prepared = preparation(ModelConfig(name=name), None)
    picture = noise(500, 375)
    ours = fed(prepare_for_test(picture, prepared)[None], prepared)[0]
    torch.testing.assert_close(ours, preset(picture), rtol=0, atol=1e-6)


def test_another_size_keeps_the_margin_around_the_centre() -> None:
    assert Preparation(224, 256).at_size(112) == Preparation(112, 128)


# --- the pixels of training pictures ------------------------------------------------------------------------


@pytest.mark.parametrize(("height", "width"), [(375, 500), (64, 64), (30, 400), (600, 90), (1, 1)])
def test_random_crops_are_distributed_as_torchvisions(height: int, width: int) -> None:
    """Means and spreads of area, shape and place, each within five standard errors of the difference."""
    draws = 3000
    rng = random.Random(0)
    torch.manual_seed(0)
    picture = torch.empty(3, height, width)
    ours = [random_crop(height, width, rng) for _ in range(draws)]
    theirs = [
        torchvision.transforms.RandomResizedCrop.get_params(picture, [0.08, 1.0], [3 / 4, 4 / 3]) for _ in range(draws)
    ]
    figures: list[Callable[[tuple[int, int, int, int]], float]] = [
        lambda crop: crop[2] * crop[3],
        lambda crop: crop[3] / crop[2],
        lambda crop: crop[0],
        lambda crop: crop[1],
        lambda crop: crop[0] + crop[2],
        lambda crop: crop[1] + crop[3],
    ]
    for figure in figures:
        for moment in (lambda x: x, lambda x: x * x):
            a, b = [moment(figure(crop)) for crop in ours], [moment(figure(crop)) for crop in theirs]
            error = (statistics.pvariance(a) / draws + statistics.pvariance(b) / draws) ** 0.5
            assert abs(statistics.fmean(a) - statistics.fmean(b)) <= 5 * error + 1e-9


@given(height=st.integers(1, 600), width=st.integers(1, 600), seed=st.integers(0, 10**6))
def test_a_crop_lies_within_its_picture(height: int, width: int, seed: int) -> None:
    top, left, h, w = random_crop(height, width, random.Random(seed))
    assert h >= 1 and w >= 1 and 0 <= top <= height - h and 0 <= left <= width - w


@pytest.mark.parametrize(("width", "height", "size"), [(80, 60, 32), (60, 90, 48), (400, 300, 64), (20, 20, 32)])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "nearest"])
def test_a_training_crop_is_torchvisions_resized_crop(width: int, height: int, size: int, interpolation: str) -> None:
    """To the bit that of tensors; Pillow rounds otherwise, by one or two of 255."""
    pixels = np.asarray(noise(width, height).filter(ImageFilter.GaussianBlur(2)))
    for seed in range(20):
        crop = random_crop(height, width, random.Random(seed))
        mode = v2.InterpolationMode("nearest-exact" if interpolation == "nearest" else interpolation)
        tensor = torch.from_numpy(pixels.copy()).permute(2, 0, 1)
        theirs = v2.functional.resized_crop(tensor, *crop, [size, size], interpolation=mode, antialias=True)
        pillow = v2.functional.pil_to_tensor(
            v2.functional.resized_crop(Image.fromarray(pixels), *crop, [size, size], interpolation=mode)
        )
        ours = random_resized_crop(
            pixels.copy(), Preparation(size, size, interpolation=interpolation), random.Random(seed)
        )
        ours = torch.from_numpy(ours).permute(2, 0, 1)
        assert torch.equal(ours, theirs)
        if interpolation != "nearest":
            assert (ours.int() - pillow.int()).abs().max() <= (1 if interpolation == "bilinear" else 2)


# --- the model's input --------------------------------------------------------------------------------------


def test_a_flip_mirrors_half_of_the_pictures_left_to_right_and_none_is_upside_down() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    flipped = [horizontal_flip(pixels, Preparation(), random.Random(seed)) for seed in range(1000)]
    mirrored = [np.array_equal(one, pixels[:, ::-1]) for one in flipped]
    assert all(found or np.array_equal(one, pixels) for found, one in zip(mirrored, flipped, strict=True))
    assert 421 < sum(mirrored) < 579  # five standard deviations around half of 1,000


def test_normalising_gives_imagenet_zero_mean_and_unit_variance() -> None:
    pixels = torch.tensor([124, 116, 104], dtype=torch.uint8).view(1, 3, 1, 1)
    assert torch.allclose(fed(pixels, Preparation()), torch.zeros(1, 3, 1, 1), atol=0.01)
    white = fed(torch.full((1, 3, 1, 1), 255, dtype=torch.uint8), Preparation()).flatten().tolist()
    assert white == pytest.approx([(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225])
