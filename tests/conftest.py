"""For all tests: nothing is read from or written to the user's own cache folder, nor the list of live runs."""

import gc
import os
from collections.abc import Iterator

import pytest

# Before anything loads torch, here and in what the tests start: models this small lose more to the threads' waiting
# than they gain.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# First, so that no process is left alone with one of them at the end.
SLOW = ("test_chaos.py", "test_process_group.py", "test_detach.py", "test_watchdog.py", "test_begin.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take longest."""
    items.sort(key=lambda item: item.path.name not in SLOW)


@pytest.fixture(scope="session", autouse=True)
def _folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("cache", "state"):
            patch.setenv(f"XDG_{name.upper()}_HOME", str(tmp_path_factory.mktemp(name)))
        yield


@pytest.fixture(scope="session", autouse=True)
def _modules() -> None:
    """All that is loaded stays: Python need not search it for garbage again and again. So no run freezes anything."""
    gc.collect()
    gc.freeze()
