"""The command line: one short function for each command."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer
from typer.core import TyperGroup

import copydesk
from copydesk.core.atomic_files import explained
from copydesk.core.findings import Report
from copydesk.core.plural import plural
from copydesk.core.progress import LOG, fail, guard, say, show, show_text
from copydesk.exports.commands import register as register_exports
from copydesk.labels.commands import register as register_labels
from copydesk.merging.commands import register as register_merging
from copydesk.proofs.commands import register as register_proofs
from copydesk.publishing.commands import register as register_publishing
from copydesk.rebuilding.commands import register as register_rebuilding
from copydesk.releases.commands import register as register_releases
from copydesk.report.commands import register as register_report
from copydesk.scaffold.commands import register as register_scaffold
from copydesk.takedowns.command import register as register_takedown

if TYPE_CHECKING:
    from copydesk.cleaning.apply import Cleaned


class _Grouped(TyperGroup):
    """The commands by what they are for, each with the whole first sentence of its help."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands."""
        for title, names in _GROUPS.items():
            with formatter.section(title):
                commands = [(name, self.get_command(ctx, name)) for name in names]
                formatter.write_dl([(name, command.get_short_help_str(200)) for name, command in commands if command])


#: Every command, in the order in which a corpus needs them; a test holds that none is missing.
_GROUPS = {
    "Build": ("build", "clean", "rules", "labels", "splits"),
    "Look": ("report", "diff", "changes", "releases"),
    "Check": ("check", "validate", "verify", "schema"),
    "Release": ("release", "publish", "export", "hydrate", "pull", "takedown", "signatures", "bom", "summary"),
    "Repository": ("init", "upgrade", "doctor", "merge"),
}

app = typer.Typer(
    cls=_Grouped,
    help="Turn scraped articles into a versioned corpus in which every character is accounted for.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help reads the same on every terminal and in a log
    context_settings={"help_option_names": ["-h", "--help"]},
)

Root = Annotated[
    Path, typer.Option("--root", file_okay=False, help="Folder with seeds/, schemas/, params.yaml and corpus/.")
]


def _log_json(enabled: bool) -> None:
    if enabled:
        os.environ[LOG] = "json"


LogJson = Annotated[
    bool, typer.Option("--log-json", callback=_log_json, help="Write messages and progress as JSON to stderr.")
]


