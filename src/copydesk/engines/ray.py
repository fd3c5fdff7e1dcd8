"""The engine for a Ray cluster, whose machines see the project's folders at the same paths, or its bucket.

Ray runs a task at least once and in any order. So functions write their results themselves, under names that follow
from the task, and return only receipts. Ray Data is used only to bring equal keys together, where the order of rows
does not matter.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np
import pyarrow as pa

from copydesk.engines.interface import Engine, Keys, Numbers, Result, Task, shared
from copydesk.engines.local import WORKER_MEMORY, suitable
from copydesk.errors import BuildError, ConfigError, CopydeskError
from copydesk.store.open_backend import Root, storage

# Ray reads these when it is imported. Values that the user has set stay.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

try:
    import ray
    import ray.data
    from ray.data.context import ShuffleStrategy
    from ray.exceptions import RayError, RayTaskError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ImportError as error:
    raise ConfigError(f"the engine ray: {error}; install it with: pip install 'copydesk[ray]'") from None

# For 127.0.0.1 Ray on Linux would listen on the address by which other machines reach this one.
_LOOPBACK = "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"
_RETRIES = 3  # after a worker or its node was killed
_SHARDS_TOGETHER = 64  # shards whose keys one task of the shuffle reads
_KEYS = pa.schema({"column": pa.int32(), "number": pa.int64(), "key": pa.uint64()})
_LOST = (
    "; finished work is kept, and the next run continues from there. If workers were killed for lack of memory, "
    "lower shards.maximum or shards.max_bytes"
)

#: Sets of folders and URLs that every node of the cluster has been checked to see.
_checked: set[tuple[Root, ...]] = set()


class Ray(Engine):
    """The cluster at ``RAY_ADDRESS``, or without it a cluster of processes on this machine, ended with this process.

    Parameters
    ----------
    settings : mapping
        ``workers``: number of processes of a cluster on this machine; 0 as for the engine local.
    scratch : Path
        Folder for temporary files of this process.
    shared : sequence of Path or str
        What the functions read and write, visible to all nodes: first the store, then folders.

    Raises
    ------
    BuildError
        If there is no cluster, or one of its nodes does not see what is shared.
    StoreError
        If this process cannot use the store.
    """

    def __init__(self, settings: dict[str, Any], scratch: Path | None, shared: tuple[Root, ...]) -> None:
        _connect(settings["workers"] or suitable())
        self._scratch = scratch
        self._cpus = max(1, int(ray.cluster_resources().get("CPU", 1)))
        store, *folders = (root.absolute() if isinstance(root, Path) else root for root in shared)
        # Base of relative paths in tasks. With a bucket there are none, and nodes need no such folder.
        self._folder = None if isinstance(store, str) else Path.cwd()
        if (store, *folders) not in _checked:
            _probe(self._folder, store, [Path(folder) for folder in folders])
            _checked.add((store, *folders))

    def map(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[tuple[int, Result]]:
        """See ``Engine.map``."""
        call = ray.remote(max_retries=_RETRIES, memory=WORKER_MEMORY)(_call)
        todo = enumerate(tasks)
        running: dict[Any, int] = {}
        try:
            while True:
                for place, task in islice(todo, 2 * self._cpus - len(running)):
                    running[call.remote(self._folder, function, task)] = place
                if not running:
                    return
                (done, *_), _ = ray.wait(list(running))
                place = running.pop(done)
                yield place, _result(done, f"shard {place + 1} of those left to do")
        finally:
            for reference in running:
                ray.cancel(reference)

    def edges(
        self, function: Callable[[Task], tuple[Numbers, Keys]], tasks: Iterable[Task]
    ) -> Iterator[tuple[Numbers, Keys]]:
        """See ``Engine.edges``. Rows whose key is not shared stay in the cluster."""
        tasks = list(tasks)
        blocks = min(len(tasks), max(4 * self._cpus, len(tasks) // _SHARDS_TOGETHER))
        places = ray.data.from_items([{"place": place} for place in range(len(tasks))], override_num_blocks=blocks)
        whole = {"batch_format": "pyarrow", "batch_size": None}
        task_list, folder = ray.put(tasks), self._folder
        # The repartition brings rows with equal keys into one block, and a block is one batch.
        rows = (
            places.map_batches(lambda batch: _keyed(folder, function, task_list, batch), **whole)
            .repartition(blocks, keys=["column", "key"])
            .map_batches(_shared_in, **whole)
        )
        columns: dict[int, tuple[IO[bytes], IO[bytes]]] = {}
        with ExitStack() as files:
            for batch in _batches(rows.iter_batches(**whole)):
                owners, *values = (batch[name].to_numpy() for name in _KEYS.names)
                for column in np.unique(owners).tolist():
                    if column not in columns:
                        columns[column] = (
                            files.enter_context(TemporaryFile(dir=self._scratch)),
                            files.enter_context(TemporaryFile(dir=self._scratch)),
                        )
                    for file, column_values in zip(columns[column], values, strict=True):
                        file.write(column_values[owners == column].tobytes())
            for column in range(max(columns, default=-1) + 1):
                if column in columns:
                    numbers, keys = columns[column]
                    numbers.seek(0)
                    keys.seek(0)
                    yield shared(np.fromfile(numbers, dtype=np.int64), np.fromfile(keys, dtype=np.uint64))


def _connect(workers: int) -> None:
    """Connect to the user's cluster, or start one; never to another cluster that happens to run on this machine."""
    if ray.is_initialized():
        return
    address = os.environ.get("RAY_ADDRESS") or "local"
    own = {"num_cpus": workers, "include_dashboard": False, "_node_ip_address": _LOOPBACK}
    try:
        ray.init(
            address=address,
            logging_level=logging.WARNING,
            log_to_driver=False,
            **(own if address == "local" else {}),
        )
    except Exception as error:  # Ray raises exceptions of many types
        raise BuildError(f"no Ray cluster at {address} (RAY_ADDRESS): {_line(error)}") from None
    context = ray.data.DataContext.get_current()
    # The only strategy that survives the loss of a node.
    context.shuffle_strategy = ShuffleStrategy.SHUFFLE_V2
    context.raise_original_map_exception = True
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.WARNING)


