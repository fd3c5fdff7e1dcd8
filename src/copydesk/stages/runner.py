"""Run a stage over its shards: take cached results from the store, and compute the others."""

from __future__ import annotations

import gc
import importlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from copydesk.core.atomic_files import explained, read_json_lines, remove_unfinished, write_json_lines, write_text
from copydesk.core.json_schema import schema_path
from copydesk.core.plugins import Kind, Plugin, deciding, load_plugins
from copydesk.core.progress import fail, guard, track
from copydesk.engines import engine
from copydesk.engines.interface import Engine
from copydesk.errors import BuildError, CopydeskError
from copydesk.project import Project, build_lock
from copydesk.stages.incremental import with_reuse
from copydesk.store.fingerprint import fingerprint, inputs_hash, key
from copydesk.store.last_build import Before, Finished, Last
from copydesk.store.open_backend import Root
from copydesk.store.shard_store import Part, Parts, Store
from copydesk.tables.table import Table, table
from copydesk.tables.without_pandas import keep_pandas_out


class Output(NamedTuple):
    """A table that a stage writes: its schema, for a part of a table its columns, and whether it is published.

    ``unsplit`` says that it lacks the column ``split``, which is only known later.
    """

    schema: str
    columns: tuple[str, ...] = ()
    published: bool = False
    unsplit: bool = False


class Stage(NamedTuple):
    """What a stage reads and writes.

    Attributes
    ----------
    name : str
        Name of the module below ``copydesk.stages``.
    reads : tuple of str
        Tables that it reads, as ``stage.table``.
    writes : mapping of str to Output
        Tables that it writes.
    params : tuple of str
        Sections of params.yaml that it reads.
    by_document : bool
        Whether its rows of a document depend on that document alone and keep the order of the documents; the first
        table that it reads must have one row per document. Then rows of the last build are reused, see
        ``incremental``.
    plugins : Kind or None
        What plug-ins may add to it; their code is then part of its fingerprint.
    """

    name: str
    reads: tuple[str, ...]
    writes: Mapping[str, Output]
    params: tuple[str, ...] = ()
    by_document: bool = False
    plugins: Kind | None = None


class Shard(NamedTuple):
    """The input of a stage's function: tables by name, settings by section, and whatever its ``run`` adds."""

    tables: dict[str, pa.Table]
    params: dict[str, Any]
    extra: Any = None


class Task(NamedTuple):
    """One shard of work, small enough to send to another process."""

    stage: Stage
    key: str
    inputs: str
    store: Root
    shapes: dict[str, Table]
    parts: dict[str, Part]
    params: dict[str, Any]
    extra: Any
    before: Before | None = None
    plugins: tuple[Plugin, ...] = ()


#: Tables with one row per document; a stage writes one of them. Published tables are divided by split.
_OF_EACH = frozenset({"raw", "text", "spans", "description"})
#: Threshold of the youngest generation of the garbage collector.
_YOUNG = 70_000
#: Lists in what ingest passes on.
_PASSED_ON = ("benchmarks", "takedowns", "decisions")
#: The output of a stage's function: for each table that it writes, the table or its rows.
Made = Mapping[str, pa.Table | list[dict[str, Any]]]
ShardFunction = Callable[[Shard], Made]


class Schedule(NamedTuple):
    """The shards of a stage: tasks for all of them, and the results of those that are cached, else None.

    ``last`` has the shards of the last build, ``runner`` is the engine for what is to do.
    """

    stage: Stage
    tasks: list[Task]
    done: list[Parts | None]
    last: Last
    runner: Engine

    @property
    def keys(self) -> list[str]:
        """The keys of all shards."""
        return [task.key for task in self.tasks]

    @property
    def todo(self) -> list[Task]:
        """The tasks of the shards to compute."""
        return [task for task, parts in zip(self.tasks, self.done, strict=True) if parts is None]

    def with_extra(self, extra: Callable[[Task], Any]) -> Schedule:
        """The same with another value for the function of the tasks to do; it must not change what they make."""
        pairs = zip(self.tasks, self.done, strict=True)
        tasks = [task._replace(extra=extra(task)) if parts is None else task for task, parts in pairs]
        return self._replace(tasks=tasks)


