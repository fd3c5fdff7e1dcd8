"""The store of finished shards in a bucket: what the folder does, byte for byte, and errors that say what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import s3fs  # type: ignore[import-untyped]

from copydesk.core.config import check_params
from copydesk.core.json_schema import PACKAGED
from copydesk.errors import ConfigError, StoreError
from copydesk.pipeline import STAGES
from copydesk.project import Project
from copydesk.stages import runner
from copydesk.stages.runner import Task, compute, read_receipts
from copydesk.store.open_backend import storage
from copydesk.store.shard_store import Part, Store
from copydesk.takedowns.object_search import SearchTarget, _search_stores
from servers import HOST, S3, wire
from support import articles, file_bytes, run_stages, write_seeds

TABLE = pa.table({"doc_id": ["a", "b"]})
KEY = "k" * 64


@pytest.fixture
def url(s3: S3, monkeypatch: pytest.MonkeyPatch) -> str:
    """A place in a bucket that nobody else uses, and the way to it."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    return f"s3://{s3.bucket()}/some/prefix"


def objects(s3: S3, url: str) -> dict[str, bytes]:
    """Everything below an address, read by other means than the store's."""
    root, files = url.removeprefix("s3://"), s3.files()
    return {path.removeprefix(f"{root}/"): data for path, data in files.cat(files.find(root)).items()}


def test_names_and_bytes_are_those_of_a_folder(s3: S3, url: str, tmp_path: Path) -> None:
    other = pa.table({"doc_id": ["c"]})
    for store in (Store(tmp_path), Store(url)):
        parts = store.put(KEY, {"text": TABLE, "same": TABLE, "other": other}, published=["other"])
        assert store.result(KEY) == parts
        assert store.results(["0" * 64, KEY]) == [None, parts]
        assert [table.num_rows for table in store.read_all(parts.values())] == [2, 2, 1]
        assert [*store.rows([parts["text"]])] == TABLE.to_pylist()
        assert [*store.add_all([TABLE, other])] == [parts["text"], store.add(other)]
        store.copy(parts["text"], tmp_path / "copies" / "copy.parquet")
        assert (tmp_path / "copies" / "copy.parquet").read_bytes() == Store(tmp_path).path(parts["text"]).read_bytes()
        assert not store.results([])
    assert len(objects(s3, url)) == 4
    assert objects(s3, url) == {n: data for n, data in file_bytes(tmp_path).items() if not n.startswith("copies")}


def test_what_has_gone_or_is_damaged_is_named_and_no_result(s3: S3, url: str, tmp_path: Path) -> None:
    store = Store(url)
    part = store.put(KEY, {"text": TABLE})["text"]
    where = f"{url}/objects/{part.sha256[:2]}/{part.sha256}"
    s3.files().pipe_file(where, b"x" * 100)
    for read in (lambda: store.read(part), lambda: store.copy(part, tmp_path / "copy")):
        with pytest.raises(StoreError, match=f"^{where}: its bytes do not match its name; delete it and the folder"):
            read()
    assert store.add(TABLE) == part  # of another size: written again
    assert store.read(part).equals(TABLE)
    s3.files().rm(where)
    assert store.result(KEY) is None
    for read in (lambda: store.read(part), lambda: store.copy(part, tmp_path / "copy")):
        with pytest.raises(StoreError, match=f"^{where}: missing; delete the folder build/ and build again"):
            read()
    store.put(KEY, {"text": TABLE})
    s3.files().pipe_file(f"{url}/results/kk/{KEY}.json", b'{"text": [2')
    assert store.result(KEY) is None
    with pytest.raises(StoreError, match="not a file on this machine"):
        store.path(part)


