"""What a reissued release takes over, leaves out and writes: seeds in git, as a folder and file by file."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc_data.hashfile.db.local import LocalHashFileDB
from dvc_objects.fs.local import LocalFileSystem

from copydesk.core.config import check_params
from copydesk.core.json_schema import PACKAGED
from copydesk.errors import ReleaseError
from copydesk.revisions.dvc_storages import DvcStorage, DvcStorages, put_listing
from copydesk.takedowns.delivered_records import DeliveredRecords
from copydesk.takedowns.object_search import SearchResult
from copydesk.takedowns.occurrences import AffectedVersion, data_listing_at, objects_needed_by
from copydesk.takedowns.purge import _next_patch, _version_begun
from copydesk.takedowns.reissue import (
    Reissue,
    _changelog,
    _inputs_in_dvc,
    _inputs_in_git,
    _schemas,
    _updated_lock,
)
from support import run_command, write_seeds

INGEST = check_params({})["ingest"]
ROW = {"doc_id": "gone", "reason": "é"}
LINE = json.dumps(ROW, ensure_ascii=False).encode() + b"\n"
TEXT = "What was asked to be taken down."
SHA256 = hashlib.sha256(TEXT.encode()).hexdigest()


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def records(*names: str) -> bytes:
    return "".join(json.dumps({"id": name, "text": f"Of {name}."}) + "\n" for name in names).encode()


class Made:
    """A repository with one commit, a place for objects, and a release to reissue."""

    def __init__(self, root: Path, files: dict[str, bytes], objects: dict[str, bytes], *plain: bytes) -> None:
        self.root, self.read = root, files
        self.odb = LocalHashFileDB(LocalFileSystem(), str(root.with_name("cache")))
        for oid, data in objects.items():
            path = Path(self.odb.oid_to_path(oid))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        root.mkdir()
        write_seeds(root, files)
        run_command(root, "git", "init", "--quiet")
        run_command(root, "git", "add", "--all")
        run_command(root, "git", "commit", "--quiet", "--message", "x")
        commit = run_command(root, "git", "rev-parse", "HEAD").strip()
        hashes = frozenset({SHA256})
        records = DeliveredRecords(frozenset({"gone"}), hashes, INGEST)
        search = SearchResult({}, frozenset(map(md5, plain)), {}, [], hashes, 0, [], records)
        state = AffectedVersion([], frozenset({"gone", "copy"}), {})
        self.reissue = Reissue("1.0.0", commit, "1.0.1", state, search, ROW)

    @property
    def storages(self) -> DvcStorages:
        return DvcStorages([DvcStorage("cache", self.odb, frozenset(self.odb.all()))], {}, None)

    def taken(self) -> tuple[dict[str, bytes | None], dict[str, Any]]:
        """What the document leaves: files of the repository, and outputs of DVC; it has the ledger's line in git."""
        files = _inputs_in_git(self.reissue, self.read)
        outs: dict[str, Any] = {}
        for name, content, tracked in _inputs_in_dvc(self.root, self.storages, self.reissue, list(self.read)):
            files[name] = content
            outs |= tracked
        return files, outs


def test_seeds_in_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    stated = b'{"doc_id": "copy"}\n\n{"doc_id": "a"}\n[1]\nnothing\n'
    made = Made(
        tmp_path / "repository",
        {
            "seeds/x/gone.txt": b"older",
            "seeds/renamed.txt": TEXT.encode(),
            "seeds/copy.md": b"a copy",
            "seeds/a.txt": b"another",
            "seeds/news.jsonl": records("a", "gone", "b"),
            "seeds/copies.ndjson": records("copy"),
            "seeds/table.csv": b"id,text\na,A\ngone,B\n",
            "seeds/other.jsonl.gz": gzip.compress(records("c")),
            "seeds/sources.jsonl": stated,
            "seeds/takedowns.jsonl": b'{"doc_id": "gone", "reason": "old"}\n{"doc_id": "b"}',
            "elsewhere/gone.txt": TEXT.encode(),
        },
        {},
    )
    files, outs = made.taken()
    assert outs == {} and not list((tmp_path / "here").iterdir())
    assert files == {
        "seeds/x/gone.txt": None,
        "seeds/renamed.txt": None,
        "seeds/copy.md": None,
        "seeds/news.jsonl": records("a") + b"\n" + records("b"),
        "seeds/copies.ndjson": None,
        "seeds/table.csv": None,
        "seeds/sources.jsonl": stated.partition(b"\n")[2],
        "seeds/takedowns.jsonl": b'{"doc_id": "b"}\n' + LINE,
    }


