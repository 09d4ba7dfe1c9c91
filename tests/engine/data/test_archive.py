"""A data set downloaded from a web server on this machine: whole and checked, or an error and nothing left behind."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from engine.config.sections import DataConfig
from engine.data.archive import locate
from engine.data.folder import scan
from engine.errors import DataError, EngineError
from engine.protocol import Loading
from tests.engine.webserver import Server, serving


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(monkeypatch) as state:
        yield state


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "finetune-tui"


def zipped(prefix: str = "hotdog/", shadow: bool = True) -> bytes:
    """A zip as a Mac makes it: a folder around everything, and a shadow of each file."""
    picture, out = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    with zipfile.ZipFile(out, "w") as archive:
        for part in ("train", "test"):
            for name in ("hotdog", "other"):
                archive.writestr(f"{prefix}{part}/{name}/1.png", picture.getvalue())
                if shadow:
                    archive.writestr(f"__MACOSX/{prefix}{part}/{name}/._1.png", b"shadow")
    return out.getvalue()


def sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def fetch(server: Server, checksum: str | None = None, root: Path | None = None) -> tuple[Path, list[Loading]]:
    config = DataConfig(source="archive", url=server.url(), sha1=checksum or sha1(server.content), root=root)
    found, progress = locate(config, 0), []
    try:
        while True:
            progress.append(next(found))
    except StopIteration as end:
        return end.value, progress


def left_behind(cache: Path) -> list[str]:
    return sorted(entry.name for entry in cache.iterdir()) if cache.exists() else []


# --- success --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "hotdog/", "data/hotdog/"])
def test_a_sound_archive_becomes_a_folder_that_can_be_trained_on(server: Server, cache: Path, prefix: str) -> None:
    server.content = zipped(prefix)
    root, progress = fetch(server)
    catalogue = scan(root, 0.2, 0)
    assert catalogue.classes == ("hotdog", "other")
    assert len(catalogue.train) == len(catalogue.test) == 2
    assert left_behind(cache) == [f"archive-{sha1(server.content)[:12]}"]
    assert [event.what for event in progress] == ["downloading pictures.zip"] * 2 + ["unpacking"]
    assert 0 < progress[1].done <= progress[1].total == len(server.content)


def test_a_second_run_downloads_nothing(server: Server) -> None:
    server.content = zipped()
    first, _ = fetch(server)
    second, progress = fetch(server)
    assert first == second and progress == [] and len(server.asked) == 1


def test_the_checksum_may_be_written_in_capitals(server: Server) -> None:
    server.content = zipped()
    assert fetch(server, sha1(server.content).upper())[0].is_dir()


def test_the_pictures_are_kept_in_data_root_where_it_is_given_even_if_it_is_there_and_empty(
    server: Server, tmp_path: Path, cache: Path
) -> None:
    server.content = zipped()
    (tmp_path / "mine").mkdir()
    root, _ = fetch(server, root=tmp_path / "mine")
    assert root == tmp_path / "mine" / "hotdog" and left_behind(cache) == []


# --- failure --------------------------------------------------------------------------------------------------


def refused(server: Server, kind: type[EngineError], cache: Path, checksum: str | None = None) -> str:
    with pytest.raises(kind) as caught:
        fetch(server, checksum)
    assert type(caught.value) is kind
    assert left_behind(cache) == []
    assert server.url() in caught.value.message
    return f"{caught.value.title}: {caught.value.message}"


def test_another_file_than_was_promised_is_refused(server: Server, cache: Path) -> None:
    server.content = zipped()
    text = refused(server, DataError, cache, checksum="0" * 40)
    assert sha1(server.content) in text and "0" * 40 in text and "data.sha1" in text


def test_a_missing_file_is_told_with_the_servers_words(server: Server, cache: Path) -> None:
    server.status = 404
    text = refused(server, EngineError, cache)
    assert "the server says 404 Not Found" in text and "fetch the file yourself" in text and "--data DIR" in text


def test_a_server_that_is_not_there_is_told(server: Server, cache: Path) -> None:
    server.address = "http://127.0.0.1:9"  # the port of `discard`, where nobody listens
    assert "Connection refused; check the connection" in refused(server, EngineError, cache)


def test_a_connection_that_is_cut_off_in_the_middle_is_told_with_how_far_it_came(server: Server, cache: Path) -> None:
    server.content, server.share = zipped(), 0.5
    whole = len(server.content)
    assert f"cut off after {whole // 2} of {whole} bytes" in refused(server, EngineError, cache)


@pytest.mark.parametrize("content", [b"", b"<html>Please log in</html>", zipped()[:-40]])
def test_a_file_that_is_no_zip_is_refused(server: Server, cache: Path, content: bytes) -> None:
    server.content = content
    assert "is not a valid zip file" in refused(server, DataError, cache)


def test_a_damaged_picture_inside_is_found_by_its_checksum(server: Server, cache: Path) -> None:
    content = bytearray(zipped())
    content[content.find(b"IDAT") + 6] ^= 0xFF
    server.content = bytes(content)
    assert "Bad CRC-32" in refused(server, DataError, cache)


def test_an_encrypted_archive_is_refused(server: Server, cache: Path) -> None:
    content = bytearray(zipped())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = -1
        while (position := content.find(signature, position + 1)) >= 0:
            content[position + offset] |= 1  # the flag that says a member is encrypted
    server.content = bytes(content)
    assert "encrypted" in refused(server, DataError, cache)


@pytest.mark.parametrize("name", ["../outside.png", "hotdog/../../outside.png", "/outside.png", "..\\outside.png"])
def test_an_archive_that_would_write_outside_its_folder_is_refused(
    server: Server, cache: Path, tmp_path: Path, name: str
) -> None:
    out = io.BytesIO(zipped())
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"outside")
    server.content = out.getvalue()
    text = refused(server, DataError, cache)
    assert "outside its folder" in text
    assert not list(tmp_path.rglob("outside*"))


def test_a_run_that_ends_in_the_middle_of_a_download_leaves_nothing(server: Server, cache: Path) -> None:
    server.content = zipped()
    found = locate(DataConfig(source="archive", url=server.url(), sha1=sha1(server.content)), 0)
    next(found)
    assert left_behind(cache) != []
    found.close()
    assert left_behind(cache) == []


def test_a_cache_that_cannot_be_written_is_told(server: Server, cache: Path) -> None:
    server.content = zipped()
    cache.write_text("a file in the way")
    with pytest.raises(EngineError, match="free space"):
        fetch(server)