def _version(requested: bool) -> None:
    if requested:
        show(copydesk.__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@app.command()
def build(  # noqa: PLR0917  (options are given by name)
    root: Root = Path(),
    seeds: Annotated[Optional[Path], typer.Option(help="Folder with the seeds; default: ROOT/seeds.")] = None,  # noqa: UP045
    out: Annotated[Optional[Path], typer.Option(help="Folder of the dataset; default: ROOT/corpus.")] = None,  # noqa: UP045
    strict: Annotated[bool, typer.Option("--strict", help="Stop if a seed is refused.")] = False,
    workers: Annotated[int, typer.Option(min=0, help="Worker processes; 0: as in params.yaml.")] = 0,
    profile: Annotated[
        bool, typer.Option("--profile", help="Use one process, and print its CPU time by step.")
    ] = False,
    log_json: LogJson = False,
) -> None:
    """Build the dataset without DVC, with the same result as `dvc repro`.

    Exits with 0 if the dataset was built and is valid, or with 1 otherwise.
    """
    from dataclasses import replace

    from copydesk.core.progress import print_profile, profiled
    from copydesk.pipeline import build_project
    from copydesk.readers import FIELD
    from copydesk.tables.without_pandas import keep_pandas_out

    project = copydesk.Project.open(root)
    project.params["ingest"]["strict"] |= strict
    project.params["engine"]["workers"] = 1 if profile else workers or project.params["engine"]["workers"]
    project = replace(project, seeds=seeds or project.seeds, corpus=out or project.corpus)
    keep_pandas_out(project.params["plugins"])
    with profiled() as seconds:
        built = build_project(project)
    if profile:
        print_profile(seconds, built.metrics["documents"])
    refused = sum(row["reason"] != FIELD for row in built.quarantined)
    show(f"{built.corpus}: {plural(built.metrics['documents'], 'document')}, {plural(refused, 'seed')} refused")


Junit = Annotated[Optional[Path], typer.Option(help="Also write the findings as JUnit XML, for GitLab.")]  # noqa: UP045
Sarif = Annotated[Optional[Path], typer.Option(help="Also write the findings as SARIF, for code scanning.")]  # noqa: UP045


@app.command()
def check(
    root: Root = Path(),
    against: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Also require the takedowns of this git revision."),
    ] = None,
    built: Annotated[
        bool, typer.Option("--built", help="Also require that the dataset was built of these files (dvc.lock).")
    ] = False,
    junit: Junit = None,
    sarif: Sarif = None,
) -> None:
    """Check the files that people write: schemas, params.yaml, *.jsonl. Fast enough for every commit.

    Takedowns of the last release, and of commits since, must still be in seeds/takedowns.jsonl: a merge may have
    dropped them. With --built, inputs, code and settings must be those of dvc.lock; the data need not be here.

    On GitHub the findings become annotations. Exits with 0 if all checks passed, or with 1 if there are findings.
    """
    from copydesk.ci.hand_written_files import check_inputs
    from copydesk.ci.output import write_findings

    if not root.is_dir():
        raise copydesk.CopydeskError(f"{root}: no such folder")
    report = check_inputs(root, against)
    if built:
        from copydesk.ci.outdated_inputs import check_built

        check_built(root, report)
    write_findings(report.below(root), "copydesk check", junit, sarif)
    nouns = {"schemas": "schema", "lines": "line", "params": "settings file", "stages": "pipeline"}
    checked = ", ".join(plural(count, nouns.get(name, name)) for name, count in sorted(report.checked.items()))
    say(f"check: {checked}: {'all checks passed' if report.ok else plural(report.total, 'finding')}")
    if not report.ok:
        raise typer.Exit(1)


@app.command()
def validate(  # noqa: PLR0917  (options are given by name)
    root: Root = Path(),
    corpus: Annotated[Optional[Path], typer.Option(help="Folder of the dataset; default: ROOT/corpus.")] = None,  # noqa: UP045
    load: Annotated[bool, typer.Option(help="Also load every configuration with datasets.")] = True,
    changed: Annotated[bool, typer.Option("--changed", help="Check only the rows of files that changed.")] = False,
    against: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Compare with this git revision; default: the branch point."),
    ] = None,
    junit: Junit = None,
    sarif: Sarif = None,
    log_json: LogJson = False,
) -> None:
    """Validate the dataset: files, card, rows, references, offsets, hashes, loading. List every violation.

    Writes ROOT/reports/validation.json, or ROOT/build/validation.json with --no-load, --changed or --corpus. On
    GitHub the findings become annotations. Exits with 0 if all checks passed, or with 1 if there are findings.
    """
    from dataclasses import replace

    from copydesk.ci.base_manifest import base_listing
    from copydesk.ci.output import is_for_host, write_findings
    from copydesk.ci.seed_locations import located
    from copydesk.project import build_lock
    from copydesk.stages.validate import run
    from copydesk.tables.without_pandas import keep_pandas_out

    project = copydesk.Project.open(root)
    project = replace(project, corpus=corpus or project.corpus)
    keep_pandas_out(project.params["plugins"])
    base = base_listing(root, project.corpus, against) if changed or against else None
    if not load or base is not None or corpus is not None:
        # DVC tracks the report in ROOT/reports: overwriting it would make the pipeline outdated.
        project = replace(project, reports=project.build)

    def for_host(report: Report) -> None:
        write_findings(located(report, project), "copydesk validate", junit, sarif)

    with build_lock(project):
        tell = for_host if is_for_host(junit, sarif) else None
        run(project, load=load, base=base, tell=tell, shared=corpus is None)