def test_seeds_in_git_of_which_nothing_is_stated(tmp_path: Path) -> None:
    made = Made(tmp_path / "repository", {"seeds/a.txt": b"a", "seeds/sources.jsonl": b'{"doc_id": "a"}\n'}, {})
    assert made.taken() == ({"seeds/takedowns.jsonl": LINE}, {})


def test_seeds_file_by_file_in_dvc(tmp_path: Path) -> None:
    def named(oid: str, name: str) -> bytes:
        return yaml.safe_dump({"outs": [{"md5": oid, "path": name}]}).encode()

    files = {
        "seeds/gone.txt.dvc": named("00", "gone.txt"),
        "seeds/x/news.csv.dvc": named(md5(TEXT.encode()), "news.csv"),
        "seeds/a.txt.dvc": named("11", "a.txt"),
        "models/gone.bin.dvc": named("22", "gone.bin"),
    }
    made = Made(tmp_path / "repository", files, {}, TEXT.encode())
    gone = {"seeds/gone.txt.dvc": None, "seeds/x/news.csv.dvc": None}
    assert made.taken() == ({**gone, "seeds/takedowns.jsonl": LINE}, {})
    assert objects_needed_by(made.root, made.storages, "HEAD") == {"00", "11", "22", md5(TEXT.encode())}


def test_a_folder_of_seeds_in_dvc(tmp_path: Path) -> None:
    news, table, source, a = (
        records("a", "gone"),
        b"id,text\ngone,B\n",
        b'{"doc_id": "gone"}\n{"doc_id": "a"}\n',
        b"a",
    )
    held = {
        "news.jsonl": news,
        "table.csv": table,
        "sources.jsonl": source,
        "decisions.jsonl": decisions_on("gone", "a"),
        "a.txt": a,
        "x/gone.txt": b"older",
        "copy.jsonl": records("gone", "b"),
    }
    objects = {md5(data): data for data in held.values()}
    rows = [{"md5": md5(data), "relpath": path} for path, data in held.items()]
    listing = f"{md5(json.dumps(sorted(rows, key=lambda row: row['relpath'])).encode())}.dir"
    objects[listing] = json.dumps(rows).encode()
    tracked = {"outs": [{"md5": listing, "size": 1, "nfiles": 7, "hash": "md5", "path": "seeds"}]}
    lock = {"stages": {"package": {"outs": [{"path": "corpus/data", "md5": "dd"}, {"path": "x", "md5": "ee"}]}}}
    files = {
        "seeds.dvc": yaml.safe_dump(tracked, sort_keys=False).encode(),
        "dvc.lock": yaml.safe_dump(lock).encode(),
    }
    plain = (held[name] for name in ("news.jsonl", "table.csv", "copy.jsonl", "sources.jsonl", "decisions.jsonl"))
    made = Made(tmp_path / "repository", files, objects, *plain)
    assert objects_needed_by(made.root, made.storages, "HEAD") == {*objects, "dd", "ee"}
    assert data_listing_at(made.root, made.reissue.commit) == "dd"
    files, outs = made.taken()
    kept = {
        "news.jsonl": records("a") + b"\n",
        "sources.jsonl": b'{"doc_id": "a"}\n',
        "decisions.jsonl": decisions_on("a"),
        "a.txt": a,
        "takedowns.jsonl": LINE,
    }
    expected = put_listing(made.odb, [{"md5": md5(data), "relpath": path} for path, data in kept.items()])
    assert outs == {"seeds": {"md5": expected, "nfiles": 5}}
    assert list(files) == ["seeds.dvc"]
    assert yaml.safe_load(files["seeds.dvc"] or b"") == {
        "outs": [{"md5": expected, "nfiles": 5, "hash": "md5", "path": "seeds"}]
    }
    assert (files["seeds.dvc"] or b"").startswith(b"outs:\n- md5: ")
    assert {path: made.storages.read(oid) for path, oid in made.storages.listing(expected).items()} == kept