def run_shards(
    project: Project,
    stage: Stage,
    common: tuple[Any, Any] = (None, None),
    where: Callable[[Mapping[str, Part]], bool] | None = None,
) -> list[Parts]:
    """Run a stage over the shards of the stages that it reads, and write its receipts.

    Parameters
    ----------
    project : Project
    stage : Stage
    common : (identity, extra)
        The identity of what all shards have in common besides their tables (part of the key), and the value for the
        stage's function.
    where : callable, optional
        Whether a shard with these parts is to be run at all.

    Returns
    -------
    list of Parts
        One entry per shard, in corpus order.
    """
    schedule = schedule_shards(project, stage, common=common, where=where)
    if stage.by_document:
        replaced = schedule.last.replaced_by(schedule.keys)
        tasks = [task._replace(before=before) for task, before in zip(schedule.tasks, replaced, strict=True)]
        schedule = schedule._replace(tasks=tasks)
    return run_scheduled(project, schedule)


def schedule_shards(
    project: Project,
    stage: Stage,
    extras: Iterable[tuple[Any, Any]] | None = None,
    common: tuple[Any, Any] = (None, None),
    where: Callable[[Mapping[str, Part]], bool] | None = None,
) -> Schedule:
    """Find out which shards of a stage are cached; errors as for :func:`read_inputs`.

    Parameters
    ----------
    project : Project
    stage : Stage
    extras : iterable of (identity, extra), optional
        For the first stage: one entry per shard, with the identity of its input (part of the key) and the value for
        its function. Other stages have the shards of the stages that they read.
    common : (identity, extra)
        The same for other stages, once for all shards.
    where : callable, optional
        Of stages that read others: whether a shard with these parts is to be run at all.
    """
    params = {name: project.params[name] for name in stage.params}
    schemas = [schema_path(output.schema, project.schemas) for output in stage.writes.values()]
    shapes = {name: output_table(output, project.schemas) for name, output in stage.writes.items()}
    plugins = project.plugins if stage.plugins else ()
    added = {}
    if stage.plugins:
        load_plugins(plugins)
        added = deciding(stage.plugins)
    code = fingerprint(f"copydesk.stages.{stage.name}", schemas, params, added)
    store = project.store
    inputs = [parts for parts in read_inputs(project, stage.reads) if where is None or where(parts)]
    given = [common] * len(inputs) if extras is None else list(extras)
    inputs = inputs or [{} for _ in given]
    tasks = []
    for parts, (identity, extra) in zip(inputs, given, strict=True):
        hashes = {name: part.sha256 for name, part in parts.items()}
        inputs_of_task = inputs_hash([hashes, identity])
        task_key = key(stage.name, code, inputs_of_task)
        tasks.append(Task(stage, task_key, inputs_of_task, store.root, shapes, parts, params, extra, plugins=plugins))
    seeds = [] if extras is None else [project.seeds, project.build / "records"]
    runner = engine(project.params["engine"], project.build, store.root, *seeds)
    last = Last(project.finished(stage.name), store, stage.name, code, json.dumps(common[0], sort_keys=True))
    return Schedule(stage, tasks, store.results([task.key for task in tasks]), last, runner)


def run_scheduled(project: Project, schedule: Schedule) -> list[Parts]:
    """Compute the shards that are not cached, and write the receipts of all; return them in corpus order."""
    todo, label = schedule.todo, schedule.stage.name
    computed = track(schedule.runner.run(compute, todo), len(todo), label, len(schedule.tasks), documents=_documents)
    results = [parts if parts is not None else next(computed) for parts in schedule.done]
    for _ in computed:  # lets the progress bar end
        pass
    write_receipts(project, label, results)
    schedule.last.remember(
        [Finished(task.inputs, task.parts, made) for task, made in zip(schedule.tasks, results, strict=True)]
    )
    return results


def _documents(parts: Parts) -> int:
    """Number of documents of a shard: rows of the tables with one row per document."""
    return sum(part.rows for name, part in parts.items() if name in _OF_EACH or name.startswith("documents_"))


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Run the garbage collector a hundred times less often: a shard makes many small objects, but no cycles."""
    young, *older = gc.get_threshold()
    gc.set_threshold(young and max(young, _YOUNG), *older)  # 0 would be never
    try:
        yield
    finally:
        gc.set_threshold(young, *older)


@_seldom_collected()
def compute(task: Task) -> Parts:
    """Run a stage's function on one shard and put its output into the store."""
    if task.stage.plugins:
        load_plugins(task.plugins)
    store = Store(task.store)
    given = {name: store.read(part) for name, part in task.parts.items()}
    run = partial(_made, task)
    reused = with_reuse(store, task.before, given, list(task.stage.writes), run) if task.before else None
    made = run(given) if reused is None else reused
    # Combined, because the bytes of a file also depend on the chunks of its columns.
    tables = {name: made[name].combine_chunks() for name in task.stage.writes}
    return store.put(task.key, tables, [name for name, output in task.stage.writes.items() if output.published])


