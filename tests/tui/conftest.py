from collections.abc import Iterator

import pytest

from tests.tui.story import NOW


@pytest.fixture(autouse=True)
def _at_a_fixed_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("tui.app.time.time", lambda: NOW)
    yield
