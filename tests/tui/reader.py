"""What a person sees change on a terminal: the program sends only cells that differ, a person reads whole rows."""

import re

PIECES = re.compile(rb"\x1b\[(\d+);(\d+)H|\x1b\[(\d+)C|\x1b\[[\d;]*m|(\x1b[^\x1b]*?[@-Z\\-~a-z])|([^\x1b]+)")
UNFINISHED = re.compile(rb"\x1b(\[[\d;?<>=$]*)?$")
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"


class Reader:
    """Turns what a program writes into the rows that it changes; what it writes outside of its screen stays."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[int, str]] = {}
        self._at = (1, 1)
        self._inside = False
        self._rest = b""

    def read(self, data: bytes) -> bytes:
        """The rows, as they are now, that this changes, and all codes that change none."""
        data = self._rest + data
        cut = UNFINISHED.search(data)
        end = cut.start() if cut else len(data)
        while end > 0 and (data[:end].decode(errors="ignore").encode() != data[:end]) and len(data) - end < 4:
            end -= 1  # in the middle of a character
        data, self._rest = data[:end], data[end:]
        told, touched = [], {}
        for piece in PIECES.finditer(data):
            row, column, right, code, text = piece.groups()
            if code is not None:
                self._inside = code == ENTER or (self._inside and code != LEAVE)
                if code == ENTER:
                    self._rows = {}
                told.append(code)
            elif not self._inside:
                told.append(text if text is not None else piece[0])
            elif row is not None:
                self._at = int(row), int(column)
            elif right is not None:
                self._at = self._at[0], self._at[1] + int(right)
            elif text is not None:
                self._write(text.decode(errors="replace"), touched)
        rows = ["".join(self._rows[y].get(x, " ") for x in range(1, max(self._rows[y]) + 1)) for y in sorted(touched)]
        return b"".join(told) + "".join(f"{row}\n" for row in rows).encode()

    def _write(self, text: str, touched: dict[int, bool]) -> None:
        y, x = self._at
        for character in text.replace("\n", ""):
            self._rows.setdefault(y, {})[x] = character
            touched[y] = True
            x += 1
        self._at = y, x