def test_many_results_are_found_with_few_requests(s3: S3, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(url)
    keys = [f"{n % 8:02x}{n:062x}" for n in range(160)]
    parts = store.put(keys[0], {f"t{n}": pa.table({"n": [n]}) for n in range(3)})
    receipt = s3.files().cat(f"{url}/results/{keys[0][:2]}/{keys[0]}.json")
    s3.files().pipe({f"{url}/results/{key[:2]}/{key}.json": receipt for key in keys[:80]})
    asked: Counter[str] = Counter()
    real = s3fs.S3FileSystem._call_s3

    async def counting(self: Any, method: str, *rest: Any, **more: Any) -> Any:
        asked[method] += 1
        return await real(self, method, *rest, **more)

    monkeypatch.setattr(s3fs.S3FileSystem, "_call_s3", counting)
    assert store.results(keys) == [parts] * 80 + [None] * 80
    # Folders of receipts and of objects, and the receipts that are there; nothing is asked for by name.
    assert asked == {"list_objects_v2": 8 + len({p.sha256[:2] for p in parts.values()}), "get_object": 80}


def test_a_connection_that_is_cut_is_tried_again(s3: S3, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    large = pa.table({"text": [os.urandom(1_000_000)]})
    with wire(s3.port) as way:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{HOST}:{way.port}")
        s3fs.S3FileSystem.clear_instance_cache()
        way.cut_after(300_000)

        def mend() -> None:
            until = time.monotonic() + 30
            while not way.was_cut and time.monotonic() < until:
                time.sleep(0.01)
            way.mend()

        mending = threading.Thread(target=mend)
        mending.start()
        part = Store(url).add(large)
        mending.join()
        assert way.was_cut
        assert Store(url).read(part).equals(large)
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "not-to-be-told"}, "cannot be listed (PermissionError: "),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "cannot be listed (NoCredentialsError: "),
        ({"AWS_ENDPOINT_URL": f"http://{HOST}:9"}, "cannot be listed (EndpointConnectionError: "),
    ],
)
def test_a_bucket_that_cannot_be_used(
    url: str, environment: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**environment, "AWS_MAX_ATTEMPTS": "1"}.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(StoreError) as caught:
        Store(url).result(KEY)
    s3fs.S3FileSystem.clear_instance_cache()
    message = str(caught.value)
    assert message.startswith(f"{url}/results/kk/: {said}")
    assert "check the address, the network and the credentials of this machine" in message
    assert "not-to-be-told" not in message
    assert "?" not in message


