"""Files that people write are read within bounds, and what is wrong in them is named with line and field."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from copydesk.core.config import load_params
from copydesk.core.hand_written import SETTINGS_BYTES, YamlError, bounded_text, parse_yaml
from copydesk.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "line", "keys", "message"),
    [
        ("corpus:\n  date: 2024-01-05\n", 2, ["corpus", "date"], "'2024-01-05' is not a string in YAML, but a date; quote it"),
        ("corpus:\n  creators:\n  - 2024-01-05 12:00:00\n", 3, ["corpus", "creators", 0], "a date; quote it"),
        ("clean: {rules: {off: 'off'}}", 1, ["clean", "rules"], "the key 'off' is not a string in YAML, but yes or no"),
        ("{1: x}", 1, [], "the key '1' is not a string in YAML, but a number"),
        ("{~: x}", 1, [], "the key '~' is not a string in YAML, but nothing"),
        ("a:\n  ? [b]\n  : c\n", 2, ["a"], "a list or mapping as key"),
        ("a: !!binary aGk=", 1, ["a"], "of type 'binary'"),
        ("a: !!set {b, c}", 1, ["a"], "of type 'set'"),
        ("a: .nan", 1, ["a"], "'.nan' is not a JSON number"),
        ("a: !!int x", 1, ["a"], "'x' is not a JSON number"),
        ('a: "\\ud800"', 1, ["a"], "an unpaired surrogate"),
        ('"\\ud800": a', 1, [], "an unpaired surrogate"),
        ("a: 1\nb: &x [y]\nc: *x\n", 3, [], "an alias"),
        ("<<: {a: 1}", 1, [], "the key '<<'"),
        ("a: \x07", 1, [], "U+0007 is not allowed in it"),
        ("[" * 5000, 1, [], "not YAML"),
    ],
)  # fmt: skip
def test_what_json_does_not_have_is_named(text: str, line: int, keys: list[str | int], message: str) -> None:
    with pytest.raises(YamlError) as raised:
        parse_yaml(text)
    assert (raised.value.line, raised.value.keys) == (line, keys)
    assert message in str(raised.value)


@given(st.text("-?:,[]{}&*!|>'\"%@`#~<=.+eE0123456789:abnoy \n\t\\", max_size=30))
@example("=")
def test_any_text_is_settings_or_refused(text: str) -> None:
    try:
        parse_yaml(text)
    except YamlError as error:
        assert 1 <= error.line <= text.count("\n") + 2


def test_a_date_in_the_settings_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("corpus:\n  title: 2024-01-05\n")
    with pytest.raises(
        ConfigError, match=r"params\.yaml:2: corpus\.title: '2024-01-05' is not a string .*; quote it"
    ):
        load_params(tmp_path / "params.yaml")


def test_only_regular_files_of_the_repository_are_read_and_not_beyond_the_limit(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    (root / ".git").mkdir(parents=True)
    (root / "conf").mkdir()
    outside.write_text("secret: 1")
    (root / "conf" / "real.yaml").write_text("a: 1\r\nb: 2\r")
    os.mkfifo(root / "pipe")
    (root / "folder").mkdir()
    for name, target in {
        "zero": Path("/dev/zero"), "out": outside, "gone": root / "nothing", "in": Path("conf/real.yaml"),
        "itself": root / "itself",
    }.items():  # fmt: skip
        (root / name).symlink_to(target)
    (root / "large").write_bytes(b"#" * (SETTINGS_BYTES + 1))
    assert bounded_text(root / "in") == "a: 1\nb: 2\n"
    for name, message in {
        "pipe": "not a regular file", "folder": "not a regular file", "zero": "a link out of the repository",
        "out": "a link out of the repository", "gone": "a link to a missing file", "itself": "a link",
        "large": "more than 1,048,576 bytes",
    }.items():  # fmt: skip
        with pytest.raises(ConfigError, match=f"{name}: .*{message}"):
            bounded_text(root / name, SETTINGS_BYTES)
    with pytest.raises(ConfigError, match="zero: cannot be read: not a regular file"):
        bounded_text(Path("/dev/zero"))
    with pytest.raises(FileNotFoundError):
        bounded_text(root / "none")
