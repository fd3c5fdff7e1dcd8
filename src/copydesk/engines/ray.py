"""Ray: tasks on the machines of a cluster, which all see the project's folders at the same paths, or its bucket.

Ray runs what it is given at least once and in any order. So nothing is taken from it but receipts: functions write
their results themselves, under names that follow from the task. Ray Data is used for one thing, to bring equal keys
together, where the order of rows does not matter either.
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

# Set before Ray is imported, which reads them then; what the user has set stays.
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

# For 127.0.0.1 Ray on Linux takes the address by which others reach this machine.
_LOOPBACK = "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"
_RETRIES = 3  # after the death of a worker or of its node
_SHARDS_TOGETHER = 64  # whose keys one task of the shuffle reads
_KEYS = pa.schema({"column": pa.int32(), "number": pa.int64(), "key": pa.uint64()})
_LOST = (
    "; what is finished is kept, and the next run goes on from there. If workers were killed for want of memory: "
    "lower shards.maximum or shards.max_bytes"
)

#: Sets of folders and addresses that each node of the cluster was found to see.
_seen: set[tuple[Root, ...]] = set()


class Ray(Engine):
    """The cluster that ``RAY_ADDRESS`` names; without it one of this machine's processes, ended with this one.

    Parameters
    ----------
    settings : mapping
        ``workers``: processes where the cluster is this machine's, 0 as for the engine local.
    scratch : Path
        Where files of this process lie for a while.
    shared : sequence of Path or str
        What functions read and write, which all nodes share: first the store, then folders.

    Raises
    ------
    BuildError
        If there is no cluster, or if one of its nodes does not see what is shared.
    StoreError
        If this process cannot use the store.
    """

    def __init__(self, settings: dict[str, Any], scratch: Path | None, shared: tuple[Root, ...]) -> None:
        _connect(settings["workers"] or suitable())
        self._scratch = scratch
        self._cpus = max(1, int(ray.cluster_resources().get("CPU", 1)))
        store, *others = (place.absolute() if isinstance(place, Path) else place for place in shared)
        # Where relative paths of tasks begin; with a bucket there are none, and nodes need no such folder.
        self._folder = None if isinstance(store, str) else Path.cwd()
        if (store, *others) not in _seen:
            _probe(self._folder, store, [Path(folder) for folder in others])
            _seen.add((store, *others))

    def map(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[tuple[int, Result]]:
        """See ``Engine.map``."""
        call = ray.remote(max_retries=_RETRIES, memory=WORKER_MEMORY)(_call)
        left = enumerate(tasks)
        running: dict[Any, int] = {}
        try:
            while True:
                for place, task in islice(left, 2 * self._cpus - len(running)):
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
        """See ``Engine.edges``. What shares no key with another stays in the cluster."""
        tasks = list(tasks)
        blocks = min(len(tasks), max(4 * self._cpus, len(tasks) // _SHARDS_TOGETHER))
        places = ray.data.from_items([{"place": place} for place in range(len(tasks))], override_num_blocks=blocks)
        whole = {"batch_format": "pyarrow", "batch_size": None}
        known, folder = ray.put(tasks), self._folder
        # Rows with equal keys come into one block, and a block is one batch.
        found = (
            places.map_batches(lambda batch: _keyed(folder, function, known, batch), **whole)
            .repartition(blocks, keys=["column", "key"])
            .map_batches(_shared_in, **whole)
        )
        columns: dict[int, tuple[IO[bytes], IO[bytes]]] = {}
        with ExitStack() as files:
            for batch in _batches(found.iter_batches(**whole)):
                owners, *values = (batch[name].to_numpy() for name in _KEYS.names)
                for column in np.unique(owners).tolist():
                    if column not in columns:
                        columns[column] = (
                            files.enter_context(TemporaryFile(dir=self._scratch)),
                            files.enter_context(TemporaryFile(dir=self._scratch)),
                        )
                    for file, each in zip(columns[column], values, strict=True):
                        file.write(each[owners == column].tobytes())
            for column in range(max(columns, default=-1) + 1):
                if column in columns:
                    numbers, keys = columns[column]
                    numbers.seek(0)
                    keys.seek(0)
                    yield shared(np.fromfile(numbers, dtype=np.int64), np.fromfile(keys, dtype=np.uint64))


def _connect(workers: int) -> None:
    """Join the user's cluster, or begin one; never whatever cluster happens to run on this machine."""
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
    except Exception as error:  # of many kinds, plain ones among them
        raise BuildError(f"no Ray cluster at {address} (RAY_ADDRESS): {_line(error)}") from None
    context = ray.data.DataContext.get_current()
    # The only one that survives the loss of a node.
    context.shuffle_strategy = ShuffleStrategy.SHUFFLE_V2
    context.raise_original_map_exception = True
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.WARNING)