def _probe(folder: Path | None, store: Root, folders: list[Path]) -> None:
    """Check that each node reads a new object from the store, and sees the same files in the other folders."""
    token = f".probe-{secrets.token_hex(8)}"
    storage(store).write(token, token.encode())
    try:
        expected_views = [token, *map(_listed, folders)]
        nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
        look = ray.remote(max_retries=_RETRIES, num_cpus=0)(_look)
        looks = [
            look.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)).remote(
                folder, store, token, folders
            )
            for node in nodes
        ]
        for node, reference in zip(nodes, looks, strict=True):
            name = f"node {node['NodeManagerHostname']} ({node['NodeManagerAddress']})"
            views, problem = _result(reference, f"the check of {name}")
            for root, expected, seen in zip((store, *folders), expected_views, views, strict=True):
                if seen != expected:
                    raise BuildError(f"{name} of the Ray cluster {_unseen(root, problem)}")
        if not any(node["Resources"].get("memory", 0) >= WORKER_MEMORY for node in nodes):
            raise BuildError(f"no node of the Ray cluster has {WORKER_MEMORY >> 20} MB of memory for a worker")
    finally:
        storage(store).delete(token)


def _unseen(root: Root, problem: str) -> str:
    if isinstance(root, str):
        return f"does not read what this machine has written to the store: {problem or 'it read other bytes'}"
    return (
        f"does not see {root} as this machine does; put the project on storage that all nodes mount at the same "
        "path (with COPYDESK_STORE only ingest needs that, and can run here: COPYDESK_ENGINE=local dvc repro ingest)"
    )


def _result(reference: Any, what: str) -> Any:
    """Return the result of a Ray task; an exception of its function is raised unchanged."""
    try:
        return ray.get(reference)
    except RayTaskError as error:
        raise error.cause from None
    except RayError as error:
        raise BuildError(f"{what}: Ray gave up after {_RETRIES} retries: {_line(error)}{_LOST}") from None


def _batches(batches: Iterator[pa.Table]) -> Iterator[pa.Table]:
    try:
        yield from batches
    except RayTaskError as error:
        raise error.cause from None
    except RayError as error:
        raise BuildError(f"the search for duplicates: Ray gave up: {_line(error)}{_LOST}") from None


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:500]


# The functions below run on the nodes.


def _call(folder: Path | None, function: Callable[[Task], Result], task: Task) -> Result:
    if folder is not None:
        os.chdir(folder)
    return function(task)


def _look(folder: Path | None, store: Root, token: str, folders: list[Path]) -> tuple[list[Any], str]:
    """Return what a node sees of the store and of each folder, and the error if it cannot read the store."""
    try:
        content, problem = _call(folder, lambda name: storage(store).read(name).decode(), token), ""
    except (OSError, CopydeskError) as error:
        content, problem = None, str(error)
    return [content, *map(_listed, folders)], problem


def _listed(folder: Path) -> list[str] | None:
    try:
        return sorted(path.name for path in folder.iterdir())[:1000]
    except OSError:
        return None


def _keyed(
    folder: Path | None, function: Callable[[Task], tuple[Numbers, Keys]], tasks: Any, batch: pa.Table
) -> pa.Table:
    """Return the numbers and keys of a batch of tasks, one row for each number and column."""
    task_list = ray.get(tasks)
    tables = [_KEYS.empty_table()]
    for place in batch["place"].to_pylist():
        numbers, keys = _call(folder, function, task_list[place])
        count, columns = keys.shape
        values = [np.repeat(np.arange(columns), count), np.tile(numbers, columns), keys.T.ravel()]
        tables.append(pa.table(values, schema=_KEYS))
    return pa.concat_tables(tables)


def _shared_in(rows: pa.Table) -> pa.Table:
    """Return the rows of a partition whose key occurs more than once."""
    tables = [_KEYS.empty_table()]
    if rows.num_rows:
        owners, numbers, keys = (rows[name].to_numpy() for name in _KEYS.names)
        for column in np.unique(owners).tolist():
            in_column = owners == column
            pairs = shared(numbers[in_column], keys[in_column])
            tables.append(pa.table([np.full(len(pairs[0]), column), *pairs], schema=_KEYS))
    return pa.concat_tables(tables)
