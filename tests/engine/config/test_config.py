"""Settings: what is read, what is refused and in which words, and that nothing is lost on the way to a file."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from engine.config import RunConfig, known_keys, load_config, shipped_config
from engine.errors import ConfigError
from tests.markdown import document

MINIMAL = "data: {root: pictures}\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def write(content: str | bytes) -> Path:
        file = tmp_path / "my.yaml"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    return write


def problems(path: Path, overrides: list[str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(path, overrides or [])
    assert caught.value.exit_status == 2
    return caught.value.message.splitlines()


def at(config: BaseModel, key: str) -> Any:
    for part in key.split("."):
        config = getattr(config, part)
    return config


# --- what is read -------------------------------------------------------------------------------------------


def test_the_defaults_are_the_recipes(write) -> None:
    config = load_config(write(MINIMAL))
    assert config.init == "pretrained" and config.data.batch_size == 64 and config.train.epochs == 5
    assert config.model.name == "resnet18" and config.model.weights == "default"
    assert (config.optim.name, config.optim.momentum, config.optim.weight_decay) == ("sgd", 0.9, 0.001)
    assert (config.optim.groups.backbone.lr, config.optim.groups.head.lr, config.optim.scratch_lr) == (5e-5, 5e-4, 5e-4)
    assert config.schedule.name == "constant" and config.schedule.warmup == 0


def test_every_key_that_other_programs_rely_on_is_there() -> None:
    relied_on = [
        *("name", "seed", "device", "init"),
        *("data.source", "data.root", "data.image_size", "data.batch_size", "data.val_fraction"),
        *("model.name", "model.weights", "schedule.name", "train.epochs", "checkpoint.dir"),
        *("optim.name", "optim.momentum", "optim.weight_decay", "optim.scratch_lr"),
        *("optim.groups.backbone.lr", "optim.groups.head.lr"),
    ]
    assert set(relied_on) <= set(known_keys())


def test_without_a_file_it_is_the_demo() -> None:
    assert load_config() == load_config(shipped_config("demo"))
    assert load_config().data.source == "demo"


@pytest.mark.parametrize("text", ["5e-4", "5.0e-4", "0.0005", "'5e-4'", "+5E-4", ".0005"])
def test_a_number_is_a_number_however_it_is_written_in_a_file_or_on_the_command_line(write, text: str) -> None:
    assert load_config(write(f"{MINIMAL}optim: {{scratch_lr: {text}}}")).optim.scratch_lr == 5e-4
    assert load_config(write(MINIMAL), [f"optim.scratch_lr={text}"]).optim.scratch_lr == 5e-4


@pytest.mark.parametrize("text", ["1e5", "2024", "no", "2024-01-01", "007", "null.5", "0x1F"])
def test_text_stays_as_it_is_written_even_if_yaml_would_read_a_number_or_a_date(write, text: str) -> None:
    assert load_config(write(f"{MINIMAL}name: {text}")).name == text
    assert load_config(write(MINIMAL), [f"name={text}"]).name == text
    assert load_config(write(MINIMAL), [f"data.root={text}"]).data.root == Path(text)


def test_a_section_whose_keys_are_commented_out_has_its_defaults(write) -> None:
    assert load_config(write(f"{MINIMAL}optim:\n  # name: adamw\nschedule: null\n")).optim.name == "sgd"


def test_null_and_nothing_mean_the_default_where_a_setting_may_be_left_open(write) -> None:
    config = load_config(write("data: {root: x, image_size: 32}"), ["data.image_size="])
    assert config.data.image_size is None
    assert load_config(write("data: {root: x, image_size: ~, threads: null}")).data.threads is None


def test_overrides_apply_in_order_and_make_the_sections_they_need(write) -> None:
    config = load_config(write(MINIMAL), ["train.epochs=3", "train.epochs=4", "optim.groups.head.lr=0.1"])
    assert config.train.epochs == 4 and config.optim.groups.head.lr == 0.1
    assert config.optim.groups.backbone.lr == 5e-5


def test_an_override_may_hold_an_equals_sign_spaces_and_a_whole_section(write) -> None:
    config = load_config(write(MINIMAL), ["data.root=my pictures/a=b", "schedule={name: cosine, warmup: 0.1}"])
    assert config.data.root == Path("my pictures/a=b") and config.schedule.name == "cosine"


def test_a_relative_folder_stays_relative_to_the_working_directory_and_a_tilde_is_the_home_folder(
    write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    config = load_config(write("data: {root: pictures}\nmodel: {weights: ~/w.pth}\ncheckpoint: {dir: ~/runs}"))
    assert config.data.root == Path("pictures")
    assert config.model.weights == "/home/ada/w.pth" and config.checkpoint.dir == Path("/home/ada/runs")


def test_anchors_and_merges_of_yaml_work(write) -> None:
    text = f"{MINIMAL}optim:\n  groups:\n    backbone: &rates {{lr: 0.2}}\n    head: {{<<: *rates}}\n"
    assert load_config(write(text)).optim.groups.head.lr == 0.2
    assert load_config(write(text.replace("<<: *rates", "<<: *rates, lr: 0.3"))).optim.groups.head.lr == 0.3


def test_a_file_of_windows_with_a_byte_order_mark_is_read(write) -> None:
    assert load_config(write(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())).data.root == Path("pictures")


# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("sede", "`seed`"),
        ("data.batchsize", "`data.batch_size`"),
        ("batch_size", "`data.batch_size`"),
        ("optim.groups.backbone.rate", "`optim.groups.backbone.lr`"),
        ("train.lr", "`optim.lr` or `optim.groups.backbone.lr` or `optim.groups.head.lr`"),
        ("epoch", "`train.epochs`"),
        ("model.nmae", "`model.name`"),
        ("zzzzzz", "README"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(write, key: str, meant: str) -> None:
    extra = ["optim.groups.backbone.lr=1"] if "backbone" in key else []
    found = problems(write(MINIMAL), [*extra, f"{key}=1"])
    assert len(found) == 1
    assert found[0].startswith(f"--set {key}=1: unknown key `{key}`; ") and meant in found[0]


def test_an_unknown_section_is_blamed_on_the_override_that_names_it(write) -> None:
    found = problems(write(MINIMAL), ["optimizer.lr=1"])
    assert found == ["--set optimizer.lr=1: unknown key `optimizer`; did you mean `optim`?"]


def test_all_problems_are_told_together_each_with_its_place_and_key(write) -> None:
    file = write("seed: -1\nsede: 3\ndata: {root: x, batch_size: many}\ntrain: 5\noptim: {groups: {head: {}}}\n")
    found = problems(file, ["optim.momentum=1", "nonsense", "data.threads=[1"])
    assert len(found) == 8
    for start in (
        "--set nonsense: expected KEY=VALUE, such as train.epochs=3",
        "--set data.threads=[1, line 1: not valid YAML",
        f"{file}: `seed` is -1; it should be greater than or equal to 0",
        f"{file}: unknown key `sede`; did you mean `seed`?",
        f"{file}: `data.batch_size` is many; it should be a valid integer",
        f"{file}: `train` is 5; it should be a section with keys of its own",
        f"{file}: `optim.groups.head.lr` is missing",
        "--set optim.momentum=1: `optim.momentum` is 1; it should be less than 1",
    ):
        assert any(line.startswith(start) for line in found), (start, found)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("train.epochs=-1", "greater than or equal to 0"),
        ("train.epochs=2.5", "valid integer"),
        ("train.epochs=yes", "valid integer"),
        ("optim.scratch_lr=nan", "finite"),
        ("optim.scratch_lr=-1", "greater than 0"),
        ("optim.scratch_lr=inf", "finite"),
        ("optim.groups.head.lr=fast", "valid number"),
        ("optim.momentum=1", "less than 1"),
        ("optim.weight_decay=nan", "finite"),
        ("schedule.final=nan", "finite"),
        ("data.balance=half", "'none', 'sqrt' or 'full'"),
        ("data.erasing=1", "less than 1"),
        ("train.mixup=-0.1", "greater than or equal to 0"),
        ("train.cutmix=inf", "finite"),
        ("checkpoint.every_seconds=inf", "finite"),
        ("data.val_fraction=0", "greater than 0"),
        ("data.val_fraction=1", "less than 1"),
        ("data.image_size=8", "greater than or equal to 16"),
        ("optim.name=adam", "'sgd' or 'adamw'"),
        ("init=random", "'pretrained' or 'scratch'"),
        ("schedule.name=linear", "'constant', 'cosine' or 'one_cycle'"),
        ("device=gpu", "auto, cpu, cuda, cuda:N or mps"),
        ("name=../up", "letters, digits, dots"),
        ("name=", "valid string"),
        ("data.root=[1]", "path"),
        ("data.root=''", "path"),
        ('checkpoint.dir="a\\0b"', "path"),
        ("data.sha1=abc", "40 hexadecimal digits"),
        ("data.url=ftp://x/y.zip", "begins with http:// or https://"),
        ("seed=1" + "0" * 30, "less than 2147483648"),
        ("seed=[" + "1," * 400 + "1]", "valid integer"),
    ],
)
def test_an_impossible_value_is_refused_with_its_key_and_what_it_should_be(write, setting: str, words: str) -> None:
    found = problems(write(MINIMAL), [setting])
    assert len(found) == 1 and words in found[0]
    assert f"`{setting.partition('=')[0]}` is " in found[0]
    assert len(found[0]) < 1200


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("", ["`data.root` is missing; name your folder of pictures (--data DIR)"]),
        ("# only a comment", ["`data.root` is missing"]),
        ("data:", ["`data.root` is missing"]),
        ("data: {source: archive, sha1: " + "a" * 40 + "}", ["`data.url` is missing; `source: archive` needs it"]),
        ("data: {source: archive, url: 'http://x/y.zip'}", ["`data.sha1` is missing"]),
        ("data: {source: csv}", ["`data.csv` is missing; name your table (--data FILE.csv)"]),
        ("data: {source: torchvision}", ["`data.dataset` is missing; `source: torchvision` needs it"]),
    ],
)
def test_what_is_missing_is_named(write, text: str, missing: list[str]) -> None:
    found = problems(write(text))
    assert len(found) == 1 and missing[0] in found[0] and "my.yaml" in found[0]


@pytest.mark.parametrize("setting", ["data.trivial_augment=true", "data.erasing=0.25"])
def test_an_augmentation_of_pictures_contradicts_no_augmentation(write, setting: str) -> None:
    file = write("data: {root: x, augment: false}")
    key = setting.partition("=")[0]
    expected = f"--set {setting}: `{key}` is set, but `data.augment` is false; leave out one of them"
    assert problems(file, [setting]) == [expected]
    mixing = load_config(file, ["train.mixup=0.2", "train.cutmix=1"])  # these are not of single pictures
    assert (mixing.train.mixup, mixing.train.cutmix) == (0.2, 1.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed: 1\ndata: {root: x}\nseed: 2\n", "line 3: `seed` is given twice, first in line 1; keep one"),
        ("data:\n  root: x\n  root: y\n", "line 3: `root` is given twice, first in line 2"),
        ("data: {root: x\n", "line 2: not valid YAML"),
        ("data:\n\troot: x\n", "line 2: not valid YAML"),
        ("just text", "expected `key: value` lines"),
        ("- a\n- b\n", "expected `key: value` lines"),
        ("a: 1\n---\nb: 2\n", "not valid YAML"),
        ("data: !!python/object:os.system {root: x}", "not valid YAML"),
        ("seed: !!timestamp x", "not valid YAML"),
        ("[a]: 1", "not valid YAML"),
        ("a: " + "[" * 5000, "not valid YAML"),
        (b"name: caf\xe9", "not a text file in UTF-8"),
        (MINIMAL.encode("utf-16"), "not a text file in UTF-8"),
        (b"name: a\x00b", "not valid YAML"),
    ],
)
def test_a_file_that_is_no_mapping_of_settings_is_refused_with_its_line(write, text: str | bytes, words: str) -> None:
    file = write(text)
    found = problems(file)
    assert len(found) == 1 and str(file) in found[0] and words in found[0]


def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path: Path) -> None:
    assert problems(tmp_path / "gone.yaml") == [f"{tmp_path}/gone.yaml: No such file or directory; name a YAML file"]
    assert problems(tmp_path) == [f"{tmp_path}: Is a directory; name a YAML file"]


def test_an_override_within_something_that_is_no_section_is_no_way_around_it(write) -> None:
    assert "`train` is 5" in problems(write(f"{MINIMAL}train: 5"), ["train.epochs=3"])[0]


def test_a_settled_configuration_cannot_be_changed(write) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_config(write(MINIMAL)).seed = 3


# --- properties ---------------------------------------------------------------------------------------------

rates = st.floats(1e-12, 100)
shares = st.floats(0, 1, exclude_max=True)
paths = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


@st.composite
def configurations(draw: st.DrawFn) -> RunConfig:
    maybe = lambda strategy: st.none() | strategy  # noqa: E731 - a name for a combination
    return RunConfig.model_validate(
        {
            "name": draw(st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")),
            "seed": draw(st.integers(0, 2**31 - 1)),
            "device": draw(st.sampled_from(["auto", "cpu", "mps", "cuda", "cuda:0", "cuda:12"])),
            "init": draw(st.sampled_from(["pretrained", "scratch"])),
            "data": {
                "source": draw(st.sampled_from(["folder", "csv", "torchvision", "huggingface", "demo", "archive"])),
                "root": draw(paths),
                "csv": draw(paths),
                "label_column": draw(maybe(st.text(max_size=20))),
                "dataset": draw(paths),
                "url": draw(st.from_regex(r"\Ahttps?://[a-z0-9./]{1,20}\Z")),
                "sha1": draw(st.from_regex(r"\A[0-9a-fA-F]{40}\Z")),
                "image_size": draw(maybe(st.integers(16, 2048))),
                "batch_size": draw(st.integers(1, 65536)),
                "val_fraction": draw(st.floats(0.001, 0.999)),
                "threads": draw(maybe(st.integers(1, 256))),
            },
            "model": {"name": draw(st.text(max_size=20)), "weights": draw(paths)},
            "optim": {
                "name": draw(st.sampled_from(["sgd", "adamw"])),
                "momentum": draw(shares),
                "weight_decay": draw(st.floats(0, 10)),
                "groups": {"backbone": {"lr": draw(rates)}, "head": {"lr": draw(rates)}},
                "scratch_lr": draw(rates),
            },
            "schedule": {
                "name": draw(st.sampled_from(["constant", "cosine", "one_cycle"])),
                "warmup": draw(shares),
                "final": draw(st.floats(0, 1)),
            },
            "train": {"epochs": draw(st.integers(1, 100_000)), "precision": draw(st.sampled_from(["auto", "float32"]))},
            "checkpoint": {"dir": draw(paths), "every_seconds": draw(st.floats(0.001, 1e9))},
        }
    )


@given(config=configurations())
@settings(max_examples=100, deadline=None)
def test_a_configuration_written_to_a_file_loads_back_equal(
    config: RunConfig, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("round") / "config.yaml"
    file.write_text(config.to_yaml(), encoding="utf-8")
    assert load_config(file) == config


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates() | st.binary()
words = st.sampled_from([key.rpartition(".")[2] for key in known_keys()]) | st.text(max_size=6) | st.integers()
junk = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=5), max_leaves=15
)


@given(mapping=st.dictionaries(words, junk, max_size=6))
@settings(max_examples=150, deadline=None)
def test_any_other_mapping_is_a_configuration_or_a_config_error(
    mapping: dict[Any, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("junk") / "config.yaml"
    file.write_text(yaml.safe_dump(mapping))
    try:
        assert isinstance(load_config(file), RunConfig)
    except ConfigError as error:
        assert str(file) in error.message


@given(text=st.text(max_size=30) | st.from_regex(r"\A[a-z0-9]{0,3}(\.[a-z0-9]{0,3}){0,2}=.{0,4}\Z"))
@settings(max_examples=150, deadline=None)
def test_any_text_as_an_override_is_a_setting_or_a_config_error(text: str) -> None:
    try:
        load_config(None, [text])
    except ConfigError as error:
        assert "--set" in error.message


# --- the reference ------------------------------------------------------------------------------------------


def reference(section: type[BaseModel] = RunConfig, prefix: str = "") -> list[str]:
    """The rows of the document's table: key, default, meaning."""
    rows = []
    for name, field in section.model_fields.items():
        key = prefix + name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            inner = field.annotation
            rows += [f"| **`{key}`** | | {field.description or inner.__doc__} |", *reference(inner, f"{key}.")]
            continue
        default = "required" if field.is_required() else "" if field.default is None else f"`{field.default}`"
        if key.endswith(".lr"):  # the default stands in the section around it
            default = f"`{at(RunConfig(data={'root': 'x'}), key)}`"
        rows.append(f"| `{key}` | {default} | {' '.join(str(field.description).split())} |")
    return rows


def test_every_setting_says_what_it_means() -> None:
    assert all(row.count("|") == 4 and "None" not in row for row in reference())
    assert [re.findall("`([a-z0-9_.]+)`", row)[0] for row in reference()] == known_keys()


def test_the_documents_table_names_every_key_with_its_default_and_meaning() -> None:
    table = document("docs/configuration.md").text.splitlines()
    missing = [row for row in reference() if row not in table]
    assert not missing, "put these rows into docs/configuration.md:\n" + "\n".join(missing)


def test_the_documents_table_names_no_other_key() -> None:
    rows = re.findall(r"^\| (?:\*\*)?`([a-z0-9_.]+)`(?:\*\*)? \|", document("docs/configuration.md").text, re.MULTILINE)
    assert rows == known_keys()
