"""A table is fetched without the others: their objects may be missing from the remote, wherever it is."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from copydesk.errors import ReleaseError
from copydesk.releases.release_cache import fetch_release
from copydesk.releases.release_tags import find_release
from repositories import Published, places, published, releases
from support import run_python

__all__ = ["places", "published", "releases"]
CODE = """
from pathlib import Path
from copydesk.releases.load import load

rows = load({table!r}, version="1.0.0", repo={repo!r}, split="train", cache=Path({cache!r}))
print(len(set(rows["doc_id"])), str(rows.info.version))
"""


def objects_of(releases: Any, place: Any) -> dict[str, str]:
    """The name of the object in a place that has the rows of each table of release 1.0.0."""
    listed = releases.run("git", "show", "corpus@v1.0.0:corpus/MANIFEST.sha256").splitlines()
    tables = {line[:64]: line.split("/")[1] for line in listed if "  data/" in line}
    names = {hashlib.sha256(data).hexdigest(): name for name, data in place.objects().items()}
    return {table: names[digest] for digest, table in tables.items()}


def test_what_is_not_asked_for_is_not_fetched(published: Published, releases: Any, tmp_path: Path) -> None:
    release, cache = find_release(published.url, "1.0.0"), tmp_path / "cache"
    objects = objects_of(releases, published.place)
    for table in ("raw", "edits", "documents"):
        published.place.remove(objects[table])
    code = CODE.format(table="sentences", repo=published.url, cache=str(cache))
    done = run_python(code, home=tmp_path / "home", cwd=tmp_path)
    assert (done.stdout, done.returncode) == ("3 1.0.0\n", 0), done.stderr
    folder = fetch_release(release, cache, {"sentences"})
    assert [path.name for path in (folder / "data").iterdir()] == ["sentences"]
    with pytest.raises(ReleaseError, match=r"data/raw/train-00000-of-00001\.parquet is missing"):
        fetch_release(release, cache, {"raw"})
    assert fetch_release(release, cache, {"sentences"}) == folder


def test_other_tables_are_added_to_those_that_are_there(releases: Any, holding: Any, tmp_path: Path) -> None:
    release, cache = find_release(f"file://{releases.bare}", "1.0.0"), tmp_path / "cache"
    folder = fetch_release(release, cache, {"documents"})
    assert sorted(path.name for path in folder.iterdir() if path.suffix) == sorted(
        ["CITATION.cff", "MANIFEST.sha256", "README.md", "croissant.json", "manifest.json"]
    )
    with holding(releases.object_of("1.0.0"), None):  # the documents are not fetched again
        assert fetch_release(release, cache, {"sentences", "documents"}) == folder
        assert sorted(path.name for path in (folder / "data").iterdir()) == ["documents", "sentences"]
        assert fetch_release(release, cache) == folder
    assert sorted(path.name for path in (folder / "data").iterdir()) == ["documents", "edits", "raw", "sentences"]
    # What is damaged is found in a table that is not asked for, too.
    next((folder / "data" / "documents").iterdir()).write_bytes(b"PAR1")
    assert fetch_release(release, cache, {"sentences"}) == folder
    assert [path.name for path in (folder / "data").iterdir()] == ["sentences"]
