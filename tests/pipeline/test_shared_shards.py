"""A clone that has pulled the data computes only what changes there: real git, real DVC, a real remote."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from copydesk.errors import StoreError
from copydesk.pipeline import STAGES
from copydesk.project import Project
from copydesk.scaffold.repository import init
from copydesk.stages import share
from copydesk.store.fingerprint import Fingerprint, key
from copydesk.store.last_build import Last, finished_shards
from copydesk.store.shard_store import Parts, Store
from support import articles, file_bytes, run_command, write_seeds

SMALL = {"shards": {"target": 6, "minimum": 3, "maximum": 18}, "engine": {"workers": 1}}


def computed(said: str) -> dict[str, tuple[int, int]]:
    """The number of shards that each stage computed, and that it had cached."""
    lines = re.findall(r"(?m)^(\w+): \d+ shards?, (\d+) computed, (\d+) cached", said)
    return {stage: (int(new), int(cached)) for stage, new, cached in lines}


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of forty documents that was built, committed and pushed to its DVC remote."""
    root = tmp_path_factory.mktemp("origin") / "corpus-of-forty"
    init(root)
    write_seeds(root / "seeds", articles(40))
    settings = yaml.safe_load((root / "params.yaml").read_text())
    settings["shards"].update(SMALL["shards"])
    settings["engine"] = {"workers": 1}
    (root / "params.yaml").write_text(yaml.safe_dump(settings))
    run_command(root, "dvc", "remote", "add", "--quiet", "--default", "storage", str(root.parent / "remote"))
    run_command(root, "dvc", "repro")
    run_command(root, "git", "add", "--all")
    run_command(root, "git", "commit", "--quiet", "--message", "Built")
    run_command(root, "dvc", "push")
    return root


@pytest.fixture
def clone(origin: Path, tmp_path: Path) -> Path:
    root = tmp_path / "clone"
    run_command(tmp_path, "git", "clone", "--quiet", str(origin), str(root))
    run_command(root, "git", "config", "core.hooksPath", ".githooks")
    return root


def test_after_a_pull_only_a_changed_document_is_computed(origin: Path, clone: Path) -> None:
    run_command(clone, "dvc", "pull")
    assert "up to date" in run_command(clone, "dvc", "status")
    seed = clone / "seeds" / "article-0017.txt"
    seed.write_text(seed.read_text() + " One sentence more.")
    said = run_command(clone, "dvc", "repro")
    shards = computed(said)
    assert {new for new, _ in shards.values()} == {1} and min(cached for _, cached in shards.values()) >= 4
    assert shards.keys() == {"ingest", "clean", "split", "describe", "package", "validate"}

    # The bytes, also of dvc.lock and of what is shared, are those of a build from nothing.
    stages = (f"build/{stage}" for stage in STAGES)
    built = {name: file_bytes(clone / name) for name in ("corpus", "reports", "build/shards", *stages)}
    assert all(built.values())
    lock = (clone / "dvc.lock").read_bytes()
    shutil.rmtree(clone / "build")
    run_command(clone, "dvc", "repro", "--force")
    assert {name: file_bytes(clone / name) for name in built} == built
    assert (clone / "dvc.lock").read_bytes() == lock


@pytest.mark.parametrize("pulled", [True, False])
def test_the_commit_hook_of_a_fresh_clone_asks_for_the_inputs_only(clone: Path, pulled: bool) -> None:
    if pulled:
        run_command(clone, "dvc", "pull")
    (clone / "README.md").write_text("# Our corpus\n")
    run_command(clone, "git", "commit", "--quiet", "--all", "--message", "Say more")
    (clone / "seeds" / "article-0001.txt").write_text("Another article.")
    with pytest.raises(AssertionError, match=r"ingest is outdated \(seeds\); run dvc repro"):
        run_command(clone, "git", "commit", "--quiet", "--all", "--message", "Not built")


def test_what_another_machine_finished_has_other_keys_here(make_corpus: Callable[..., Project]) -> None:
    project = make_corpus(articles(8), SMALL)
    share.run(project)
    path = project.finished("split")
    recorded = json.loads(path.read_text())
    for name in ("store", "last"):
        shutil.rmtree(project.build / name)
    share.take_over(project)
    other_numpy, other_code = (Fingerprint("f" * 64, portable) for portable in (recorded["portable"], "e" * 64))
    keys = [key("split", other_numpy, shard.inputs) for shard in finished_shards(recorded)]
    assert project.store.results(keys) == [None] * len(keys)
    assert Last(path, project.store, "split", other_code, "null").gone([]) == []
    assert project.store.results(keys) == [None] * len(keys)
    assert Last(path, project.store, "split", other_numpy, "null").gone([]) == project.store.results(keys)


def test_a_fresh_clone_that_pulled_nothing_makes_the_same(clone: Path) -> None:
    run_command(clone, "dvc", "repro")
    assert run_command(clone, "git", "status", "--porcelain") == ""


class BucketDouble(Store):
    """Stands for a bucket: it only records the keys of the results that it is given."""

    def __init__(self) -> None:
        self.root, self.keys = "s3://shared/shards", list[str]()

    def record(self, key: str, parts: Parts) -> None:
        """See ``Store.record``."""
        self.keys.append(key)


def test_what_a_repository_calls_finished_reaches_no_store_that_others_share(
    make_corpus: Callable[..., Project],
) -> None:
    project = make_corpus(articles(8), SMALL)
    path = project.finished("split")
    code = Fingerprint("f" * 64, json.loads(path.read_text())["portable"])
    bucket = BucketDouble()
    assert Last(path, bucket, "split", code, "null").gone([]) and bucket.keys == []


@pytest.mark.parametrize("damage", ['{"shards": [["a", {}, {"x": [1, "../up"]}]]}', "[]", "{", '{"shards": [1]}'])
def test_a_damaged_list_is_refused(make_corpus: Callable[..., Project], damage: str) -> None:
    project = make_corpus(articles(8), SMALL)
    share.run(project)
    (project.build / "last" / "shared").unlink()
    project.finished("clean").write_text(damage)
    with pytest.raises(StoreError, match=r"clean/finished\.json: damaged .*; delete it and build again"):
        share.take_over(project)


def test_nothing_is_shared_if_the_settings_say_so(make_corpus: Callable[..., Project]) -> None:
    project = make_corpus(articles(8), {**SMALL, "engine": {"workers": 1, "share": False}})
    share.run(project)
    assert file_bytes(project.shared) == {"shards.json": b"[]\n"}
