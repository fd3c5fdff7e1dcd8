"""make load-readers: what a reader says is compared with the corpus, and the page has a row for each reader."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from support import ROOT

FOLDER = ROOT / "benchmarks" / "readers"
SPECS: dict[str, dict[str, Any]] = json.loads((FOLDER / "readers.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(FOLDER))
        import run as module

        patched.setattr(module, "BUILD", tmp_path_factory.mktemp("readers"))
        patched.setattr(module, "python", lambda *_: Path(sys.executable))
        yield module
        sys.modules.pop("run")


@pytest.fixture(scope="module")
def corpora(run: Any) -> tuple[Path, Path]:
    return run.corpus("first", 40, "1.0.0"), run.corpus("second", 30, "2.0.0")


@pytest.mark.parametrize("name", ["datasets 5.2", "duckdb", "polars", "mlcroissant"])
@pytest.mark.slow
def test_a_reader_reads_all_rows(run: Any, corpora: tuple[Path, Path], name: str) -> None:
    found = run.read(name, SPECS[name], *corpora)
    assert found["result"] == "all rows"
    assert found["version"]


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("print('{}')", "None documents, expected 40"),
        ("raise ValueError('no | such\\nfile')", "fails: file"),
        ("pass", "fails: list index out of range"),
    ],
)
def test_what_is_read_otherwise_is_named(
    run: Any, corpora: tuple[Path, Path], tmp_path: Path, code: str, result: str
) -> None:
    (tmp_path / "wrong.py").write_text(code)
    spec = {"package": "pyarrow", "script": str(tmp_path / "wrong.py"), "requirements": []}
    assert run.read("wrong", spec, *corpora)["result"].startswith(result)


def test_a_reader_that_does_not_install_is_named(
    run: Any, corpora: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise run.Failed("no matching distribution")

    monkeypatch.setattr(run, "python", refuse)
    assert run.read("gone", SPECS["polars"], *corpora) == {
        "version": "",
        "result": "does not install here: no matching distribution",
    }


def test_the_page_has_a_row_for_each_reader(run: Any) -> None:
    page = (ROOT / "docs" / "load.md").read_text("utf-8")
    written = page.partition(run.BEGIN)[2].partition(run.END)[0]
    rows = [line.split("|")[1].strip() for line in written.splitlines()[2:]]
    assert len(rows) == len(SPECS)
    for row, (name, spec) in zip(rows, SPECS.items(), strict=True):
        assert row.startswith(name if spec["package"] == "datasets" else f"{name} ".strip())
        assert (FOLDER / spec["script"]).is_file()
    assert run.table({"polars": {"version": "2", "result": "a | b <c>"}}).count("a \\| b &lt;c>") == 1
