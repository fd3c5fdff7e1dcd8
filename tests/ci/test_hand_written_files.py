"""Hand-written files are checked at once: each fault with its file and its line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from copydesk.ci.hand_written_files import LINES, check_inputs
from copydesk.ci.line_numbers import line_of
from copydesk.core.config import load_params
from copydesk.core.hand_written import SPLIT_LIST
from copydesk.core.json_schema import load_json
from copydesk.errors import ConfigError
from copydesk.readers.seed_files import SIDECARS
from support import ROOT, run_python


def lay_out(root: Path, params: str = "", sources: str = "", **seeds: str) -> Path:
    (root / "seeds").mkdir(parents=True)
    (root / "params.yaml").write_text(params, "utf-8")
    for name, text in {"sources": sources, **seeds}.items():
        (root / "seeds" / f"{name}.jsonl").write_text(text, "utf-8")
    return root


def found(root: Path) -> list[tuple[str, int, str, str]]:
    return [(f.file, f.line, f.field, f.message) for f in check_inputs(root).findings]


def test_this_repository_holds_and_every_file_of_lines_is_known() -> None:
    report = check_inputs(ROOT)
    assert report.ok
    schemas = len(list((ROOT / "schemas").glob("*.json")))
    assert dict(report.checked) == {"schemas": schemas, "params": 1, "lines": 2}
    assert LINES.keys() == {SPLIT_LIST, *(f"seeds/{name}" for name in SIDECARS)}


def test_nothing_there_is_nothing_wrong(tmp_path: Path) -> None:
    assert check_inputs(tmp_path).ok


PARAMS = [
    ("a: [\n", 2, "", "expected the node content, but found '<stream end>'"),
    ("shards:\n  target: 5\n  target: 6\n", 3, "", "key 'target' is given twice"),
    ("ingest:\n  strict: false\n  max_bytes: no\n", 3, "ingest.max_bytes", "is not of type"),
    ("ingest: {}\nclean:\n  aply: []\n", 3, "clean.aply", "'aply' was unexpected"),
    ("clean:\n  apply:\n    - safe\n    - bold\n", 4, "clean.apply[1]", '"bold" is not one of'),
    ("- 1\n", 1, "", "is not of type"),
    ("a: &a [*a]\n", 1, "", ""),
]


@pytest.mark.parametrize(("text", "line", "field", "message"), PARAMS)
def test_params(tmp_path: Path, text: str, line: int, field: str, message: str) -> None:
    root = lay_out(tmp_path / "p", text)
    (fault, *_) = found(root)
    assert fault[:2] == ("params.yaml", line)
    assert message in fault[3]
    assert not field or fault[2] == field
    with pytest.raises(ConfigError):  # the build refuses what the gate refuses
        load_params(root / "params.yaml")


@pytest.mark.parametrize(
    ("line", "field", "message"),
    [
        ('{"doc_id": "b", "doc_id": "c"}', "", "keys given twice: doc_id"),
        ('{"doc_id": "b", "source": NaN}', "", "NaN is not JSON"),
        ('{"doc_id": ', "", "not JSON: Expecting value"),
        ('{"doc_id": "\\ud800"}', "", "unpaired surrogate"),
        ('{"doc_id": "b", "url": 3}', "url", "is not of type"),
        ('{"doc_id": "b", "place": ""}', "place", "'place' was unexpected"),
        ('{"doc_id": "a"}', "doc_id", "doc_id 'a': already on line 1; keep one line"),
        ("[" * 100_000, "", "not JSON"),
    ],
)
def test_lines(tmp_path: Path, line: str, field: str, message: str) -> None:
    root = lay_out(tmp_path / "p", sources=f'{{"doc_id": "a"}}\n\n{line}\n{{"doc_id": "z"}}\n')
    (fault,) = found(root)
    assert fault[:3] == ("seeds/sources.jsonl", 3, field)
    assert message in fault[3]


def test_what_is_no_text(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "p")
    (root / "seeds" / "benchmarks.jsonl").write_bytes(b'{"name": "\xff"}\n')
    (root / "params.yaml").write_bytes(b"\xff")
    (root / "seeds" / "takedowns.jsonl").mkdir()
    assert found(root) == [
        ("params.yaml", 1, "", "not UTF-8 at byte 0"),
        ("seeds/benchmarks.jsonl", 1, "", "not UTF-8 at byte 10"),
        ("seeds/takedowns.jsonl", 1, "", "cannot be read: not a regular file"),
    ]


def test_schemas(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "p", "shards: 3\n", '{"doc_id": 1}\n')
    shutil.copytree(ROOT / "schemas", root / "schemas")
    (root / "schemas" / "edits.schema.json").unlink()
    (root / "schemas" / "source.schema.json").write_text('{\n  "type": "object",\n  "title": }\n')
    path = root / "schemas" / "raw.schema.json"
    lines = path.read_text("utf-8").replace('"minimum": 0', '"minimum": "none"').splitlines()
    path.write_text("\n".join(lines), "utf-8")
    wrong = next(number for number, line in enumerate(lines, start=1) if '"none"' in line)
    first, second, third, params = found(root)
    assert first[:3] == ("schemas/raw.schema.json", wrong, "properties.size.minimum")
    assert first[3].startswith("not a JSON Schema: ")
    assert second[:2] == ("schemas/source.schema.json", 3)
    assert third[:2] == ("schemas/edits.schema.json", 1)
    assert params[:2] == ("params.yaml", 1)  # and no line is said to be wrong by a schema that is none


def test_lines_of_json_and_of_a_card() -> None:
    text = json.dumps({"a": [{"b": 1}, {"c": {"d": 2}}]}, indent=2)
    assert line_of(text, ["a", 1, "c", "d"]) == text.splitlines().index('        "d": 2') + 1
    assert line_of(text, ["a", 7]) == 2
    card = "---\nconfigs:\n- config_name: documents\n  version: 1\n- config_name: raw\n  version: x\n"
    assert line_of(card, ["configs", "raw", "version"]) == 6
    assert line_of("a: [", ["a"]) == 1


def test_half_a_character_is_refused_everywhere_a_whole_one_is_not() -> None:
    assert load_json('"\\ud83d\\ude00 \\\\ud800"', "x") == "😀 \\ud800"
    with pytest.raises(ConfigError, match="unpaired surrogate"):
        load_json('"\\ud83d"', "x")


def test_entries_about_documents_that_are_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = lay_out(tmp_path / "p", "ingest: {}\n")
    for name in ("here.txt", "page.HTML.gz"):
        (root / "seeds" / name).write_text("A text.")
    lines = [json.dumps({"doc_id": name, "title": "A title"}) for name in ("here", "gone", "page")]
    (root / "seeds" / "sources.jsonl").write_text("\n".join(lines))
    assert found(root) == []
    assert "warning: seeds/sources.jsonl: no such document: gone (line 2); correct the id" in capsys.readouterr().err
    (root / "seeds" / "wire.jsonl").write_text("{}\n")  # it may have the record
    assert found(root) == [] and "no such document" not in capsys.readouterr().err


def test_it_needs_no_arrow() -> None:
    code = "import sys\nfrom copydesk.cli import app\n"
    code += "try:\n    app(['check'])\nfinally:\n    print(sorted({'pyarrow', 'numpy', 'datasets', 'jsonschema'} & {*sys.modules}))"
    done = run_python(code, cwd=ROOT)
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize(
    ("keep", "message"),
    [
        ("words >=", "not a condition: invalid syntax"),
        ("wrods > 5", "there is no column wrods; expected some of doc_id, "),
        ("words > title", "words > title: "),
        ("split == 'train'", "there is no column split"),
        ("open('x')", "expected columns, numbers, strings"),
    ],
)
def test_a_keep_condition_that_a_build_would_refuse(tmp_path: Path, keep: str, message: str) -> None:
    root = lay_out(tmp_path / "p", f"ingest: {{}}\nselect:\n  keep: {json.dumps(keep)}\n")
    (fault,) = found(root)
    assert fault[:3] == ("params.yaml", 3, "select.keep")
    assert message in fault[3]
    (root / "params.yaml").write_text("select: {keep: 'words >= 5 and title is not None'}\n")
    assert found(root) == []


def test_a_rule_that_does_not_exist_unless_a_plugin_may_add_it(tmp_path: Path) -> None:
    settings = "clean:\n  rules: {hard-wrap: off}\n  for:\n    - match: '*'\n      rules:\n        hard-rap: off\n"
    root = lay_out(tmp_path / "p", settings.replace("off", "'off'"))
    (fault,) = found(root)
    assert fault[:3] == ("params.yaml", 6, "clean.for[0].rules.hard-rap")
    assert "no rule has this name; write hard-wrap" in fault[3]
    (root / "desk.py").write_text("")
    (root / "params.yaml").write_text("plugins: [desk]\n" + settings.replace("off", "'off'"))
    assert [fault for fault in found(root) if fault[0] == "params.yaml"] == []


def with_schemas(root: Path, keep: str = "words > 5", **changes: dict[str, object]) -> Path:
    """A project whose own schemas differ from those of the package in some keywords."""
    lay_out(root, f"select: {{keep: {json.dumps(keep)}}}\n")
    shutil.copytree(ROOT / "schemas", root / "schemas")
    for name, keywords in changes.items():
        path = root / "schemas" / f"{name}.schema.json"
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | keywords), "utf-8")
    return root


def properties_of(name: str) -> dict[str, object]:
    return dict(json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text("utf-8"))["properties"])


def test_a_schema_that_is_valid_but_no_table(tmp_path: Path) -> None:
    two_types = {"tier": {"type": ["string", "integer"], "description": "one of two types"}}
    root = with_schemas(
        tmp_path / "p",
        documents={"additionalProperties": True},
        raw={"required": ["doc_id"]},
        edits={"properties": properties_of("edits") | two_types},
    )
    assert [(file, message) for file, _, _, message in found(root)] == [
        ("schemas/documents.schema.json", "expected an object with additionalProperties: false"),
        ("schemas/edits.schema.json", ".tier: type is ['string', 'integer'], expected one type, or one and null"),
        ("schemas/raw.schema.json", "required must name every property, because a table has all its columns"),
    ]


def test_a_table_may_have_further_columns_but_must_have_those_that_a_stage_writes(tmp_path: Path) -> None:
    more = properties_of("sentences") | {"note": {"type": "string", "description": "a further column"}}
    fewer = properties_of("documents")
    del fewer["text_sha256"]
    root = with_schemas(
        tmp_path / "p",
        sentences={"properties": more, "required": [*more]},
        documents={"properties": fewer, "required": [*fewer]},
    )
    assert [(file, message) for file, _, _, message in found(root)] == [
        ("schemas/documents.schema.json", "columns ['text_sha256'] are missing"),
    ]
