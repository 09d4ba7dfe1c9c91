import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.config import RunConfig
from engine.service.launch import Launch
from tests.engine.conftest import pictures, small  # noqa: F401
from tests.engine.service.remote.living import Living, Staged


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path leaves room for a socket's."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def staged(short: Path) -> Iterator[Staged]:
    run = Staged(short)
    yield run
    run.close()


@pytest.fixture(scope="session")
def alone(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> str:  # noqa: F811
    """The weights of the small run where nobody watches."""
    from engine.config import load_config
    from tests.engine.conftest import SMALL

    folder = tmp_path_factory.mktemp("alone")
    (folder / "small.yaml").write_text(SMALL.format(root=pictures, runs=folder / "runs"))
    with living(load_config(folder / "small.yaml")) as run:
        return run.end().weights_sha256


@contextmanager
def living(config: RunConfig, hold: bool = False, resume: Path | None = None) -> Iterator[Living]:
    run = Living(Launch(config, resume), hold)
    try:
        yield run
    finally:
        run.stop()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