def test_a_lock_has_the_new_hashes() -> None:
    lock = {
        "schema": "2.0",
        "stages": {
            "a": {
                "cmd": "é",
                "deps": [{"path": "seeds", "md5": "1", "size": 9, "nfiles": 2}, {"path": "kept", "md5": "2"}],
                "params": {"params.yaml": {"corpus": {"version": "1.0.0", "name": "n"}, "clean": 1}},
                "outs": [{"path": "corpus/data", "hash": "md5", "md5": "3", "size": 7, "nfiles": 1}],
            },
            "b": {"cmd": "y", "params": {"params.yaml": {"corpus": {"name": "n"}}}},
            "c": {"cmd": "z", "params": {"params.yaml": {"corpus": None}, "other.yaml": {"corpus": {"version": 1}}}},
        },
    }
    outs = {"seeds": {"md5": "x", "nfiles": 1}, "corpus/data": {"md5": "y", "size": 5, "nfiles": 3}}
    text = _updated_lock(yaml.safe_dump(lock, sort_keys=False).encode(), outs, {"version": "1.0.1", "date": "d"})
    stages: Any = lock["stages"]
    stages["a"]["deps"][0] = {"path": "seeds", "md5": "x", "nfiles": 1}
    stages["a"]["outs"][0] = {"path": "corpus/data", "hash": "md5", "md5": "y", "nfiles": 3, "size": 5}
    stages["a"]["params"]["params.yaml"]["corpus"] = {"version": "1.0.1", "name": "n", "date": "d"}
    assert text == yaml.safe_dump(lock, sort_keys=False, allow_unicode=True).encode()


def test_a_lock_that_dvc_would_not_write_is_named_with_its_commit(tmp_path: Path) -> None:
    made = Made(tmp_path / "repository", {"dvc.lock": b"[1]"}, {})
    for read in (
        lambda: data_listing_at(made.root, made.reissue.commit),
        lambda: objects_needed_by(made.root, made.storages, made.reissue.commit),
    ):
        with pytest.raises(ReleaseError, match=rf"^{made.reissue.commit[:12]}: dvc\.lock: not a file of DVC"):
            read()


def test_schemas_are_those_of_the_release_if_it_has_some(tmp_path: Path) -> None:
    read = {
        "schemas/raw.schema.json": b"{}",
        "schemas/gone.json": None,
        "elsewhere/raw.schema.json": b"[]",
        "x": b"x",
    }
    folder = _schemas(read, tmp_path)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == {"raw.schema.json": b"{}"}
    assert _schemas({"x": b"x", "schemas/gone.json": None}, tmp_path) == PACKAGED


def test_a_changelog_says_what_replaces_what(tmp_path: Path) -> None:
    made = Made(tmp_path / "repository", {"a": b""}, {})
    date = run_command(made.root, "git", "log", "-1", "--format=%cs").strip()
    known = "# Changelog\n\nKept.\n\n## [1.0.0] - 2026-01-01\n\n### Added\n\n- The first release.\n"
    assert _changelog(made.root, known.encode(), made.reissue) == known.replace(
        "## [1.0.0]",
        f"## [1.0.1] - {date}\n\n### Removed\n\n- gone, which was taken down. This release replaces 1.0.0, which is "
        "withdrawn; all other documents are unchanged.\n\n## [1.0.0]",
    )
    assert "## [1.0.1]" in _changelog(made.root, None, made.reissue)


def test_the_next_patch_is_above_all_that_there_are() -> None:
    assert _next_patch("1.0.0", {"1.0.0", "1.0.9", "1.0.10", "1.1.11", "11.0.12", "2.0.13"}) == "1.0.11"
    assert _next_patch("1.10.3", {"1.10.3", "1.1.7"}) == "1.10.4"


def test_what_a_killed_purge_began_is_known_again(tmp_path: Path) -> None:
    made = Made(tmp_path / "repository", {"corpus/manifest.json": b'{"version": "1.0.1"}'}, {})
    root, other = made.root, made.reissue.commit
    assert _version_begun(root, "1.0.0", "gone", {}) is None
    run_command(root, "git", "commit", "--quiet", "--allow-empty", "--message", made.reissue.message)
    commit = run_command(root, "git", "rev-parse", "HEAD").strip()
    run_command(root, "git", "update-ref", made.reissue.reference, commit)
    assert _version_begun(root, "1.0.0", "gone", {}) == "1.0.1"
    assert _version_begun(root, "1.0.0", "gone", {"1.0.1": commit}) == "1.0.1"
    assert _version_begun(root, "1.0.0", "gone", {"1.0.1": other}) is None  # taken meanwhile
    assert _version_begun(root, "1.0.0", "one", {}) is None
    assert _version_begun(root, "1.0.1", "gone", {}) is None


def test_what_dvc_would_not_write_is_named(tmp_path: Path) -> None:
    made = Made(tmp_path / "repository", {"seeds.dvc": b"outs: 1"}, {})
    with pytest.raises(ReleaseError, match=rf"^{made.reissue.commit[:12]}: seeds\.dvc: not a file of DVC: TypeError"):
        made.taken()


