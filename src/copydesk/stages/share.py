"""Share: put the finished shards of the build where ``dvc push`` and ``dvc pull`` take them to other clones.

A clone that has pulled them computes only what changes there. They are links to the store, so they take no space.
"""

from __future__ import annotations

import json
from pathlib import Path

from copydesk.core.atomic_files import link_or_copy, replacing_folder, sha256_file, write_json, write_text
from copydesk.core.plural import plural
from copydesk.core.progress import say
from copydesk.dataset.manifest import NAME, read_manifest
from copydesk.errors import StoreError
from copydesk.project import Project
from copydesk.store.last_build import LISTING, finished_shards
from copydesk.store.shard_store import Part, Store

_STAGES = ("ingest", "clean", "split", "describe", "deduplicate", "labels", "package", "validate")


def run(project: Project) -> None:
    """Link the objects of the last build into a folder, but for those that are published, and list them there.

    With ``engine.share: false``, or a store in a bucket, which all clones share anyway, the list is empty.
    """
    objects: list[Part] = []
    if project.params["engine"]["share"] and isinstance(project.store.root, Path):
        published = frozenset(read_manifest(project.corpus).values())  # DVC has these files already
        objects = sorted(part for part in _finished_parts(project) if part.sha256 not in published)
    size = 0
    with replacing_folder(project.shared) as folder:
        copies = Store(folder)
        for part in objects:
            source = project.store.path(part)
            if not source.is_file():
                raise StoreError(f"{source}: missing; delete the folder {project.build} and build again")
            link_or_copy(source, copies.path(part))
            size += source.stat().st_size
        write_json(folder / LISTING, [part.sha256 for part in objects])
    _taken_over(project, write=True)
    if objects:
        say(f"share: {plural(len(objects), 'object')}, {size:,} bytes, for other clones (dvc push)")


def take_over(project: Project) -> None:
    """Add the objects of another clone's build to the store; of the last build here they are there already.

    What stages made of which inputs is part of the commit, by hashes in dvc.lock. The bytes of an object are checked
    when it is read.
    """
    store = project.store
    if not isinstance(store.root, Path) or not (project.shared / LISTING).is_file() or _taken_over(project):
        return
    published = read_manifest(project.corpus) if (project.corpus / NAME).is_file() else {}
    paths = {sha256: project.corpus / path for path, sha256 in published.items()}
    shared = Store(project.shared)
    count = 0
    for part in _finished_parts(project):
        target = store.path(part)
        source = next((p for p in (shared.path(part), paths.get(part.sha256)) if p and p.is_file()), None)
        if source is not None and not target.exists():
            link_or_copy(source.resolve(), target)
            count += 1
    _taken_over(project, write=True)
    if count:
        say(f"share: {plural(count, 'object')} of another clone's build taken over")


def _finished_parts(project: Project) -> set[Part]:
    """All tables that the stages made in the last build."""
    parts: set[Part] = set()
    for path in (project.finished(stage) for stage in _STAGES):
        try:
            shards = finished_shards(json.loads(path.read_text("utf-8"))) if path.is_file() else []
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise StoreError(f"{path}: damaged ({error}); delete it and build again") from None
        parts.update(part for shard in shards for part in shard.made.values())
    return parts


def _taken_over(project: Project, *, write: bool = False) -> bool:
    """Whether the folder has the objects of the last build here, or was taken over; ``write`` remembers it."""
    memory, current = project.build / "last" / "shared", sha256_file(project.shared / LISTING)
    if write:
        write_text(memory, current)
    return memory.is_file() and memory.read_text("utf-8", "replace") == current
