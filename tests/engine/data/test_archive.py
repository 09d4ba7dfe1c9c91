"""A data set downloaded from a web server on this machine: whole and checked, or an error and nothing left behind."""

import errno
import hashlib
import io
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from engine.config.sections import DataConfig
from engine.data import unzip
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
    text = refused(server, DataError, cache)
    assert "its member `hotdog/train/hotdog/1.png` is damaged" in text and "Bad CRC-32" in text
    assert "connection" not in text


def test_an_encrypted_archive_is_refused(server: Server, cache: Path) -> None:
    content = bytearray(zipped())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = -1
        while (position := content.find(signature, position + 1)) >= 0:
            content[position + offset] |= 1  # the flag that says a member is encrypted
    server.content = bytes(content)
    assert "its member `hotdog/train/hotdog/1.png` is damaged or cannot be read" in (
        text := refused(server, DataError, cache)
    )
    assert "encrypted" in text and "connection" not in text


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


# --- files that nobody vouches for ----------------------------------------------------------------------------


def of(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def with_size(content: bytes, size: int) -> bytes:
    """The zip, whose only member says in its directory that it is so large."""
    place = content.find(b"PK\x01\x02") + 24
    return content[:place] + size.to_bytes(4, "little") + content[place + 4 :]


def test_an_archive_that_would_unpack_to_far_more_than_it_is_is_refused(server: Server, cache: Path) -> None:
    server.content = with_size(of(("train/a/1.png", bytes(10_000))), 4_000_000_000)
    text = refused(server, DataError, cache)
    assert "would unpack to 4.0 GB" in text and "at most 1.1 GB are unpacked" in text and "--data DIR" in text


def test_an_archive_for_which_the_disk_has_no_room_is_refused_before_it_is_unpacked(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unzip.shutil, "disk_usage", lambda folder: SimpleNamespace(free=1_000))
    server.content = of(("train/a/1.png", bytes(10_000)))
    text = refused(server, EngineError, cache)
    assert "would unpack to 10.0 kB" in text and "1.0 kB of free space" in text and "data.root" in text


def test_an_archive_with_too_many_members_is_refused(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unzip, "MOST_MEMBERS", 2)
    server.content = of(*((f"train/a/{number}.png", b"x") for number in range(3)))
    assert "it has 3 members, at most 2 are unpacked" in refused(server, DataError, cache)


@pytest.mark.parametrize("says", [5_000, 20_000])
def test_a_member_of_another_size_than_it_says_is_damaged(server: Server, cache: Path, says: int) -> None:
    server.content = with_size(of(("train/a/1.png", bytes(10_000))), says)
    assert "its member `train/a/1.png` is damaged" in refused(server, DataError, cache)


@pytest.mark.parametrize(("method", "name"), [(zipfile.ZIP_BZIP2, "bzip2"), (zipfile.ZIP_LZMA, "lzma")])
def test_what_python_can_only_unpack_as_a_whole_is_refused(server: Server, cache: Path, method: int, name: str) -> None:
    server.content = of(("train/a/1.png", bytes(10_000)), method=method)
    assert f"is compressed with {name}, only deflate is unpacked" in refused(server, DataError, cache)


def test_a_link_is_refused(server: Server, cache: Path) -> None:
    link = zipfile.ZipInfo("train/a/1.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    server.content = of((link, b"/etc/passwd"))
    assert "its member `train/a/1.png` is a link" in refused(server, DataError, cache)


def test_the_name_of_a_member_is_text_and_what_is_wrong_with_it_is_not_the_connection(
    server: Server, cache: Path
) -> None:
    server.content = of(("train/\x1b]0;owned\x07/" + "x" * 300, b"x"))
    text = refused(server, EngineError, cache)
    assert r"its member `train/\x1b]0;owned\x07/xxx" in text and "File name too long" in text
    assert "connection" not in text and text.isprintable()


def test_a_full_disk_is_told_as_one(server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(unzip, "_extract", full)
    server.content = zipped()
    text = refused(server, EngineError, cache)
    assert "is full; make room" in text and "connection" not in text


def test_paths_as_windows_has_them_become_folders(server: Server) -> None:
    picture = zipfile.ZipFile(io.BytesIO(zipped(""))).read("train/hotdog/1.png")
    names = [f"{part}\\{name}\\1.png" for part in ("train", "test") for name in ("hotdog", "other")]
    server.content = of(*((name, picture) for name in names))
    root, _ = fetch(server)
    assert scan(root, 0.2, 0).classes == ("hotdog", "other")
