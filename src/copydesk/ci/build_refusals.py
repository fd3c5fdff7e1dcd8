"""What a build refuses although every file is valid: a keep condition, rules that do not exist, a schema of no table.

The build's own code decides, so both always agree. That code needs Arrow, which takes about a second to load. So it
is imported only if there is something to decide: a keep condition, the tier of a rule, or a table schema that differs
from the package's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.core.json_schema import PACKAGED, load_schema
from copydesk.core.schema_validator import Schema
from copydesk.errors import ConfigError, SchemaError

if TYPE_CHECKING:
    from copydesk.stages.runner import Output

_STAGES = ("ingest", "clean", "split", "describe", "deduplicate", "labels", "package")
#: Schemas of files that people write: they describe lines or settings, and no table.
_HAND_WRITTEN = frozenset(("benchmark", "decision", "label", "params", "raw_label", "source", "split", "takedown"))


def table_refusals(folder: Path, schemas: dict[str, Schema]) -> Iterator[tuple[str, str]]:
    """Name each table schema that cannot be turned into columns, or lacks a column that a stage writes, and why.

    Parameters
    ----------
    folder : Path
        The folder with the schemas of the project.
    schemas : dict of str to schema
        Those of its files that are valid JSON Schemas.
    """
    own = {
        name
        for name, schema in schemas.items()
        if name not in _HAND_WRITTEN and (PACKAGED / f"{name}.schema.json").exists() and schema != load_schema(name)
    }
    if not own:
        return
    from copydesk.stages.runner import Output

    refused: set[str] = set()
    for output in [*map(Output, sorted(own)), *_outputs()]:
        if output.schema in own - refused and (problem := _refusal(output.schema, folder, output.columns)):
            refused.add(output.schema)
            yield output.schema, problem


def keep_refusal(keep: str, folder: Path) -> str | None:
    """Say why ``select.keep`` cannot be evaluated over the documents; None if it can, or if they are no table."""
    if not keep.strip():
        return None
    import pyarrow as pa

    from copydesk.description.keep_condition import Condition
    from copydesk.stages.describe import LATER
    from copydesk.tables.table import Table

    try:
        columns = [field for field in Table("documents", folder).arrow if field.name not in LATER]
        Condition(keep, pa.schema(columns))
    except SchemaError:
        return None
    except ConfigError as error:
        return str(error).removeprefix("params.yaml: select.keep: ")
    return None


def rule_refusals(clean: Mapping[str, Any]) -> Iterator[tuple[list[str | int], str]]:
    """Name each rule in the section ``clean`` that does not exist: its place in the section, and why it is refused.

    Only for projects without plug-ins: which rules those add is known only when they are imported.
    """
    sections: list[tuple[list[str | int], Mapping[str, Any]]] = [([], clean)]
    sections += [(["for", number], entry) for number, entry in enumerate(clean["for"])]
    if not any(section.get("rules") for _, section in sections):
        return
    from copydesk.cleaning.plan import unknown_rules

    for keys, section in sections:
        for name, problem in unknown_rules(section):
            yield [*keys, "rules", name], problem


def _outputs() -> Iterator[Output]:
    """Every table, or part of a table, that a stage writes."""
    for name in _STAGES:
        module = import_module(f"copydesk.stages.{name}")
        yield from module.STAGE.writes.values() if hasattr(module, "STAGE") else [module.DUPLICATES]


def _refusal(name: str, folder: Path, columns: tuple[str, ...]) -> str | None:
    from copydesk.tables.table import Table

    try:
        Table(name, folder, columns)
    except SchemaError as error:
        return str(error).removeprefix(f"{name}.schema.json").lstrip(": ")
    except (TypeError, AttributeError, KeyError, ValueError) as error:  # keywords in a form that no table has
        return f"cannot be turned into columns ({type(error).__name__}: {error})"
    return None
