"""Colour profiles, written here from the ICC's specification: of a wide RGB, of grey, and of four inks."""

import struct

import numpy as np
import numpy.typing as npt

WIDE = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
"its red, green and blue in XYZ of D50, a column each; those of Adobe RGB (1998)"
SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
D50 = (0.9642, 1.0, 0.8249)
GAMMA = 2.2
PAPER, RED = (255, 128, 128), (128, 190, 176)
"Lab of no ink, and of magenta with yellow, in bytes; all other mixtures are black"


def wide_rgb() -> bytes:
    columns = zip((b"rXYZ", b"gXYZ", b"bXYZ"), WIDE.T, strict=True)
    curves = {name: _curve(GAMMA) for name in (b"rTRC", b"gTRC", b"bTRC")}
    return _profile(b"mntr", b"RGB ", b"XYZ ", {name: _xyz(*column) for name, column in columns} | curves)


def grey(gamma: float) -> bytes:
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": _curve(gamma)})


def inks() -> bytes:
    nodes = [PAPER if ink == 0 else RED if ink == 0b0110 else (0, 128, 128) for ink in range(16)]
    straight = bytes(range(256))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + struct.pack(">9i", *(65536 * (i in (0, 4, 8)) for i in range(9)))
    table += straight * 4 + bytes(value for node in nodes for value in node) + straight * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": table})


def wide_as_srgb(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Colours of the wide RGB in sRGB, in 0..255, by the definition of both."""
    linear = np.clip((pixels / 255) ** GAMMA @ WIDE.T @ np.linalg.inv(SRGB).T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return encoded * 255


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    tags = {b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78), b"wtpt": _xyz(*D50)} | tags
    head = struct.pack(">I4sI4s4s4s12s4s", 0, b"\0" * 4, 0x02100000, kind, space, connection, bytes(12), b"acsp")
    head = head.ljust(64, b"\0") + struct.pack(">I", 0) + _fixed(*D50)
    place, table, data = 128 + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        padded = value + bytes(-len(value) % 4)
        table += struct.pack(">4sII", name, place + len(data), len(value))
        data += padded
    content = head.ljust(128, b"\0") + table + data
    return struct.pack(">I", len(content)) + content[4:]


def _fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _xyz(*values: float) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(*values)


def _curve(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))
