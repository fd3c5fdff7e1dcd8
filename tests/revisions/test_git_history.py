"""What git and DVC's storages hold, read and written without a checkout: a repository of a few commits, two folders."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from copydesk.core.config import check_params
from copydesk.description.duplicates.minhash import normalised, text_keys
from copydesk.errors import ReleaseError, StoreError
from copydesk.revisions.dvc_objects import outs_of
from copydesk.revisions.dvc_storages import DvcStorage, DvcStorages, copy_objects, put_folder, put_listing
from copydesk.revisions.git_history import commit_on, dvc_tracked_names, file_versions, read_git_objects
from copydesk.store.shard_store import Part, Store
from copydesk.takedowns.delivered_records import DeliveredRecords
from copydesk.takedowns.git_search import blobs_with_document
from copydesk.takedowns.object_search import SearchTarget, document_ids_in, search_objects
from support import run_command, write_seeds
from support import run_stripped as run

TEXT = "What was asked to be taken down."
INGEST = check_params({})["ingest"]
HELD = DeliveredRecords(frozenset({"gone"}), frozenset({hashlib.sha256(TEXT.encode()).hexdigest()}), INGEST)
seconds = count(1_700_000_000)


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def commit(root: Path, files: dict[str, str], *gone: str) -> str:
    write_seeds(root, files)
    for name in gone:
        (root / name).unlink()
    run(root, "git", "add", "--all")
    date = f"GIT_COMMITTER_DATE={next(seconds)} +0000"  # one after the other, however quick
    run(root, "env", date, "git", "commit", "--quiet", "--allow-empty", "--message", "x")
    return run(root, "git", "rev-parse", "HEAD")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    run(root, "git", "init", "--quiet", "--initial-branch", "main")
    return root


def test_every_version_of_a_file_is_found_on_every_branch(root: Path) -> None:
    first = commit(root, {"a": "one", "b": ""})
    second = commit(root, {"a": "two"})
    run(root, "git", "checkout", "--quiet", "-b", "side", first)
    third = commit(root, {"a": "three\n\n"})
    run(root, "git", "checkout", "--quiet", "--detach", "main")
    commit(root, {}, "a")
    back = commit(root, {"a": "one"})
    run(root, "git", "branch", "--quiet", "-D", "main")
    commit(root, {"b": "not the file"})
    assert file_versions(root, "a") == {b"one": [back, first], b"two": [second], b"three\n\n": [third]}
    assert file_versions(root, "nothing") == {}
    named = [f"{back}:a", "HEAD:nothing", f"{first}:b", f"{third}:a", "0" * 40]
    assert list(read_git_objects(root, named)) == [b"one", None, b"", b"three\n\n", None]
    with pytest.raises(ReleaseError, match=r"(?s)git cat-file: fatal: .*; run git fsck$"):
        list(read_git_objects(root.parent, ["HEAD"]))


def test_what_dvc_files_ever_named_is_known_by_its_path(root: Path) -> None:
    out = "outs:\n- md5: {0}\n  path: {1}\n- path: unhashed\n"
    commit(root, {"seeds/more.csv.dvc": out.format("a1", "more.csv"), "top.dvc": out.format("b2", "top")})
    commit(root, {"seeds/more.csv.dvc": out.format("c3", "other.csv")}, "top.dvc")
    commit(root, {"broken.dvc": "outs: [", "empty.dvc": "", "aside.dvc": "outs: 3", "zed.dvc": out.format("d4", "z")})
    commit(root, {"é\n.dvc": out.format("e5", "é")})
    expected = {"a1": "seeds/more.csv", "b2": "top", "c3": "seeds/other.csv", "d4": "z", "e5": "é"}
    assert dvc_tracked_names(root) == expected


def test_files_in_history_that_hold_a_document(root: Path) -> None:
    record = json.dumps({"id": "gone", "text": "y"}) + "\n"
    old = commit(root, {"seeds/gone.txt": "by its name", "elsewhere/gone.txt": "no seed", "co\u2028py.bin": TEXT})
    new = commit(
        root, {"seeds/x/news.jsonl": record, "notes.jsonl": record, "seeds/b.txt": TEXT + "."}, "co\u2028py.bin"
    )
    blobs, _ = blobs_with_document(root, "gone", HELD)
    assert [(blob.path, blob.commits) for blob in blobs] == [
        ("co\u2028py.bin", [new, old]),
        ("seeds/gone.txt", [old]),
        ("seeds/x/news.jsonl", [new]),
    ]
    assert [blob.sha for blob in blobs[1:]] == [
        run(root, "git", "rev-parse", f"HEAD:{blob.path}") for blob in blobs[1:]
    ]


def test_a_commit_is_made_beside_branches_and_index(root: Path) -> None:
    parent = commit(root, {"kept": "kept", "gone": "x", 'odd "\\ é': "x"})
    (root / "kept").write_text("not committed")
    before = run(root, "git", "status", "--porcelain")
    files = {"gone": None, 'odd "\\ é': b"\xff\n", "two\nlines": b"", "new/file": b"data 3\nabc"}
    made = commit_on(root, "refs/copydesk/x", parent, "Grüße\n\nSecond: line\n", files)
    assert run(root, "git", "rev-parse", "refs/copydesk/x", f"{made}~1").split() == [made, parent]
    assert run_command(root, "git", "log", "-1", "--format=%B|%an|%cn", made) == (
        "Grüße\n\nSecond: line\n|test@example.org|test@example.org\n"
    )
    tree = run(root, "git", "ls-tree", "-r", "-z", "--name-only", made).strip("\0").split("\0")
    assert sorted(tree) == ["kept", "new/file", 'odd "\\ é', "two\nlines"]
    assert list(read_git_objects(root, [f"{made}:kept", f'{made}:odd "\\ é', f"{made}:new/file"])) == [
        b"kept",
        b"\xff\n",
        b"data 3\nabc",
    ]
    assert (run(root, "git", "status", "--porcelain"), run(root, "git", "rev-parse", "main")) == (before, parent)
    again = commit_on(root, "refs/copydesk/x", parent, "again", {})  # another one takes its place
    assert run(root, "git", "rev-parse", "refs/copydesk/x") == again != made
    with pytest.raises(ReleaseError, match=r"repository: git fast-import: .*fatal: "):
        commit_on(root, "refs/copydesk/x", "nowhere", "x", {})


def test_a_lock_says_what_stages_write() -> None:
    lock = {"stages": {"a": {"outs": [{"path": "x", "md5": "1"}, {"path": "y"}]}, "b": {}}}
    assert outs_of(json.dumps(lock), "here") == {"x": "1"}
    assert outs_of(None, "here") == outs_of(b"", "here") == outs_of("{}", "here") == {}
    for bad in ("[", "[1]", "stages: [1]", "stages: {a: {outs: [{md5: 1}]}}", "stages: {a: {outs: 1}}", "[" * 5000):
        with pytest.raises(ReleaseError, match=r"^here: dvc\.lock: not a file of DVC: [^\n]+$"):
            outs_of(bad, "here")
    with pytest.raises(ReleaseError, match=r"a file of DVC: 'list' object has no attribute 'get'$"):
        outs_of("[1]", "here")


@pytest.fixture
def odb(tmp_path: Path) -> Callable[[str], Any]:
    """Return a function that makes a place for objects."""
    from dvc_data.hashfile.db.local import LocalHashFileDB
    from dvc_objects.fs.local import LocalFileSystem

    return lambda name: LocalHashFileDB(LocalFileSystem(), str(tmp_path / name))


def storages_of(**odbs: Any) -> DvcStorages:
    return DvcStorages([DvcStorage(name, one, frozenset(one.all())) for name, one in odbs.items()], {}, None)


def stored(odb: Any, *contents: bytes) -> list[str]:
    for content in contents:
        path = Path(odb.oid_to_path(md5(content)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return [md5(content) for content in contents]


def test_objects_are_read_from_any_place_that_can_give_them(odb: Callable[[str], Any], tmp_path: Path) -> None:
    cache, remote = odb("cache"), odb("remote")
    (both,), (there,) = stored(cache, b"both"), stored(remote, b"there")
    stored(remote, b"both")
    storages = storages_of(cache=cache, remote=remote)
    assert storages.cache is cache and storages.oids == sorted({both, there})
    assert [[storage.name for storage in storages.with_object(oid)] for oid in (both, there, "x")] == [
        ["cache", "remote"],
        ["remote"],
        [],
    ]
    Path(cache.oid_to_path(both)).unlink()
    assert (storages.read(both), storages.read(there)) == (b"both", b"there")
    with pytest.raises(
        ReleaseError, match=r"^object x cannot be read \(it is in no storage\); restore it, or remove"
    ):
        storages.read("x")
    Path(remote.oid_to_path(both)).unlink()
    with pytest.raises(ReleaseError, match=rf"object {both} cannot be read \(remote: FileNotFoundError: "):
        storages.read(both)
    assert storages.listing("x") == {}
    with pytest.raises(
        ReleaseError, match=rf"object {there} is not a list of files \(.*\); restore it with dvc push"
    ):
        storages.listing(there)


def test_folders_are_added_as_dvc_lists_them_and_copied_lists_last(odb: Callable[[str], Any], tmp_path: Path) -> None:
    cache, remote = odb("cache"), odb("remote")
    write_seeds(tmp_path / "files", {"a": "aa", "b": "eee"})
    listing, size = put_folder(cache, {"x/b": tmp_path / "files" / "b", "x/a": tmp_path / "files" / "a"})
    known = {"x/a": md5(b"aa"), "x/b": md5(b"eee")}
    rows = [{"md5": oid, "relpath": path} for path, oid in known.items()]
    assert (listing, size) == (f"{md5(json.dumps(rows).encode())}.dir", 5)
    storages = storages_of(cache=cache, remote=remote)
    assert storages.listing(listing) == known
    assert put_listing(cache, rows) == put_listing(cache, iter(rows[::-1])) == listing

    order: list[str] = []
    real = remote.add
    remote.add = lambda path, fs, oid: (order.append(oid), real(path, fs, oid))
    copy_objects(cache, storages.readable[1], [listing, *known.values()])
    assert order == [*sorted(known.values()), listing] and listing < order[1]  # by its name it would not be the last
    storages = storages_of(cache=cache, remote=remote)
    assert all(len(storages.with_object(oid)) == 2 for oid in order) and storages.read(order[0]) in (b"aa", b"eee")
    copy_objects(cache, storages.readable[1], order)  # what is there is left alone
    assert len(order) == 3
    fresh = stored(cache, b"next")
    assert order[0] < fresh[0]
    copy_objects(cache, storages.readable[1], [*order, *fresh])
    assert order[3:] == fresh
    with pytest.raises(
        ReleaseError, match=r"^remote: object 00 cannot be written \(.+Error: .*\); nothing was remov"
    ):
        copy_objects(cache, storages.readable[1], ["00"])


def refusing(function: Any) -> None:
    raise StoreError("the store is away")


def table(**columns: list[Any]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue())


def test_a_search_tells_by_what_is_in_objects(odb: Callable[[str], Any], tmp_path: Path) -> None:
    (key,) = text_keys(normalised(pa.array([TEXT]))).to_pylist()
    sha256 = hashlib.sha256(TEXT.encode()).hexdigest()
    other, older = (hashlib.sha256(data).hexdigest() for data in (b"another", b"older"))
    tables = {
        "documents": table(doc_id=["gone", "x"], raw_sha256=[older, other], text=["a", "b"]),
        "raw": table(doc_id=["x", "copy"], sha256=[other, sha256]),
        "sentences": table(doc_id=["x", "same", "same", "z"], text=["b", "What was asked", "to be TAKEN down.", "c"]),
        "mentions": table(doc_id=["x", "y"], duplicate_of=["gone", None], duplicate_group=["x", "x"]),
        "group": table(doc_id=["x", "y"], duplicate_group=[None, "gone"]),
        "edits": table(doc_id=["gone"], rule=["r"]),
        "without": table(doc_id=["x"], raw_sha256=[other], text=["gone"]),
        "names": table(name=["gone"]),
    }
    cache = odb("cache")
    oid = {name: stored(cache, data)[0] for name, data in tables.items()}
    news, named, old, alone = stored(cache, b'{"id": "gone", "text": "a"}\n', b"named", b"older", TEXT.encode())
    tracked = {news: "seeds/news.jsonl", named: "seeds/x.txt"}
    rows = json.dumps([{"md5": named, "relpath": "in/gone.txt"}, {"md5": "00", "relpath": "b"}]).encode()
    broken, spoilt = stored(cache, b"PAR1 and nothing more", b"[1]")
    for data in (rows, b"[1]"):
        path = Path(cache.oid_to_path(f"{md5(data)}.dir"))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    store = Store(tmp_path / "store")
    part = hashlib.sha256(tables["edits"]).hexdigest()
    for data in (tables["edits"], tables["without"]):
        path = store.path(Part(0, hashlib.sha256(data).hexdigest()))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    target = SearchTarget("gone", frozenset({sha256}), frozenset({key}))
    result = search_objects(storages_of(cache=cache), [store], target, tracked, INGEST)
    assert result.objects == {
        oid["documents"]: {"gone"},
        oid["raw"]: {"copy"},
        oid["sentences"]: {"same"},
        oid["mentions"]: {"gone"},
        oid["group"]: {"gone"},
        oid["edits"]: {"gone"},
        **{one: {"gone"} for one in (news, named, old, alone)},
    }
    assert result.delivered_files == {news, named, old, alone}
    assert result.file_hashes == {sha256, older}  # what it was delivered as before
    assert [(one.name.rpartition("/")[2], ids) for one, ids in result.shards.items()] == [(part, {"gone"})]
    assert result.stores == [store]
    assert result.objects_read == len(list(cache.all())) + 2
    assert [line.partition(":")[0].partition(" is not")[0] for line in result.unreadable] == [
        f"object {broken}",
        f"object {md5(b'[1]')}.dir",
    ]
    assert spoilt not in result.objects
    assert result.records == DeliveredRecords(frozenset({"gone"}), result.file_hashes, INGEST)
    broken_store = SimpleNamespace(each_object=refusing)
    empty = table(doc_id=pa.array([], pa.string()), text=pa.array([], pa.string()))
    storages = storages_of(one=odb("one"), two=cache)
    stored(storages.cache, empty)
    by_name = search_objects(
        storages_of(one=storages.cache, two=cache),
        [broken_store, store],
        SearchTarget("gone", frozenset(), frozenset()),
        {},
        INGEST,
    )  # type: ignore[list-item]
    assert by_name.objects.keys() == {
        *(oid[name] for name in ("documents", "mentions", "group", "edits")),
        named,
        old,
    }
    assert (by_name.file_hashes, by_name.stores, by_name.unreadable[2:]) == ({older}, [store], ["the store is away"])
    assert search_objects(storages_of(one=storages.cache), [], target, {}, INGEST).objects == {}
    assert document_ids_in(tables["sentences"]) == {"x", "same", "z"}
    assert document_ids_in(tables["names"]) == document_ids_in(b"PAR1") == set()
