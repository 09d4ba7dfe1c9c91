"""Decodes a sample of the pictures, before training, to check that they are readable."""

import random
import time
from collections.abc import Generator, Iterable, Iterator

from engine.data.batches import Unreadable
from engine.data.listing.meanwhile import meanwhile
from engine.data.loader import Loader
from engine.data.samples import MAX_UNREADABLE, Catalogue, Sample
from engine.errors import DataError
from engine.protocol import Loading

SAMPLE = 256  # pictures of all that are decoded before training
REPORT_SECONDS = 0.1  # between two progress events
LOOKING_INTO = "looking into pictures"

Key = tuple[str, int]
"a part and a class"


def look_into(catalogue: Catalogue, seed: int, loader: Loader) -> Generator[Loading | Unreadable, None, None]:
    """Decode 256 pictures of all, and one of each class in each part, in one pass.

    Yields progress, at least every 0.2 s, and the files that cannot be decoded.

    Raises:
        DataError: a class has no readable picture in a part, or more than 5 % of the files cannot be decoded.
    """
    pass_ = yield from meanwhile(lambda: _Pass(catalogue, seed, loader), LOOKING_INTO)
    yield from pass_.check(pass_.sample + pass_.firsts)
    bad_ones = sum(pass_.pictures[number][0].path in pass_.bad for number in pass_.sample)
    if 2 * bad_ones > MAX_UNREADABLE * len(pass_.sample):
        yield from pass_.check(number for number in range(len(pass_.pictures)) if number not in pass_.checked)
        check_unreadable(len(pass_.bad), len(pass_.pictures), next(iter(pass_.bad.values())))
    elif pass_.bad:
        yield from pass_.check_further()
    if pass_.bad:
        catalogue.check(pass_.bad.keys())


def check_unreadable(bad: int, pictures: int, example: Unreadable) -> None:
    """Raise `DataError` if `bad` of `pictures` undecodable files are too many; the message names `example`."""
    if bad > MAX_UNREADABLE * pictures:
        raise DataError(
            "Too many unreadable pictures",
            f"{bad} of {pictures} cannot be decoded, such as {example.path} ({example.reason}); remove or replace them",
        )


class _Pass:
    """Which pictures are decoded, which have been, and which cannot be."""

    def __init__(self, catalogue: Catalogue, seed: int, loader: Loader) -> None:
        self.pictures = catalogue.pictures
        self.bad: dict[str, Unreadable] = {}
        self.checked: set[int] = set()
        self._loader = loader
        self._bounds = len(catalogue.train), len(catalogue.train) + len(catalogue.val)
        self._total = 0
        self._reported = time.monotonic()
        every = range(len(self.pictures))
        self.sample = random.Random(f"{seed}/sample").sample(every, min(SAMPLE, len(every)))
        covered = set(map(self._key, self.sample))
        firsts: dict[Key, int] = {}
        for number in every:
            if (key := self._key(number)) not in covered:
                covered.add(key)
                firsts[key] = number
        self.firsts = list(firsts.values())

    def check(self, numbers: Iterable[int]) -> Iterator[Loading | Unreadable]:
        """Decode these pictures. The progress goes on from where it was."""
        todo, before = list(numbers), len(self.checked)
        self._total += len(todo)
        for done, unreadable in self._loader.check([self.pictures[number] for number in todo]):
            if unreadable is not None:
                self.bad[self.pictures[todo[done - 1]][0].path] = unreadable
                yield unreadable
            if time.monotonic() - self._reported >= REPORT_SECONDS:
                self._reported = time.monotonic()
                yield Loading(LOOKING_INTO, before + done, self._total)
        self.checked.update(todo)

    def check_further(self) -> Iterator[Loading | Unreadable]:
        """Decode further pictures of each class and part without a readable one, until there is one or no more.

        The rounds grow, so that a class of unreadable files takes few of them.
        """
        more = 1
        while left := self._unread():
            yield from self.check([number for numbers in left.values() for number in numbers[:more]])
            more = min(2 * more, SAMPLE)

    def _unread(self) -> dict[Key, list[int]]:
        """The pictures that are not decoded yet, of each class and part without a readable one."""
        readable = {self._key(number) for number in self.checked if self.pictures[number][0].path not in self.bad}
        left: dict[Key, list[int]] = {}
        for number in range(len(self.pictures)):
            if number not in self.checked and (key := self._key(number)) not in readable:
                left.setdefault(key, []).append(number)
        return left

    def _key(self, number: int) -> Key:
        sample: Sample = self.pictures[number][0]
        train, val = self._bounds
        return ("train" if number < train else "val" if number < val else "test"), sample.label
