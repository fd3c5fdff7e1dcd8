"""Ray, on a real cluster on this machine: the bytes of the embedded engine, also when nodes are killed.

To start a second node, or to lose a node or a worker, takes minutes on two cores: tests that do are marked
``cluster``, and ``make soak-cluster`` runs them.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray.cluster_utils import Cluster

from copydesk.core.plugins import load_plugins
from copydesk.engines.interface import Engine
from copydesk.engines.local import Local
from copydesk.engines.ray import Ray, ray
from copydesk.errors import BuildError
from copydesk.pipeline import STAGES
from copydesk.project import Project
from copydesk.stages import deduplicate, runner
from copydesk.store.folder import FolderStorage
from servers import S3
from support import (
    ROOT,
    articles,
    compute_beside_a_falling_node,
    file_bytes,
    keyed,
    keyed_beside_a_falling_node,
    run_stages,
    square,
    square_at_last,
    write_seeds,
)

SHARDS = {"target": 8, "minimum": 4, "maximum": 12}
DOCUMENTS = 36  # of four shards or so: Ray takes about a second for a task
SOME_SHARDS = 4
# Loopback, but not 127.0.0.1, for which Ray takes the address by which others reach this machine.
NODE = {"num_cpus": 1, "object_store_memory": 80 << 20, "node_ip_address": "127.0.0.2"}
#: A rule of the project's own, which the workers of each node import.
PLUGIN = """
import copydesk

@copydesk.rule("double-comma", tier="probable", screen=",,", repairs=("Kiev,, he", "Kiev, he"), leaves="Kiev, he")
def double_commas(text):
    start = text.find(",,")
    if start >= 0:
        yield copydesk.Found(start, start + 2, ",")
