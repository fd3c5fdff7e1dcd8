"""The whole pipeline without DVC: the functions that the scripts call, in the order of dvc.yaml."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from copydesk.core.atomic_files import read_json_lines
from copydesk.core.config import check_params, load_params
from copydesk.core.json_schema import PACKAGED
from copydesk.core.progress import timed
from copydesk.project import Project, build_lock
from copydesk.revisions.toolkit_lock import check_line_ends
from copydesk.stages import clean, deduplicate, describe, ingest, labels, package, split, validate
from copydesk.stages.share import take_over

STAGES: dict[str, Callable[[Project], object]] = {
    "ingest": ingest.run,
    "clean": clean.run,
    "split": split.run,
    "describe": describe.run,
    "deduplicate": deduplicate.run,
    "labels": labels.run,
    "package": package.run,
    "validate": validate.run,
}


class Built(NamedTuple):
    """The result of a build: the folder of the dataset, its figures, and the seeds that were refused.

    Attributes
    ----------
    corpus : Path
        Folder of the dataset, for ``load_dataset``.
    metrics : dict
        As in ``reports/metrics.json``: documents, sentences, edits of each rule, flags.
    quarantined : list of dict
        The lines of ``reports/quarantine.jsonl``: ``path``, ``reason`` and ``detail`` of each refused seed, and of
        each field that was dropped from a record (reason ``bad-metadata``).

    Examples
    --------
    See :func:`build`, which returns it.
    """

    corpus: Path
    metrics: dict[str, Any]
    quarantined: list[dict[str, str]]


def build(
    seeds: Path | str,
    out: Path | str,
    *,
    params: Path | str | dict[str, Any] | None = None,
    schemas: Path | str | None = None,
    reports: Path | str | None = None,
    work: Path | str | None = None,
    strict: bool | None = None,
) -> Built:
    """Build a dataset from a folder of seeds, with the same bytes as ``dvc repro``.

    A corpus of many shards is built by several processes. In a script, call this under
    ``if __name__ == "__main__":``, because each process imports the script again; or set ``engine.workers`` to 1.

    Parameters
    ----------
    seeds : path
        Folder with the articles, and with sources.jsonl if there is one. Beside it, ``splits.jsonl`` gives splits,
        and ``labels/*.jsonl`` labels.
    out : path
        Folder of the dataset.
    params : path or dict, optional
        A params.yaml, or its content; default: the default settings.
    schemas : path, optional
        Folder with the schemas; default: those of the package.
    reports : path, optional
        Folder for quarantine.jsonl, validation.json, metrics.json and the plots; default: ``reports`` beside
        ``out``.
    work : path, optional
        Folder for the cache of finished shards; default: ``build`` beside ``out``.
    strict : bool, optional
        Whether a refused seed stops the build; default: as in the params.

    Returns
    -------
    Built
        The folder of the dataset, its figures, and the seeds that were refused.

    Raises
    ------
    ConfigError
        If the settings, or a hand-written file beside the seeds, are invalid.
    QuarantineError
        If a seed was refused and ``strict`` is set.
    BuildError
        If there are no documents, or another build is running in the same folder.
    ValidationError
        If the dataset that was built is invalid; its files are kept for inspection.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     seeds = Path(folder, "seeds")
    ...     seeds.mkdir()
    ...     _ = (seeds / "first.txt").write_text("One  sentence. Another one.")
    ...     built = build(seeds, Path(folder, "corpus"), params={"engine": {"workers": 1}})
    >>> built.metrics["documents"], built.metrics["sentences"], built.quarantined
    (1, 2, [])
    """
    out = Path(out)
    folder = Path(schemas) if schemas else PACKAGED
    settings = (
        check_params(params, "params", folder)
        if isinstance(params, dict)
        else load_params(Path(params) if params else None, folder)
    )
    if strict is not None:
        settings["ingest"]["strict"] = strict
    project = Project(
        seeds=Path(seeds),
        corpus=out,
        reports=Path(reports) if reports else out.parent / "reports",
        build=Path(work) if work else out.parent / "build",
        schemas=folder,
        params=settings,
    )
    return build_project(project)


def build_project(project: Project) -> Built:
    """Run every stage of a project, in order.

    Raises
    ------
    BuildError
        If another build is running in the folder; see also :func:`build`.
    """
    check_line_ends(project.seeds.parent, project.seeds.name)
    with build_lock(project):
        take_over(project)
        for name, run in STAGES.items():
            with timed(name):
                run(project)
        quarantine = read_json_lines(project.reports / "quarantine.jsonl")
        metrics = json.loads((project.reports / "metrics.json").read_text("utf-8"))
    return Built(project.corpus, metrics, quarantine)