def test_a_bucket_that_is_not_there(url: str) -> None:
    with pytest.raises(StoreError, match=r"^s3://nobody-made-it/x/results/kk/: no such bucket \(.*\); create it"):
        Store("s3://nobody-made-it/x").result(KEY)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (
            "memory://shards",
            "^memory://shards: not an address for the store; expected s3:// or gs:// or abfs:// with a bu",
        ),
        ("/mnt/shards", "^/mnt/shards: not an address for the store"),
        ("s3:///prefix", "not an address for the store"),
        ("s3://bucket/prefix?token=secret", r"^s3://bucket/prefix: not an address"),
        ("sftp://me:secret@host/x", r"^sftp://\.\.\.: a password in the address of the store"),
    ],
)
def test_an_address_of_no_object_store(address: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        storage(address)
    assert "secret" not in str(caught.value)


def test_a_library_that_is_not_installed_is_named() -> None:
    code = "import sys; sys.modules['s3fs'] = None; from copydesk.store.open_backend import storage; storage('s3://bucket')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.rstrip().endswith("ConfigError: s3://bucket: needs s3fs; install it with: pip install s3fs")


def test_a_folder_does_without_the_library(tmp_path: Path) -> None:
    code = (
        "import sys; from copydesk.project import Project; Project.open('.').store.result('k'); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert not {"fsspec", "copydesk.store.bucket"} & set(done.stdout.split())


# A whole corpus.


def built(root: Path) -> Project:
    write_seeds(root / "seeds", articles(18) | {"benchmarks.jsonl": '{"name": "b", "text": "nothing of this"}\n'})
    params = check_params({"shards": {"target": 5, "minimum": 2, "maximum": 9}, "engine": {"workers": 1}})
    return run_stages(Project(*(root / n for n in ("seeds", "corpus", "reports", "build")), PACKAGED, params))


@pytest.fixture(scope="module")
def corpora(s3: S3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, Project, str]]:
    """A corpus whose shards are in a folder, the same with them in a bucket, and its address."""
    with pytest.MonkeyPatch.context() as patch:
        folder = built(tmp_path_factory.mktemp("folder"))
        for name, value in s3.environment.items():
            patch.setenv(name, value)
        patch.setenv("COPYDESK_STORE", f"s3://{s3.bucket()}/shards/")
        bucket = built(tmp_path_factory.mktemp("bucket"))
        yield folder, bucket, str(bucket.store.root).rstrip("/")


def files(project: Project) -> dict[str, bytes]:
    """What a build leaves, without the shards, and without what it notes of when files were written."""
    left_out = ("build/store/", "build/hashes.parquet", "build/last/laid_files.json")
    return {n: data for n, data in file_bytes(project.corpus.parent).items() if not n.startswith(left_out)}


def test_every_byte_is_that_of_a_build_with_a_folder(s3: S3, corpora: tuple[Project, Project, str]) -> None:
    folder, bucket, url = corpora
    assert len(read_receipts(folder, "package")) >= 3
    assert files(bucket) == files(folder)
    assert objects(s3, url) == file_bytes(folder.build / "store")
    assert not (bucket.build / "store").exists()


def test_a_second_build_computes_and_writes_nothing(
    corpora: tuple[Project, Project, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, bucket, _ = corpora
    before = files(bucket)

    async def refused(self: Any, *_: Any, **__: Any) -> None:
        raise AssertionError("written again")

    with monkeypatch.context() as patch:
        patch.setattr(s3fs.S3FileSystem, "_pipe_file", refused)
        patch.setattr(runner, "compute", refused)
        run_stages(bucket)
    assert files(bucket) == before


def test_an_object_that_has_gone_is_made_anew_and_a_damaged_one_is_named(
    s3: S3, corpora: tuple[Project, Project, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, bucket, url = corpora
    before, there = files(bucket), objects(s3, url)
    computed: list[str] = []

    def counting(task: Task) -> Any:
        computed.append(task.stage.name)
        return compute(task)

    monkeypatch.setattr(runner, "compute", counting)

    def place(part: Part) -> str:
        return f"{url}/objects/{part.sha256[:2]}/{part.sha256}"

    s3.files().rm(place(read_receipts(bucket, "clean")[1]["text"]))
    run_stages(bucket)
    assert computed == ["clean"]
    assert files(bucket) == before
    assert objects(s3, url) == there
    damaged = place(read_receipts(bucket, "package")[0]["sentences_train"])
    good = s3.files().cat(damaged)
    s3.files().pipe_file(damaged, good[:-1] + b"x")
    shutil.rmtree(bucket.corpus / "data")  # which still has the bytes
    with pytest.raises(StoreError, match=f"^{damaged}: its bytes do not match its name; delete it and the folder"):
        STAGES["package"](bucket)
    s3.files().rm(damaged)
    STAGES["package"](bucket)
    assert files(bucket) == before
    assert objects(s3, url) == there


def test_a_document_that_was_taken_down_is_found_and_removed(s3: S3, corpora: tuple[Project, Project, str]) -> None:
    folder, bucket, _ = corpora
    wanted = SearchTarget("article-0007", frozenset(), frozenset())
    expected, *_ = _search_stores([folder.store], wanted)
    assert len(expected) > 5
    shards, searched, read, broken = _search_stores(bucket.stores, wanted)
    assert read > len(shards)
    assert {stored.name for stored in shards} == {stored.name for stored in expected}
    assert [store.root for store in searched] == [bucket.build / "store", bucket.store.root]
    assert not broken
    for stored in shards:
        stored.delete()
        stored.delete()  # what is not there is as good as removed
    assert not _search_stores(bucket.stores, wanted)[0]
    nowhere = Store("s3://nobody-made-it/x")
    _, searched, _, broken = _search_stores([nowhere], wanted)
    assert not searched
    assert "no such bucket" in broken[0]
