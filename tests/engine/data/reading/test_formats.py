"""Which files are read: their endings, their first bytes, their first frame, and what to install."""

import struct
from pathlib import Path

import pytest
from PIL import Image

from engine.data.pictures import check
from engine.data.reading import formats
from engine.data.reading.decoder import look, read
from engine.data.reading.formats import ENDINGS, Extra, readable, readable_endings, remedy
from engine.data.reading.jpeg_xl import jpeg_xl_size
from engine.data.reading.notes import Note
from engine.data.reading.opening import MissingPictureError

RED, BLUE = (200, 30, 40), (20, 30, 200)
HEAD = b"\0\0\0\x18ftyp"


def two(colour: str = "RGB") -> tuple[Image.Image, Image.Image]:
    return Image.new(colour, (20, 16), RED), Image.new(colour, (20, 16), BLUE)


@pytest.mark.parametrize(("form", "options"), [
    ("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("AVIF", {"quality": 95}), ("TIFF", {}),
    ("TIFF", {"compression": "tiff_deflate"}),
])  # fmt: skip
@pytest.mark.parametrize("name", ["picture", "picture.jpg"])
def test_the_first_picture_of_several_is_taken_and_noted(
    form: str, options: dict[str, object], name: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    first, second = two()
    first.save(file, form, save_all=True, append_images=[second], **options)
    picture, notes = read(str(file))
    assert notes == look(str(file)) == [Note.FIRST]
    assert max(abs(a - b) for a, b in zip(picture.getpixel((5, 5)), RED, strict=True)) <= 4  # type: ignore[arg-type]


def test_a_second_picture_for_other_programs_in_a_jpeg_file_is_not_worth_a_note(tmp_path: Path) -> None:
    first, second = two()
    first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[second], quality=95)
    assert read(str(tmp_path / "a.jpg"))[1] == []


@pytest.mark.parametrize(("ending", "form"), [
    (".jfif", "JPEG"), (".JPE", "JPEG"), (".gif", "GIF"), (".avif", "AVIF"), (".jp2", "JPEG2000"), (".pbm", "PPM"),
    (".apng", "PNG"), (".TIFF", "TIFF"),
])  # fmt: skip
def test_usual_endings_are_read(ending: str, form: str, tmp_path: Path) -> None:
    mode = "1" if ending == ".pbm" else "RGB"
    Image.new("RGB", (16, 16), RED).convert(mode).save(tmp_path / f"a{ending}", form)
    assert readable(ending) and remedy(ending) == ""
    assert read(str(tmp_path / f"a{ending}"))[0].size == (16, 16)


@pytest.mark.parametrize("ending", [".txt", ".pdf", ".eps", ".svg", ""])
def test_other_endings_have_no_remedy(ending: str) -> None:
    assert not readable(ending) and remedy(ending) == ""


@pytest.fixture
def without_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "_installed", lambda module: False)


@pytest.fixture
def with_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "_installed", lambda module: True)


def test_what_to_install_is_said_by_the_ending(without_extras: None) -> None:
    assert remedy(".HEIC") == "pip install 'finetune-tui[heif]'" and not readable(".heic")
    assert remedy(".jxl") == "pip install 'finetune-tui[jxl]'" and not readable(".JXL")
    assert ".heic" not in readable_endings() and ".jpg" in readable_endings()


def test_with_the_extras_all_endings_are_read(with_extras: None) -> None:
    assert set(readable_endings()) == set(ENDINGS) and remedy(".heic") == ""


def test_the_extras_are_in_the_project_file() -> None:
    project = (Path(__file__).parents[4] / "pyproject.toml").read_text(encoding="utf-8")
    for kind in ENDINGS.values():
        if isinstance(kind.extra, Extra):
            assert f"\n{kind.extra.name} = [\n" in project and kind.extra.module.replace("_", "-") in project


BRANDS = [HEAD + b"heic", HEAD + b"mif1\0\0\0\0mif1heic", HEAD + b"msf1"]


