"""What a run needs is downloaded before it starts, and said before that."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.first_weights import first_weights
from engine.cli.program import main
from engine.config import load_config
from engine.protocol import Loading, encode
from tests.engine.webserver import Server, publish_weights, serving

NAME = "shufflenet_v2_x0_5"
RUN = ["--data", "pictures", "--model", NAME]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """Serves weights of the model; an empty cache, and a working directory with a folder of pictures."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    with serving(monkeypatch) as state:
        yield state


def test_weights_are_downloaded_once_and_no_picture_is_looked_at(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = publish_weights(server, NAME, bytes(1000), monkeypatch)
    for asked in (1, 1):
        assert main(["fetch", *RUN, "--json"]) == 0
        assert len(server.asked) == asked and file.read_bytes() == bytes(1000)
    lines = capsys.readouterr().out.splitlines()
    assert encode(Loading(f"downloading {file.name}", 1000, 1000)) in lines
    last = json.loads(lines[-1])
    assert (last["type"], last["file"], last["here"], last["bytes"]) == ("weights", str(file), True, 1000)


def test_a_download_that_fails_is_said_and_leaves_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = publish_weights(server, NAME, bytes(1000), monkeypatch)
    server.share = 0.5
    assert main(["fetch", *RUN]) == 1
    assert "Weights not downloaded" in capsys.readouterr().err and list(file.parent.iterdir()) == []


def test_what_a_run_starts_from_is_known_before_it_is_here(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    file = publish_weights(server, NAME, bytes(1000), monkeypatch)
    found = first_weights(load_config(None, [f"model.name={NAME}", "model.weights=default"]))
    assert found is not None and (found.file, found.url, found.here) == (str(file), server.url(file.name), False)
    assert found.bytes is not None and found.bytes >> 20 == 5, "as torchvision says"
    own = first_weights(load_config(None, []))
    assert own is not None and own.here and own.url == ""
    assert first_weights(load_config(None, ["init=scratch"])) is None
    assert server.asked == []