"""
#: A node that does not answer is given up after some seconds, not after half a minute.
SOON = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 1000, "health_check_failure_threshold": 6}

pytestmark = pytest.mark.filterwarnings("default")  # Ray's own


def patiently(start: Callable[[], Any]) -> Any:
    """Ray gives a node 30 seconds to start, and no setting changes that: on a busy machine it may need more."""
    for _ in range(5):
        try:
            return start()
        except Exception as error:
            if "timed out during startup" not in str(error):
                raise
            late = error
    raise late


class TwoNodes:
    """A cluster of a head and, once it is completed, a second node that may be killed: the next test has another."""

    def __init__(self, folder: Path) -> None:
        self.falling = folder / "falling"
        os.environ |= {
            "FALLING": str(self.falling),
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]),
        }
        head = {**NODE, "include_dashboard": False, "_system_config": SOON}
        self.cluster = patiently(lambda: Cluster(initialize_head=True, head_node_args=head))
        self.second: Any = None

    def complete(self) -> None:
        """Have a second node, and say which it is."""
        if self.second is None:
            self.second = self._added()
        elif not self.second.any_processes_alive() or self.second.dead_processes():
            self.cluster.remove_node(self.second, allow_graceful=False)
            self.second = self._added()
        self.cluster.wait_for_nodes()
        for path in self.falling.parent.glob("falling*"):
            path.unlink()
        self.falling.write_text(str(self.raylet()))

    def _added(self) -> Any:
        return patiently(lambda: self.cluster.add_node(**NODE))

    def raylet(self) -> int:
        """The process id of the second node."""
        (process,) = self.second.all_processes["raylet"]
        return int(process.process.pid)


@pytest.fixture(autouse=True)
def no_plugin_is_left() -> Iterator[None]:
    yield
    load_plugins(())


@pytest.fixture(scope="module")
def started(s3: S3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoNodes]:
    before = dict(os.environ)
    os.environ |= s3.environment
    nodes = TwoNodes(tmp_path_factory.mktemp("nodes"))
    os.environ["RAY_ADDRESS"] = nodes.cluster.address
    yield nodes
    ray.shutdown()
    nodes.cluster.shutdown()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def nodes(started: TwoNodes) -> TwoNodes:
    started.complete()
    return started


@pytest.fixture
def engine(started: TwoNodes, tmp_path: Path) -> Ray:
    return Ray({"workers": 0}, tmp_path, (tmp_path,))


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """What the embedded engine makes."""
    return made(tmp_path_factory.mktemp("local"), "local")


def made(root: Path, name: str) -> Project:
    """A corpus of some shards, built by an engine."""
    return run_stages(laid_out(root, name))


def laid_out(root: Path, name: str) -> Project:
    (root / "seeds").mkdir(parents=True)
    for file, text in articles(DOCUMENTS).items():
        (root / "seeds" / file).write_text(text, "utf-8")
    write_seeds(root, {"seeds/doubled.txt": "In Kiev,, he said.", "my_desk/rules.py": PLUGIN})
    settings = {"shards": SHARDS, "engine": {"name": name, "workers": 1}, "plugins": ["my_desk.rules"]}
    (root / "params.yaml").write_text(json.dumps(settings))
    return Project.open(root)


def outputs(project: Project) -> dict[str, bytes]:
    return {
        f"{folder.name}/{name}": data
        for folder in (project.corpus, project.build, project.reports)
        for name, data in file_bytes(folder).items()
    }


@pytest.mark.slow
def test_the_bytes_are_those_of_the_embedded_engine_in_any_order(
    started: TwoNodes, local: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapped = Ray.map
    rng = random.Random(1)

    def shuffled(self: Ray, function: Any, tasks: Any) -> Any:
        tasks = list(tasks)
        order = rng.sample(range(len(tasks)), len(tasks))
        return ((order[place], result) for place, result in mapped(self, function, [tasks[n] for n in order]))

    monkeypatch.setattr(Ray, "map", shuffled)
    project = made(tmp_path / "project", "ray")
    assert len(runner.read_receipts(project, "clean")) >= SOME_SHARDS
    assert outputs(project) == outputs(local)
    metrics = json.loads((project.reports / "metrics.json").read_text("utf-8"))
    assert metrics["edits"]["double-comma"] == 1

    def written() -> dict[Path, int]:
        return {path: path.stat().st_ino for path in (project.build / "store").rglob("*")}

    before = written()
    run_stages(project)
    assert written() == before


@pytest.mark.slow
def test_the_join_by_rounds_writes_the_bytes_of_the_join_in_memory(started: TwoNodes, tmp_path: Path) -> None:
    found = []
    for name, join in (("local", "memory"), ("ray", "rounds")):
        root = tmp_path / name
        project = laid_out(root, "local")
        for number in range(3):
            text = (root / "seeds" / "article-0001.txt").read_text("utf-8")
            (root / "seeds" / f"copy-{number}.txt").write_text(f"{text} One sentence more."[number:], "utf-8")
        run_stages(project, "describe")
        project.params["engine"] |= {"name": name, "join": join}
        deduplicate.run(project)
        found.append(outputs(project))
        receipts = runner.read_receipts(project, "deduplicate")
        tables = [project.store.read(shard["duplicates"]) for shard in receipts]
        assert sum(len(table) - table["duplicate_of"].null_count for table in tables) == 3
    assert found[0] == found[1]


@pytest.mark.slow
def test_results_keep_the_order_of_the_tasks(engine: Ray) -> None:
    results = list(engine.run(square, range(20)))
    assert [value for value, _ in results] == [n * n for n in range(20)]
    assert os.getpid() not in {process for _, process in results}


@pytest.mark.slow
def test_an_error_of_a_task_comes_through(engine: Ray) -> None:
    with pytest.raises(ValueError, match="no root of -1"):
        list(engine.run(square, [1, 2, -1, 4]))


@pytest.mark.cluster
def test_what_a_killed_worker_left_is_done_again(engine: Ray, tmp_path: Path) -> None:
    tasks = [(n, tmp_path, 2 if n == 2 else 0) for n in range(5)]
    assert list(engine.run(square_at_last, tasks)) == [n * n for n in range(5)]
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.cluster
def test_a_task_that_kills_each_worker_is_named(engine: Ray, tmp_path: Path) -> None:
    with pytest.raises(
        BuildError, match=r"shard 2 of those left to do: Ray gave up after 3 retries.*finished work is kept"
    ):
        list(engine.run(square_at_last, [(1, tmp_path, 0), (2, tmp_path, 99)]))


@pytest.mark.cluster
def test_a_node_may_die_in_the_map(
    nodes: TwoNodes, local: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "compute", compute_beside_a_falling_node)
    assert outputs(made(tmp_path / "project", "ray")) == outputs(local)
    assert nodes.falling.with_suffix(".fallen").exists()
    assert not any(path.suffix == ".tmp" for path in tmp_path.rglob("*"))


def same_edges(found: Engine, function: Callable[[int], Any], tasks: list[int], scratch: Path) -> None:
    expected = list(Local({"workers": 1}, scratch).edges(keyed, range(20)))
    for (numbers, keys), (others, their_keys) in zip(found.edges(function, tasks), expected, strict=True):
        assert len(numbers) > 1000
        assert np.array_equal(numbers, others)
        assert np.array_equal(keys, their_keys)
    assert not list(scratch.iterdir())


@pytest.mark.cluster
def test_edges_are_those_of_the_embedded_engine(engine: Ray, nodes: TwoNodes, tmp_path: Path) -> None:
    same_edges(engine, keyed, random.Random(1).sample(range(20), 20), tmp_path)


@pytest.mark.slow
def test_an_error_in_the_shuffle_comes_through(engine: Ray) -> None:
    with pytest.raises(ValueError, match="no root of -1"):
        list(engine.edges(square, [-1]))


@pytest.mark.cluster
def test_a_node_may_die_in_the_shuffle(engine: Ray, nodes: TwoNodes, tmp_path: Path) -> None:
    same_edges(engine, keyed_beside_a_falling_node, list(range(20)), tmp_path)
    assert nodes.falling.with_suffix(".fallen").exists()


@pytest.mark.cluster
def test_storage_that_a_node_does_not_see_is_an_error(nodes: TwoNodes, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "a.txt").touch()
    told = "of the Ray cluster does not see .* as this machine does; put the project on storage that all nodes mount"
    for hidden in ("work", "seeds"):
        handle = os.open(tmp_path / hidden, os.O_RDONLY)
        try:
            # Paths that lead to these folders in this process only.
            places = [
                Path(f"/proc/self/fd/{handle}") if name == hidden else tmp_path / name for name in ("work", "seeds")
            ]
            with pytest.raises(BuildError, match=told):
                Ray({"workers": 0}, tmp_path, tuple(places))
        finally:
            os.close(handle)
    assert not list((tmp_path / "work").iterdir())


@pytest.mark.cluster
def test_with_a_bucket_the_nodes_need_no_folder_but_seeds(
    nodes: TwoNodes, s3: S3, local: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COPYDESK_STORE", f"s3://{s3.bucket()}/shards")
    laid_out(tmp_path / "project", "ray")
    handle = os.open(tmp_path / "project", os.O_RDONLY)
    try:
        # A path that leads to this folder in this process only.
        project = Project.open(f"/proc/self/fd/{handle}")
        told = r"does not see /proc/self/fd/\d+/seeds as .* here: COPYDESK_ENGINE=local dvc repro ingest\)$"
        with pytest.raises(BuildError, match=told):
            STAGES["ingest"](project)
        monkeypatch.setenv("COPYDESK_ENGINE", "local")
        STAGES["ingest"](project)
        monkeypatch.setenv("COPYDESK_ENGINE", "ray")
        for stage in ("clean", "split", "describe", "deduplicate", "package"):
            STAGES[stage](project)
        found = outputs(project)
    finally:
        os.close(handle)
    found.pop("build/hashes.parquet", None)  # the second reading of the seeds notes when they were written
    assert found == {name: data for name, data in outputs(local).items() if not name.startswith("build/store/")}
    files = s3.files()
    kept = files.cat(files.find(str(project.store.root)))
    assert {path.partition("/shards/")[2]: data for path, data in kept.items()} == file_bytes(local.build / "store")


@pytest.mark.slow
def test_a_store_that_a_node_reads_otherwise_is_an_error(
    started: TwoNodes, s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What this process puts there goes somewhere else, as with another server of the same names.
    monkeypatch.setattr("copydesk.engines.ray.storage", lambda _: FolderStorage(tmp_path))
    told = "does not read what this machine has written to the store: "
    with pytest.raises(BuildError, match=f"node .* of the Ray cluster {told}"):
        Ray({"workers": 0}, tmp_path, (f"s3://{s3.bucket()}/shards",))
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_records_are_read_on_the_nodes(started: TwoNodes, tmp_path: Path) -> None:
    found = []
    for name in ("local", "ray"):
        project = laid_out(tmp_path / name, name)
        shutil.rmtree(project.seeds)
        lines = [json.dumps({"id": file, "text": text}) for file, text in articles(DOCUMENTS).items()]
        write_seeds(project.seeds, {"articles.jsonl": "\n".join(lines)})
        found.append(outputs(run_stages(project, until="ingest")))
        assert sum(parts["raw"].rows for parts in runner.read_receipts(project, "ingest")) == DOCUMENTS
        assert len(runner.read_receipts(project, "ingest")) >= SOME_SHARDS
    assert found[0] == found[1]


def test_without_ray_the_error_says_how_to_get_it() -> None:
    code = "import sys; sys.modules['ray'] = None; from copydesk.engines import engine; engine({'name': 'ray'})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ConfigError: the engine ray: " in done.stderr
    assert done.stderr.rstrip().endswith("install it with: pip install 'copydesk[ray]'")
