"""A web server on this machine, for the tests of what is downloaded."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
import torchvision


@dataclass
class Server:
    """Serves `content`, or half of it, or an error; counts what it is asked for."""

    address: str = ""
    content: bytes = b""
    status: int = 200
    share: float = 1.0
    asked: list[str] = field(default_factory=list)

    def url(self, name: str = "pictures.zip") -> str:
        return f"{self.address}/{name}"


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "*")
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            self.send_response(state.status)
            self.send_header("Content-Length", str(len(state.content)))
            self.end_headers()
            with suppress(ConnectionError):  # the client may have enough and go
                self.wfile.write(state.content[: int(len(state.content) * state.share)])

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        state.address = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        http.shutdown()
        thread.join()


def publish_weights(
    server: Server, model: str, content: bytes, monkeypatch: pytest.MonkeyPatch, digest: str | None = None
) -> Path:
    """Serve the default weights of a model of torchvision's; where the file will be kept.

    Its name holds the first 8 digits of its sha256, as torchvision's do.
    """
    digest = digest or hashlib.sha256(content).hexdigest()[:8]
    server.content = content
    weights = torchvision.models.get_model_weights(model).DEFAULT
    monkeypatch.setattr(weights.value, "url", server.url(f"{model}-{digest}.pth"))
    return Path(torch.hub.get_dir()) / "checkpoints" / f"{model}-{digest}.pth"
