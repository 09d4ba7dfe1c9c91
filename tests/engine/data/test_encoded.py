"""Pictures as bytes: exact as pixels, nearly so as JPEG, and the same each time."""

import numpy as np
import pytest

from engine.data.encoded import JPEG, MAX_SIDE, RAW, Encoded, decode, encode


def ramp(height: int = 60, width: int = 80) -> np.ndarray:
    return np.linspace(0, 255, height * width * 3).reshape(height, width, 3).astype(np.uint8)


def test_raw_pixels_are_exact_whatever_their_layout() -> None:
    turned = ramp().transpose(1, 0, 2)
    kept = encode(turned, "raw")
    assert (kept.kind, kept.height, kept.width, kept.data.nbytes) == (RAW, 80, 60, 80 * 60 * 3)
    assert np.array_equal(decode(kept), turned)


def test_jpeg_is_smaller_nearly_exact_and_keeps_its_colours_at_full_resolution() -> None:
    stripes = ramp()
    stripes[:, ::2] = (255, 0, 0)  # columns of one pixel: half the resolution of colours would mix them
    kept = encode(stripes, "jpeg")
    assert kept.kind == JPEG and kept.data.nbytes < stripes.nbytes
    assert np.abs(decode(kept).astype(int) - stripes).mean() < 8
    smooth = encode(ramp(), "jpeg")
    assert smooth.data.nbytes * 5 < ramp().nbytes and np.abs(decode(smooth).astype(int) - ramp()).mean() < 1


def test_the_same_pixels_have_the_same_bytes_and_come_back_the_same() -> None:
    first, again = encode(ramp(), "jpeg"), encode(ramp(), "jpeg")
    assert np.array_equal(first.data, again.data) and np.array_equal(decode(first), decode(again))


def test_what_jpeg_does_not_make_smaller_or_cannot_hold_stays_exact() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    long = np.zeros((1, MAX_SIDE + 1, 3), np.uint8)
    for pixels in (noise, long):
        kept = encode(pixels, "jpeg")
        assert kept.kind == RAW and np.array_equal(decode(kept), pixels)


@pytest.mark.parametrize("bad", ["no jpeg", "another size", "wrong length"])
def test_bytes_that_are_no_such_picture_are_refused(bad: str) -> None:
    kept = encode(ramp(), "jpeg")
    broken = {
        "no jpeg": kept._replace(data=kept.data[20:]),
        "another size": kept._replace(width=79),
        "wrong length": Encoded(RAW, 60, 80, ramp().reshape(-1)[1:]),
    }
    with pytest.raises(ValueError):
        decode(broken[bad])