def _made(task: Task, given: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """The output of a stage's function for some tables, converted to the schemas."""
    function: ShardFunction = importlib.import_module(f"copydesk.stages.{task.stage.name}").shard
    tables = {name.partition(".")[2]: table for name, table in given.items()}
    made = function(Shard(tables, task.params, task.extra))
    shaped = {}
    for name in task.stage.writes:
        shape = task.shapes[name]
        content = made[name]
        shaped[name] = shape.from_rows(content) if isinstance(content, list) else shape.conform(content)
    return shaped


def output_table(output: Output, schemas: Path) -> Table:
    """The table of an output, with its schema."""
    columns = output.columns
    if output.unsplit:
        columns = tuple(name for name in table(output.schema, schemas).arrow.names if name != "split")
    return table(output.schema, schemas, columns)


def read_inputs(project: Project, names: Iterable[str]) -> list[dict[str, Part]]:
    """Parts by ``stage.table``, one mapping per shard.

    Raises
    ------
    BuildError
        If stages were run out of order.
    """
    names = list(names)
    receipts = {stage: read_receipts(project, stage) for stage in dict.fromkeys(n.partition(".")[0] for n in names)}
    if len({len(shards) for shards in receipts.values()}) > 1:
        counts = ", ".join(f"{stage}: {len(shards)}" for stage, shards in receipts.items())
        raise BuildError(f"{project.build}: stages disagree on the number of shards ({counts}); run dvc repro")
    count = len(next(iter(receipts.values()))) if receipts else 0
    split = [(name, *name.split(".")) for name in names]
    return [{name: receipts[stage][i][table_name] for name, stage, table_name in split} for i in range(count)]


def read_receipts(project: Project, stage: str) -> list[Parts]:
    """The output of a stage, shard by shard."""
    path = project.receipts(stage)
    try:
        return [{name: Part(*part) for name, part in row.items()} for row in read_json_lines(path)]
    except FileNotFoundError:
        raise BuildError(f"{path}: missing; run the stage {stage} first, or dvc repro") from None
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BuildError(f"{path}: damaged ({error}); delete {project.build} and build again") from None


def read_passed_on(project: Project) -> dict[str, Any]:
    """What ingest read of hand-written files: valid rows of ``benchmarks``, ``takedowns`` and decisions.

    Raises
    ------
    BuildError
        If ingest has not run, or the file is damaged.
    """
    try:
        passed_on = dict(json.loads(project.passed_on.read_text("utf-8")))
        if missing := [name for name in _PASSED_ON if not isinstance(passed_on.get(name), list)]:
            raise ValueError(f"expected lists of {', '.join(missing)}")
        return passed_on
    except FileNotFoundError:
        raise BuildError(f"{project.passed_on}: missing; run the stage ingest first, or dvc repro") from None
    except (ValueError, TypeError, RecursionError) as error:
        raise BuildError(f"{project.passed_on}: damaged ({error}); delete {project.build} and build again") from None


def write_receipts(project: Project, stage: str, shards: Iterable[Parts]) -> None:
    """Record the output of a stage: one line per shard, with the rows and the file hash of each table."""
    # Sorted, because computed and cached results list their tables in different orders.
    listed = [dict(sorted(parts.items())) for parts in shards]
    if listed:
        write_json_lines(project.receipts(stage), listed)
    else:
        write_text(project.receipts(stage), "\n")  # DVC warns of an empty file


def main(run: Callable[[Project], object]) -> None:
    """Run a stage in the project of the current folder; print its error in a line and exit with 1."""
    from copydesk.revisions.toolkit_lock import check_line_ends_of_stage, check_plugins, check_toolkit
    from copydesk.stages.share import take_over

    guard()
    try:
        stage = Path(sys.argv[0]).stem  # a script is named after its stage
        check_toolkit(Path(), stage)
        check_line_ends_of_stage(Path(), stage)
        project = Project.open()
        check_plugins(Path(), project.params["plugins"], stage)
        keep_pandas_out(project.params["plugins"])
        with build_lock(project):
            remove_unfinished(project.build / stage)  # DVC would take what a killed process left to other clones
            take_over(project)
            run(project)
    except CopydeskError as error:
        fail(f"{type(error).__name__}: {error}")
        raise SystemExit(1) from None
    except OSError as error:
        fail(explained(error))
        raise SystemExit(1) from None
