"""Rows as a dataset of MLflow: what a run keeps of them follows from the rows."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset

import copydesk
from copydesk.errors import InputError
from copydesk.project import Project
from support import ROOT, run_python

SITE = ROOT / "build" / "formats"  # where make formats installs MLflow

CODE = """
import json, sys
sys.path.append({site!r})  # behind what copydesk itself is installed with
import mlflow
from datasets import load_dataset
import copydesk

documents = load_dataset("corpus", "documents", split="train")
same = load_dataset("parquet", data_files={data!r}, split="train")
fewer = documents.select([0])
made = [copydesk.mlflow_dataset(rows, name=name, source="https://example.org/corpus.git") for rows, name in
        ((documents, None), (same, "again"), (fewer, "fewer"))]
mlflow.set_tracking_uri({store!r})
with mlflow.start_run() as run:
    for dataset in made:
        mlflow.log_input(dataset, context="training")
kept = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
print(json.dumps([[entry.dataset.name, entry.dataset.digest, entry.dataset.source] for entry in kept]))
print(copydesk.logical_hash(documents))
"""


def test_a_run_keeps_the_logical_hash(two_articles: Project, tmp_path: Path) -> None:
    if not (SITE / "mlflow").is_dir():
        pytest.skip("make formats installs MLflow")
    root = two_articles.corpus.parent
    data = str(two_articles.corpus / "data" / "documents" / "*.parquet")
    code = CODE.format(site=str(SITE), data=data, store=(tmp_path / "runs").as_uri())
    done = run_python(code, cwd=root, home=tmp_path / "home", MLFLOW_ALLOW_FILE_STORE="true")
    assert done.returncode == 0, done.stderr
    kept, logical = done.stdout.splitlines()[-2:]
    by_name = {name: (digest, source) for name, digest, source in json.loads(kept)}
    listing = json.loads((two_articles.corpus / "manifest.json").read_text("utf-8"))
    assert logical == listing["tables"]["documents"]["splits"]["train"]["logical_sha256"]
    assert by_name.keys() == {"documents 0.1.0", "again", "fewer"}
    assert by_name["documents 0.1.0"][0] == by_name["again"][0] == logical[:36] != by_name["fewer"][0]
    assert "example.org/corpus.git" in by_name["again"][1]


def test_without_mlflow(two_articles: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow.data", None)
    rows = load_dataset(str(two_articles.corpus), split="train")
    with pytest.raises(InputError, match="MLflow is not installed; run: pip install mlflow-skinny"):
        copydesk.mlflow_dataset(rows)


@pytest.mark.parametrize("rows", [None, {"train": []}, []])
def test_what_is_no_split(rows: Any) -> None:
    with pytest.raises(InputError, match=r"rows: found \w+, expected a datasets\.Dataset"):
        copydesk.mlflow_dataset(rows)