def labels_on(*names: str) -> bytes:
    rows = ({"doc_id": name, "span_sha256": "0" * 64, "raw_sha256": "1" * 64} for name in names)
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def decisions_on(*names: str) -> bytes:
    about = ({"doc_id": name, "raw_sha256": "1" * 64, "before": f"words of {name}"} for name in names)
    return b"".join(json.dumps({**row, "decision": "reject"}).encode() + b"\n" for row in about)


def test_decisions_in_git_and_the_report_on_them(tmp_path: Path) -> None:
    of_group = b'{"rule": "a", "before": "ofnoise", "decision": "accept"}\n'
    files = {
        "seeds/decisions.jsonl": decisions_on("a", "gone", "copy") + of_group,
        "reports/decisions.jsonl": decisions_on("gone"),
        "seeds/x/decisions.jsonl": b"records of the desk\n",
    }
    assert Made(tmp_path / "repository", files, {}).taken() == (
        {
            "seeds/decisions.jsonl": decisions_on("a") + of_group,
            "reports/decisions.jsonl": b"",
            "seeds/takedowns.jsonl": LINE,
        },
        {},
    )


def test_decisions_in_dvc_file_by_file(tmp_path: Path) -> None:
    before, after = decisions_on("a", "gone"), decisions_on("a")
    name, out = "seeds/decisions.jsonl.dvc", {"md5": md5(before), "size": len(before), "path": "decisions.jsonl"}
    made = Made(tmp_path / "one", {name: yaml.safe_dump({"outs": [out]}).encode()}, {md5(before): before}, before)
    files, outs = made.taken()
    assert outs == {"seeds/decisions.jsonl": {"md5": md5(after), "size": len(after)}}
    assert yaml.safe_load(files[name] or b"")["outs"] == [{**out, "md5": md5(after), "size": len(after)}]
    assert made.storages.read(md5(after)) == after


def test_labels_in_git(tmp_path: Path) -> None:
    by_bytes = json.dumps({"doc_id": "renamed", "raw_sha256": SHA256}).encode() + b"\n"
    report = b'{"file": "labels/a.jsonl", "doc_id": "gone", "text": "words"}\n'
    files = {
        "labels/a.jsonl": labels_on("a", "gone", "copy") + b"not JSON, gone\n" + by_bytes,
        "labels/b.jsonl": labels_on("a"),
        "labels/x/gone.jsonl": labels_on("gone"),  # no build reads it
        "reports/labels.jsonl": report,
        "reports/other.jsonl": report,
    }
    assert Made(tmp_path / "repository", files, {}).taken() == (
        {"labels/a.jsonl": labels_on("a") + b"not JSON, gone\n", "reports/labels.jsonl": b""},
        {},
    )


def test_labels_in_dvc_file_by_file_and_as_a_folder(tmp_path: Path) -> None:
    before, after = labels_on("a", "gone"), labels_on("a")
    out = {"md5": md5(before), "size": len(before), "hash": "md5", "path": "a.jsonl"}
    name = "labels/a.jsonl.dvc"
    one = Made(tmp_path / "one", {name: yaml.safe_dump({"outs": [out]}).encode()}, {md5(before): before}, before)
    files, outs = one.taken()
    new = {"md5": md5(after), "size": len(after)}
    assert outs == {"labels/a.jsonl": new}
    assert yaml.safe_load(files[name] or b"")["outs"] == [{**out, **new}]
    assert one.storages.read(md5(after)) == after

    (tmp_path / "two").mkdir()
    folder = Made(tmp_path / "two" / "repository", {"seeds/a.txt": b"a"}, {md5(before): before}, before)
    listing = put_listing(folder.odb, [{"md5": md5(before), "relpath": "a.jsonl"}])
    tracked = {"outs": [{"md5": listing, "size": 1, "nfiles": 1, "hash": "md5", "path": "labels"}]}
    folder.read["labels.dvc"] = yaml.safe_dump(tracked).encode()
    write_seeds(folder.root, folder.read)
    run_command(folder.root, "git", "add", "--all")
    run_command(folder.root, "git", "commit", "--quiet", "--message", "y")
    commit = run_command(folder.root, "git", "rev-parse", "HEAD").strip()
    folder.reissue = folder.reissue._replace(commit=commit)
    files, outs = folder.taken()
    assert folder.storages.listing(outs["labels"]["md5"]) == {"a.jsonl": md5(after)}
    assert files.keys() == {"labels.dvc", "seeds/takedowns.jsonl"}
