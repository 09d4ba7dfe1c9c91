"""Data sets of libraries, read by the real libraries from files that the tests write: nothing is downloaded."""

import hashlib
import io
import json
import struct
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.cli.preview import count_pictures, find
from engine.config import load_config
from engine.config.sections import DataConfig
from engine.data.library import export
from engine.data.library.source import _key, locate
from engine.data.samples import Catalogue
from engine.data.sources import find_catalogue, local_catalogue
from engine.errors import DataError, EngineError
from engine.protocol import Loading
from engine.service.launch import data_settings


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("HF_HOME", "HF_DATASETS_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return tmp_path / "cache" / "finetune-tui"


def downloads(cache: Path, config: DataConfig) -> Path:
    """Where a library finds the files that it would download."""
    folder = cache / "downloads" / _key(config)
    folder.mkdir(parents=True)
    return folder


def fetched(config: DataConfig) -> tuple[Catalogue, list[Loading]]:
    found, progress = find_catalogue(config, 0), []
    try:
        while True:
            progress.append(next(found))
    except StopIteration as end:
        return end.value, progress


def written(config: DataConfig, cache: Path) -> Catalogue:
    """The same without a process of its own, which takes seconds to load a library."""
    cache.mkdir(parents=True, exist_ok=True)
    out, folder = io.StringIO(), Path(tempfile.mkdtemp(dir=cache))
    if export.main([config.model_dump_json(), str(folder), str(cache / "downloads" / _key(config))], out):
        problem = json.loads(out.getvalue().splitlines()[-1])
        raise (DataError if problem["status"] == 2 else EngineError)(problem["title"], problem["message"])
    found = local_catalogue(config.model_copy(update={"root": folder}), 0)
    assert found is not None
    return found


def left_behind(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.rglob("*") if path.is_file() or ".dataset" in path.name)


# --- torchvision ----------------------------------------------------------------------------------------------

FASHION = DataConfig(source="torchvision", dataset="FashionMNIST")


def write_idx(folder: Path, name: str, values: np.ndarray) -> None:
    """A file as MNIST's are."""
    head = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    (folder / name).write_bytes(head + values.tobytes())


def write_fashion(folder: Path, train: int = 30, test: int = 20) -> np.ndarray:
    raw = folder / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (train + test, 28, 28), np.uint8)
    labels = (np.arange(train + test) % 10).astype(np.uint8)
    for part, chosen in (("train", slice(train)), ("t10k", slice(train, None))):
        write_idx(raw, f"{part}-images-idx3-ubyte", pixels[chosen])
        write_idx(raw, f"{part}-labels-idx1-ubyte", labels[chosen])
    return pixels


def test_a_data_set_of_torchvision_is_written_once_with_its_pixels(cache: Path) -> None:
    pixels = write_fashion(downloads(cache, FASHION))
    assert local_catalogue(FASHION, 0) is None
    catalogue, progress = fetched(FASHION)
    assert len(catalogue.classes) == 10 and "T-shirt_top" in catalogue.classes
    assert catalogue.notes == ("the class `T-shirt/top` is called `T-shirt_top`",)
    assert (len(catalogue.train), len(catalogue.test), len(catalogue.val)) == (30, 20, 0)
    for sample in (*catalogue.train, *catalogue.test):
        number = int(Path(sample.path).stem)
        assert np.array_equal(np.asarray(Image.open(sample.path)), pixels[number])
    assert progress[0].what == "fetching FashionMNIST" and (progress[-1].what, progress[-1].total) == (
        "writing pictures",
        50,
    )
    # What was downloaded is removed, and the second time nothing is fetched.
    assert not list((cache / "downloads").iterdir())
    again, progress = fetched(FASHION)
    assert (again, progress) == (catalogue, []) and local_catalogue(FASHION, 0) == catalogue


def test_files_of_a_data_set_are_copied_as_they_are(cache: Path) -> None:
    config = DataConfig(source="torchvision", dataset="Country211")
    folder, digests = downloads(cache, config), set()
    for part in ("train", "valid", "test"):
        for name in ("AD", "AE"):
            file = folder / "country211" / part / name / "holiday.jpg"
            file.parent.mkdir(parents=True)
            Image.effect_noise((20, 20), 50).convert("RGB").save(file)
            digests.add(hashlib.sha256(file.read_bytes()).hexdigest())
    catalogue = written(config, cache)
    assert catalogue.classes == ("AD", "AE")
    assert (len(catalogue.train), len(catalogue.val), len(catalogue.test)) == (2, 2, 2)
    files = [Path(sample.path) for sample in (*catalogue.train, *catalogue.val, *catalogue.test)]
    assert {hashlib.sha256(file.read_bytes()).hexdigest() for file in files} == digests
    assert all(file.name.endswith("-holiday.jpg") for file in files)