@pytest.mark.parametrize("content", BRANDS)
def test_a_renamed_heic_file_is_named_with_what_to_install(
    content: bytes, without_extras: None, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(content.ljust(200, b"\0"))
    assert check(str(tmp_path / "a.jpg")) == "this is a HEIC file; to read it, pip install 'finetune-tui[heif]'"


@pytest.mark.parametrize(("content", "reason"), [
    (b"\xff\x0a" + bytes(50), "this is a JPEG XL file; to read it, pip install 'finetune-tui[jxl]'"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "this is a JPEG XL file; to read it, pip install 'finetune-tui[jxl]'"),
    (b"<!DOCTYPE html><html><title>404</title>", "not a picture in a known format: it is a web page"),
    (b"\n<html>", "not a picture in a known format: it is a web page"),
    (b'<?xml version="1.0"?>\n<svg xmlns=""/>', "not a picture in a known format: it is an SVG drawing"),
    (b"version https://git-lfs.github.com/spec/v1\noid", "it is a pointer of Git LFS; fetch the files"),
    (b"%PDF-1.7", "it is a PDF document"),
    (HEAD + b"isom" + bytes(20), "it is a video"),
    (b"\xff\xd8\xff\xe0" + bytes(20), "this is a JPEG file, and it is damaged or of a kind that cannot be read"),
    (HEAD + b"avif\0\0\0\0avifmif1", "this is an AVIF file, and it is damaged"),
    (b"RIFF\0\0\0\0WEBPnonsense", "this is a WebP file, and it is damaged"),
    (b"hello", "not a picture in a known format"),
    (b"", "the file is empty"),
])  # fmt: skip
def test_the_first_bytes_say_what_a_file_is(content: bytes, reason: str, without_extras: None, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    assert reason in check(str(tmp_path / "a.jpg"))


def test_a_tiff_file_of_a_kind_that_pillow_does_not_read(tmp_path: Path) -> None:
    Image.new("F", (4, 4), 1.0).save(tmp_path / "a.tif")
    bits = struct.pack("<HHIHH", 258, 3, 1, 32, 0)
    content = (tmp_path / "a.tif").read_bytes()
    assert content.count(bits) == 1
    (tmp_path / "a.tif").write_bytes(content.replace(bits, struct.pack("<HHIHH", 258, 3, 1, 64, 0)))
    assert check(str(tmp_path / "a.tif")) == "this is a TIFF file, and it is damaged or of a kind that cannot be read"


def test_a_missing_file_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(MissingPictureError, match="No such file"):
        read(str(tmp_path / "a.jpg"))
    (tmp_path / "b").write_bytes(b"")
    with pytest.raises(MissingPictureError):
        read(str(tmp_path / "b" / "a.jpg"))


def test_heic_with_the_extra(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    picture = Image.new("RGB", (48, 32), RED)
    picture.paste((30, 200, 30), (0, 0, 24, 16))
    exif = Image.Exif()
    exif[274] = 6
    turned = picture.transpose(Image.Transpose.ROTATE_90)
    heif.from_pillow(turned).save(tmp_path / "a.jpg", quality=95, exif=exif.tobytes())
    found = read(str(tmp_path / "a.jpg"))[0]
    assert found.size == (48, 32) and found.getpixel((4, 4))[1] > 150 > found.getpixel((40, 28))[1]  # type: ignore[index]


@pytest.mark.parametrize(("content", "size"), [
    (b"\xff\x0a" + bytes([0b0100_0001, 0]) + bytes(10), (8, 8)),  # small, height 1 x 8, ratio 1
    (b"\xff\x0a" + ((1 << 0) | (2 << 1) | (0 << 6) | (5 << 9)).to_bytes(12, "little"), (48, 24)),
    (b"\xff\x0a" + ((3 << 1) | (59_999 << 3) | (1 << 33)).to_bytes(12, "little"), (60_000, 60_000)),
    (b"\xff\x0a" + ((1 << 1) | (999 << 3) | (0 << 16) | (0 << 19) | (299 << 21)).to_bytes(12, "little"), (300, 1000)),
    (b"\xff\x0a\0", None),
    (b"\xff\xd8" + bytes(20), None),
])  # fmt: skip
def test_the_size_of_jpeg_xl_is_in_its_first_bytes(content: bytes, size: tuple[int, int] | None) -> None:
    assert jpeg_xl_size(content) == size
    boxes = b"\0\0\0\x0cJXL \r\n\x87\n" + b"\0\0\0\x14ftypjxl \0\0\0\0jxl "
    if size is not None:
        assert jpeg_xl_size(boxes + b"\0\0\0\0jxlc" + content) == size
        assert jpeg_xl_size(boxes + b"\0\0\0\0jxlp\0\0\0\0" + content) == size


@pytest.mark.parametrize(("width", "height"), [(24, 16), (31, 17), (300, 1000), (640, 360), (1, 1), (600, 500)])
def test_the_size_of_jpeg_xl_is_that_of_its_library(width: int, height: int, tmp_path: Path) -> None:
    pytest.importorskip("pillow_jxl")
    for container in (False, True):
        Image.new("RGB", (width, height)).save(tmp_path / "a.jxl", "JXL", use_container=container)
        assert jpeg_xl_size((tmp_path / "a.jxl").read_bytes()[:4096]) == (width, height)


def test_a_jpeg_xl_file_that_claims_to_be_gigantic_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pillow_jxl")
    head = ((3 << 1) | (59_999 << 3) | (1 << 33)).to_bytes(12, "little")
    (tmp_path / "a.jxl").write_bytes(b"\xff\x0a" + head + bytes(100))
    assert check(str(tmp_path / "a.jxl")).startswith("60000 x 60000 pixels are 3,600 megapixels")


def test_jpeg_xl_with_the_extra(tmp_path: Path) -> None:
    pytest.importorskip("pillow_jxl")
    Image.new("RGB", (24, 16), RED).save(tmp_path / "a.jxl", "JXL", lossless=True)
    assert read(str(tmp_path / "a.jxl"))[0].getpixel((4, 4)) == RED