@app.command()
def rules(
    root: Root = Path(),
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the page docs/rules.md instead.")] = False,
) -> None:
    """List the cleaning rules: tier, edits in the corpus, an example that each repairs and one that it leaves alone.

    Exits with 0.
    """
    from copydesk.core.plugins import load_plugins
    from copydesk.report.rules_listing import as_markdown, as_table

    if markdown:
        show_text(as_markdown().removesuffix("\n"))
        return
    project = copydesk.Project.open(root)
    load_plugins(project.plugins)
    as_table(project.params["clean"], project.reports / "metrics.json")


@app.command()
def clean(
    file: Annotated[Path, typer.Argument(help="A text file, a web page, or a record of a file: FILE#ID.")],
    root: Root = Path(),
    diff: Annotated[bool, typer.Option("--diff", help="Show the changes instead of the text.")] = False,
) -> None:
    """Clean one file and print the result; nothing is written.

    A file in ROOT/seeds is cleaned as a build would: with its metadata, clean.for, and what stewards decided about
    it. Any other file is cleaned by clean.apply and clean.rules alone. Exits with 0, or with 1 if ingest would refuse
    the file.
    """
    from copydesk.core.plugins import load_plugins
    from copydesk.readers.one_document import place_in_seeds, read_document
    from copydesk.report.rules_listing import print_changes

    project = copydesk.Project.open(root)
    load_plugins(project.plugins)
    raw, is_page = read_document(file, project.params["ingest"])
    cleaned = None
    if (seed := place_in_seeds(file, project.seeds)) is not None:
        from copydesk.stages.one_seed import clean_seed

        cleaned = clean_seed(project, *seed)
    if cleaned is None:
        cleaned = _cleaned_alone(raw.text, is_page, project.params["clean"])
    if diff:
        print_changes(cleaned)
    else:
        show_text(cleaned.edited.text, raw=True)


def _cleaned_alone(raw: str, is_page: bool, settings: dict[str, Any]) -> Cleaned:
    """Clean a text of which nothing else is known."""
    import pyarrow as pa

    from copydesk.cleaning.apply import clean_column
    from copydesk.cleaning.plan import plan

    first, kinds = {}, {}
    if is_page:
        from copydesk.webpages.page_edits import read_page
        from copydesk.webpages.trafilatura_article import page_libraries

        page_libraries()
        page = read_page(raw)
        first, kinds = {0: page.edits}, {0: page.kinds}
    (cleaned,) = clean_column(pa.array([raw]), plan(settings), first=first, kinds=kinds)
    return cleaned


register_scaffold(app)
register_releases(app)
register_rebuilding(app)
register_proofs(app)
register_merging(app)
register_takedown(app)
register_labels(app)
register_publishing(app)
register_exports(app)
register_report(app)


#: The base of the errors that typer raises for wrong usage.
_USAGE: Any = typer.BadParameter.__bases__[0]


def main() -> None:
    """Run the command line. A CopydeskError or an OSError becomes a line on stderr and exit status 1."""
    guard()
    # Worker processes start in the current folder, and must not import modules that lie there.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    try:
        # typer's standalone mode would print the user's arguments unescaped.
        sys.exit(typer.main.get_command(app)(standalone_mode=False) or 0)
    except copydesk.CopydeskError as error:
        fail(f"{type(error).__name__}: {error}")
        sys.exit(1)
    except _USAGE as error:
        usage = io.StringIO()
        error.show(usage)
        for line in usage.getvalue().removesuffix("\n").split("\n"):
            fail(line)
        sys.exit(error.exit_code)
    except typer.Abort:
        fail("Aborted!")
        sys.exit(1)
    except ModuleNotFoundError as error:
        from copydesk.store.installed_from import advice

        needed = advice(error)
        if needed is None:
            raise
        fail(needed)
        sys.exit(1)
    except OSError as error:  # a file or folder that cannot be used
        fail(explained(error))
        sys.exit(1)