def test_a_name_that_torchvision_does_not_have_is_refused_and_leaves_nothing(cache: Path) -> None:
    with pytest.raises(DataError, match="has no data set FashionMnist; did you mean FashionMNIST") as caught:
        fetched(DataConfig(source="torchvision", dataset="FashionMnist"))
    assert caught.value.exit_status == 2 and left_behind(cache) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("EMNIST", "EMNIST cannot be trained on: it has several sets; give data.subset, one of byclass,"),
        ("FakeData", "FakeData cannot be trained on: it has no names of classes"),
    ],
)
def test_a_data_set_that_cannot_be_trained_on_is_refused(cache: Path, name: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        written(DataConfig(source="torchvision", dataset=name), cache)
    assert words in caught.value.message


def test_a_download_that_fails_is_told_in_a_sentence(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with pytest.raises(EngineError) as caught:
        written(DataConfig(source="torchvision", dataset="KMNIST"), cache)
    assert caught.value.exit_status == 1
    assert caught.value.message.startswith("KMNIST: ") and "\n" not in caught.value.message


def test_a_run_that_is_stopped_ends_the_process_and_leaves_nothing(cache: Path) -> None:
    write_fashion(downloads(cache, FASHION))
    progress = locate(FASHION, 0)
    assert next(progress).what == "fetching FashionMNIST"
    progress.close()
    assert not [name for name in left_behind(cache) if name.startswith((".", "dataset"))]


def test_a_folder_that_has_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    config = FASHION.model_copy(update={"root": tmp_path})
    with pytest.raises(DataError, match="has something else than FashionMNIST"):
        fetched(config)
    assert (tmp_path / "mine.txt").exists()


# --- Hugging Face -----------------------------------------------------------------------------------------------


def hugging(folder: Path, **settings: str) -> DataConfig:
    pytest.importorskip("datasets")
    return DataConfig(source="huggingface", dataset=str(folder), **settings)  # type: ignore[arg-type]


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A folder of pictures with a table of their classes, as the hub has them."""
    for part, count in (("train", 12), ("test", 4)):
        folder = tmp_path / "pets" / part
        folder.mkdir(parents=True)
        rows = []
        for number in range(count):
            Image.effect_noise((20, 20), 50).convert("RGB").save(folder / f"{number}.jpg", quality=50)
            row = {"file_name": f"{number}.jpg", "label": ("cat", "dog")[number % 2], "colour": "red"}
            rows.append(json.dumps(row))
        (folder / "metadata.jsonl").write_text("\n".join(rows))
    return tmp_path / "pets"


def test_a_data_set_of_hugging_face_is_written_with_the_bytes_of_its_files(local: Path, cache: Path) -> None:
    catalogue = written(hugging(local), cache)
    assert catalogue.classes == ("cat", "dog") and catalogue.notes == ()
    assert (len(catalogue.train), len(catalogue.test)) == (12, 4)
    for sample in (*catalogue.train, *catalogue.test):
        file = Path(sample.path)
        part, name = file.parts[-3], file.stem.partition("-")[2]
        assert file.read_bytes() == (local / part / f"{name}.jpg").read_bytes()
        assert catalogue.classes[sample.label] == ("cat", "dog")[int(name) % 2]


def test_a_table_of_parquet_may_have_unusual_columns_and_rows_without_a_class(tmp_path: Path, cache: Path) -> None:
    datasets = pytest.importorskip("datasets")
    pixels = [Image.effect_noise((16, 16), 60) for _ in range(12)]
    features = datasets.Features(
        {"photo": datasets.Image(), "fine": datasets.ClassLabel(names=["a/b", "c"]), "coarse": datasets.Value("int64")}
    )
    rows = {"photo": pixels, "fine": [*([0, 1] * 5), None, 1], "coarse": [7, 10] * 6}
    (tmp_path / "plants").mkdir()
    datasets.Dataset.from_dict(rows, features=features).to_parquet(tmp_path / "plants" / "train.parquet")
    found = written(hugging(tmp_path / "plants"), cache)
    assert found.classes == ("a_b", "c") and len(found.train) + len(found.val) == 11
    assert found.notes == ("1 rows without a picture or a class are left out", "the class `a/b` is called `a_b`")
    by_number = written(hugging(tmp_path / "plants", label_column="coarse"), cache)
    assert by_number.classes == ("10", "7") and len(by_number.train) + len(by_number.val) == 12
    with pytest.raises(DataError, match=r"it has no column `kind`, but `photo`, `fine`, `coarse`"):
        written(hugging(tmp_path / "plants", label_column="kind"), cache)


def test_shards_of_webdataset_are_read_by_the_same_library(local: Path, tmp_path: Path, cache: Path) -> None:
    (tmp_path / "shards").mkdir()
    for shard in (0, 1):
        with tarfile.open(tmp_path / "shards" / f"train-{shard:04}.tar", "w") as tar:
            for number in range(shard, 12, 2):
                tar.add(local / "train" / f"{number}.jpg", f"{number:06}.jpg")
                label = tarfile.TarInfo(f"{number:06}.cls")
                label.size = 1
                tar.addfile(label, io.BytesIO(b"%d" % (number % 3)))
    found = written(hugging(tmp_path / "shards"), cache)
    assert found.classes == ("0", "1", "2") and len(found.train) + len(found.val) == 12


# --- the command line -------------------------------------------------------------------------------------------


def test_data_may_name_a_data_set_and_look_says_that_it_is_not_there_yet() -> None:
    given = data_settings(["torchvision:CIFAR10"])
    config = load_config(None, given)
    assert (config.data.source, config.data.dataset, config.data.root) == ("torchvision", "CIFAR10", None)
    assert "the run fetches it first" in count_pictures(config, find(config)).message