def _probe(folder: Path | None, store: Root, folders: list[Path]) -> None:
    """Have each node read what this process has just put into the store, and list the other folders."""
    token = f".probe-{secrets.token_hex(8)}"
    storage(store).write(token, token.encode())
    try:
        here = [token, *map(_listed, folders)]
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
            found, why = _result(reference, f"the look at {name}")
            for place, expected, seen in zip((store, *folders), here, found, strict=True):
                if seen != expected:
                    raise BuildError(f"{name} of the Ray cluster {_unseen(place, why)}")
        if not any(node["Resources"].get("memory", 0) >= WORKER_MEMORY for node in nodes):
            raise BuildError(f"no node of the Ray cluster has {WORKER_MEMORY >> 20} MB of memory for a worker")
    finally:
        storage(store).delete(token)


def _unseen(place: Root, why: str) -> str:
    if isinstance(place, str):
        return f"does not read what this machine has put into the store: {why or 'other bytes were there'}"
    return (
        f"does not see {place} as this machine does; put the project on storage that all nodes mount at the same "
        "path (with COPYDESK_STORE only ingest needs that, and can run here: COPYDESK_ENGINE=local dvc repro ingest)"
    )


def _result(reference: Any, what: str) -> Any:
    """The result of a Ray task; what its function raised comes through as it was."""
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


# What runs on the nodes.


def _call(folder: Path | None, function: Callable[[Task], Result], task: Task) -> Result:
    if folder is not None:
        os.chdir(folder)
    return function(task)


def _look(folder: Path | None, store: Root, token: str, others: list[Path]) -> tuple[list[Any], str]:
    """What is seen of the store and of each folder, and why nothing is seen of the store."""
    try:
        found, why = _call(folder, lambda name: storage(store).read(name).decode(), token), ""
    except (OSError, CopydeskError) as error:
        found, why = None, str(error)
    return [found, *map(_listed, others)], why


def _listed(folder: Path) -> list[str] | None:
    try:
        return sorted(path.name for path in folder.iterdir())[:1000]
    except OSError:
        return None


def _keyed(
    folder: Path | None, function: Callable[[Task], tuple[Numbers, Keys]], tasks: Any, batch: pa.Table
) -> pa.Table:
    """Rows of numbers and keys of some tasks."""
    known = ray.get(tasks)
    tables = [_KEYS.empty_table()]
    for place in batch["place"].to_pylist():
        numbers, keys = _call(folder, function, known[place])
        count, columns = keys.shape
        values = [np.repeat(np.arange(columns), count), np.tile(numbers, columns), keys.T.ravel()]
        tables.append(pa.table(values, schema=_KEYS))
    return pa.concat_tables(tables)


def _shared_in(rows: pa.Table) -> pa.Table:
    """Those rows of a partition whose key another row has too."""
    tables = [_KEYS.empty_table()]
    if rows.num_rows:
        owners, numbers, keys = (rows[name].to_numpy() for name in _KEYS.names)
        for column in np.unique(owners).tolist():
            here = owners == column
            found = shared(numbers[here], keys[here])
            tables.append(pa.table([np.full(len(found[0]), column), *found], schema=_KEYS))
    return pa.concat_tables(tables)
