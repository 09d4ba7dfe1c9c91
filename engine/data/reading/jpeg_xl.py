"""The size of a JPEG XL picture from its first bytes. The library decodes a file when it opens it, and has no limit.

The fields are those of the `SizeHeader` of ISO/IEC 18181-1: bits from the lowest one of each byte on.
"""

_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))  # width to height, for the ratios 1 to 7
_LENGTHS = (9, 13, 18, 30)  # bits of a length
_CODESTREAM = b"\xff\x0a"


def jpeg_xl_size(first: bytes) -> tuple[int, int] | None:
    """Width and height; `None` if these are not the first bytes of such a file, or too few of them."""
    start = 0 if first.startswith(_CODESTREAM) else _in_boxes(first)
    if start is None or len(first) < start + 12:
        return None
    number = int.from_bytes(first[start + 2 : start + 12], "little")

    def take(bits: int) -> int:
        nonlocal number
        value, number = number & ((1 << bits) - 1), number >> bits
        return value

    small = take(1)

    def length() -> int:
        return (take(5) + 1) * 8 if small else take(_LENGTHS[take(2)]) + 1

    height = length()
    ratio = take(3)
    if not ratio:
        return length(), height
    wide, high = _RATIOS[ratio - 1]
    return height * wide // high, height


def _in_boxes(first: bytes) -> int | None:
    """Where the codestream begins in a file of boxes."""
    if not first.startswith(b"\0\0\0\x0cJXL "):
        return None
    place = 0
    while place + 8 <= len(first):
        size, kind = int.from_bytes(first[place : place + 4], "big"), first[place + 4 : place + 8]
        if kind in (b"jxlc", b"jxlp"):
            begin = place + (16 if size == 1 else 8) + (4 if kind == b"jxlp" else 0)
            return begin if first[begin : begin + 2] == _CODESTREAM else None
        if size < 8:
            return None
        place += size
    return None
