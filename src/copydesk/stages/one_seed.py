"""Clean one document of the seeds as a build does: with its metadata, the settings for it, and decisions about it."""

from __future__ import annotations

from dataclasses import replace

from copydesk.cleaning.apply import Cleaned
from copydesk.core.config import load_json_lines
from copydesk.core.decisions import read_decisions
from copydesk.core.decisions_by_subject import DecisionsBySubject
from copydesk.core.scratch import scratch
from copydesk.project import Project
from copydesk.readers.document_listing import list_in_file
from copydesk.readers.seed_files import list_seed
from copydesk.stages import clean, ingest
from copydesk.stages.runner import Shard, output_table


def clean_seed(project: Project, path: str, doc_id: str) -> Cleaned | None:
    """Clean a document without a build; None if the file is no seed, or the document would be refused.

    Parameters
    ----------
    project : Project
        Its plug-ins are loaded.
    path : str
        The path of the file below the folder of the seeds, with forward slashes.
    doc_id : str
        The id of a record; empty for the only document of the file.
    """
    with scratch("clean") as folder:
        given = _ingested(replace(project, build=folder), path, doc_id)
    return clean.cleaned_documents(given)[0] if given is not None else None


def _ingested(project: Project, path: str, doc_id: str) -> Shard | None:
    """The document as the stage clean is given it: a shard of its own."""
    limits = project.params["ingest"]
    seeds = list_seed(project.seeds, path, limits["max_bytes"])
    listing, _ = list_in_file(project.seeds, seeds, project.build, limits, project.schemas, project.build / "listed")
    ids = [listed_id for _, rows in listing.batches() for listed_id in rows["doc_id"].to_pylist()]
    places = [place for place, listed_id in enumerate(ids) if doc_id in ("", listed_id)]
    if len(places) != 1:
        return None
    listed = listing.rows(places[0], places[0] + 1)
    sources = load_json_lines(project.seeds / "sources.jsonl", "source", "doc_id", project.schemas)
    decided = DecisionsBySubject.of(read_decisions(project.seeds, project.schemas))
    made = ingest.shard(Shard({}, project.params, ingest.work_of(project, listed, sources, decided)[1]))
    if not made["raw"]:
        return None
    outputs = ingest.STAGE.writes.items()
    tables = {name: output_table(output, project.schemas).from_rows(made[name]) for name, output in outputs}
    return Shard(tables, project.params)
