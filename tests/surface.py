"""What others count on, as a list of lines, and the record of what was promised: surface.json.

``make surface`` records additions; a name that goes must go as docs/stability.md says, or it is refused.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from typer.main import get_command

import copydesk
from copydesk import errors
from copydesk.cleaning.plan import RULES
from copydesk.cli import app
from copydesk.core.json_schema import load_schema
from copydesk.readers import REASONS
from copydesk.tables.table import TABLES, table

ROOT = Path(__file__).parents[1]
RECORD = Path(__file__).with_suffix(".json")
CHANGELOG = ROOT / "docs" / "changelog.md"
#: Members of public classes that are there for the package's own stages and checks.
_FOR_STAGES = {
    "Project": "benchmarks decisions hashes receipts split_list store takedowns",
    "Report": "add below extend",
}


def surface() -> list[str]:
    """Every public name: of Python, the command line, the settings, the tables, the hooks of CI."""
    return sorted({*_python(), *_commands(get_command(app), "copydesk"), *_settings(), *_tables(), *_hosts()})


def entries(docstring: str, section: str) -> list[str]:
    """What a section of a docstring lists, in order."""
    found = re.search(rf"^{section}\n-+\n(.*?)(?=^[A-Z]\w+\n-+$|\Z)", docstring, re.MULTILINE | re.DOTALL)
    lines = found[1].splitlines() if found else []
    return [name for line in lines if line[:1].strip() for name in re.split(r",\s*", line.partition(" : ")[0])]


def refusal(lost: list[str], recorded: str, now: str, changelog: str) -> str | None:
    """Why names may not go with this version, or None if they may.

    Parameters
    ----------
    lost : list of str
        Names that were promised and are not there.
    recorded, now : str
        The version that promised them, and the one that is to do without.
    changelog : str
        Text of the changelog; every name that goes stands in it under ``### Removed``.
    """
    if not lost:
        return None
    old, new = (tuple(map(int, version.split("."))) for version in (recorded, now))
    kept = 1 if old[0] else 2  # before 1.0.0 a MINOR may break
    if new[:kept] <= old[:kept]:
        wanted = f"{old[0] + 1}.0.0" if old[0] else f"0.{old[1] + 1}.0"
        return f"set __version__ to {wanted} or above: {now} promises what {recorded} did, and {lost[0]!r} is gone"
    removed = "".join(re.findall(r"^### Removed\n(.*?)(?=^##|\Z)", changelog, re.MULTILINE | re.DOTALL))
    unnamed = [name for name in lost if f"`{name}`" not in removed]
    return f"name under ### Removed in docs/changelog.md, in backticks: {', '.join(unnamed)}" if unnamed else None


def _python() -> Iterator[str]:
    for name in copydesk.__all__:
        public = getattr(copydesk, name)
        yield f"python {name}"
        if inspect.isfunction(public):
            yield from (f"python {name}({parameter})" for parameter in inspect.signature(public).parameters)
        elif inspect.isclass(public):
            members = {*vars(public), *entries(inspect.getdoc(public) or "", "Attributes")}
            members -= {*_FOR_STAGES.get(name, "").split()}
            yield from (f"python {name}.{member}" for member in members if not member.startswith("_"))
    for name, error in vars(errors).items():
        if isinstance(error, type) and issubclass(error, errors.CopydeskError):
            yield f"python errors.{name}"
    yield from (f"reason {reason}" for reason in REASONS)
    yield from (f"rule {rule.name}" for rule in RULES)


def _commands(command: Any, name: str) -> Iterator[str]:
    yield f"command {name}"
    for parameter in command.params:
        names = [*parameter.opts, *parameter.secondary_opts]
        yield from (f"command {name} {each if each[:1] == '-' else f'<{each}>'}" for each in names)
    for inner, each in getattr(command, "commands", {}).items():
        yield from _commands(each, f"{name} {inner}")


def _settings() -> Iterator[str]:
    def walk(schema: Any, name: str) -> Iterator[str]:
        for key, inner in schema.get("properties", {}).items():
            yield f"setting {name}{key}"
            yield from walk(inner, f"{name}{key}.")

    yield from walk(load_schema("params"), "")
    written = ("source", "decision", "split", "label", "raw_label")
    yield from (f"field {name}.{key}" for name in written for key in load_schema(name)["properties"])


def _tables() -> Iterator[str]:
    for name in TABLES:
        for column in table(name).columns:
            yield f"column {name}.{column.name}: {column.type}{' or null' if column.nullable else ''}"


def _hosts() -> Iterator[str]:
    yield from (f"hook {hook['id']}" for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")))
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    yield from (f"action {kind} {name}" for kind in ("inputs", "outputs") for name in action[kind])


def main() -> None:
    """Write the record anew, unless something went that may not."""
    told = json.loads(RECORD.read_text("utf-8"))
    now = surface()
    lost = sorted({*told["names"]} - {*now})
    if why := refusal(lost, told["version"], copydesk.__version__, CHANGELOG.read_text("utf-8")):
        sys.exit(why)
    record = {"version": copydesk.__version__, "names": now}
    RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
