"""Package: finished shards become the dataset: Parquet files, card, manifest, and the figures about them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from copydesk.errors import BuildError, StoreError
from copydesk.files import copy_hashed, replacing_folder, write_json, write_text
from copydesk.progress import say
from copydesk.project import Project
from copydesk.publishing.card import Config, DataFile, render_card
from copydesk.publishing.manifest import manifest_text
from copydesk.publishing.metrics import measure, write_plots
from copydesk.stages.shardwise import Made, Output, Shard, Stage, read_inputs, run_shards
from copydesk.store import Part
from copydesk.tables import PUBLISHED, table

STAGE = Stage(
    "package",
    reads=("describe.description", "clean.text", "split.spans", "deduplicate.duplicates"),
    writes={"documents": Output("documents")},
)
#: Which stage makes each published table.
MADE_BY = {"documents": "package", "sentences": "split", "raw": "ingest", "edits": "clean"}
#: The only split so far.
SPLIT = "train"


def run(project: Project) -> None:
    """Join the documents shard by shard, lay out the files, write card, manifest, metrics and plots."""
    run_shards(project, STAGE)
    shards = read_inputs(project, [f"{MADE_BY[name]}.{name}" for name in PUBLISHED])
    # A table without rows, or a file without rows, makes a dataset that cannot be loaded.
    parts = {
        name: [part for shard in shards if (part := shard[f"{MADE_BY[name]}.{name}"]).rows] for name in PUBLISHED
    }
    if not parts["documents"]:
        raise BuildError(f"{project.corpus}: no documents to package")
    with replacing_folder(project.corpus / "data") as data:
        configs = [
            Config(table(name, project.schemas), _lay_out(project, data, name, parts[name]))
            for name in PUBLISHED
            if parts[name]
        ]
    metrics = measure({name: map(project.store.read, found) for name, found in parts.items()})
    card = render_card(project.params["corpus"], configs, metrics)
    write_text(project.corpus / "README.md", card)
    write_text(project.corpus / "MANIFEST.sha256", manifest_text(card, configs))
    write_json(project.reports / "metrics.json", metrics.summary)
    write_plots(project.reports / "plots", metrics)
    size = sum(file.size for config in configs for file in config.files)
    rows = ", ".join(f"{config.rows} {config.name}" for config in configs)
    say(f"package: {rows} in {sum(len(c.files) for c in configs)} files, {size:,} bytes")


def shard(given: Shard) -> Made:
    """Join what the stages found out about the documents of a shard; all keep the same rows in one order."""
    columns: dict[str, pa.ChunkedArray] = {}
    for name, part in given.tables.items():
        if columns and not part["doc_id"].equals(columns["doc_id"]):
            raise BuildError(f"{name}: documents differ from those of another stage; delete build/ and build again")
        columns |= dict(zip(part.column_names, part.columns, strict=True))
    return {"documents": pa.table(columns)}


def _lay_out(project: Project, data: Path, name: str, parts: list[Part]) -> list[DataFile]:
    files = []
    for number, part in enumerate(parts):
        target = data / name / f"{SPLIT}-{number:05d}-of-{len(parts):05d}.parquet"
        source = project.store.path(part)
        if copy_hashed(source, target) != part.sha256:
            raise StoreError(f"{source}: damaged; delete {project.build} and build again")
        files.append(DataFile.of(target, f"data/{name}/{target.name}", SPLIT, part.sha256))
    return files
