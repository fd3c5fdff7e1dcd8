"""The command line: one short function a command."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

import copydesk
from copydesk.core.atomic_files import explained
from copydesk.core.findings import Report
from copydesk.core.progress import LOG, fail, guard, say, show, show_text
from copydesk.publishing.commands import register as register_destinations
from copydesk.releases.commands import register as register_releases
from copydesk.report.commands import register as register_report
from copydesk.scaffold.commands import register as register_start
from copydesk.takedowns.command import register as register_takedown

app = typer.Typer(
    help="Turn scraped articles into a versioned corpus in which every character is accounted for.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help reads the same on every terminal and in a log
    context_settings={"help_option_names": ["-h", "--help"]},
)

Root = Annotated[Path, typer.Option("--root", help="Folder with seeds/, schemas/, params.yaml and corpus/.")]


def _log_json(wanted: bool) -> None:
    if wanted:
        os.environ[LOG] = "json"


LogJson = Annotated[
    bool, typer.Option("--log-json", callback=_log_json, help="Tell messages and progress as JSON on stderr.")
]


def _version(wanted: bool) -> None:
    if wanted:
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
    seeds: Annotated[Optional[Path], typer.Option(help="Seeds, if not in ROOT/seeds.")] = None,  # noqa: UP045
    out: Annotated[Optional[Path], typer.Option(help="Dataset, if not in ROOT/corpus.")] = None,  # noqa: UP045
    strict: Annotated[bool, typer.Option("--strict", help="Stop when a seed is refused.")] = False,
    workers: Annotated[int, typer.Option(min=0, help="Worker processes; 0 as in params.yaml.")] = 0,
    profile: Annotated[
        bool, typer.Option("--profile", help="Use one process, and print where its CPU time went.")
    ] = False,
    log_json: LogJson = False,
) -> None:
    """Run all stages without DVC: the same bytes as `dvc repro` makes.

    Exits with 0 when the dataset was built and is valid, with 1 otherwise.
    """
    from dataclasses import replace

    from copydesk.core.progress import print_profile, profiled
    from copydesk.pipeline import build_project
    from copydesk.readers import FIELD

    project = copydesk.Project.open(root)
    project.params["ingest"]["strict"] |= strict
    project.params["engine"]["workers"] = 1 if profile else workers or project.params["engine"]["workers"]
    project = replace(project, seeds=seeds or project.seeds, corpus=out or project.corpus)
    with profiled() as spent:
        built = build_project(project)
    if profile:
        print_profile(spent, built.metrics["documents"])
    refused = sum(row["reason"] != FIELD for row in built.quarantined)
    show(f"{built.corpus}: {built.metrics['documents']} documents, {refused} seeds refused")


Junit = Annotated[Optional[Path], typer.Option(help="Write the findings as JUnit's XML, which GitLab shows.")]  # noqa: UP045
Sarif = Annotated[Optional[Path], typer.Option(help="Write them as SARIF, which code scanning shows.")]  # noqa: UP045


@app.command()
def check(
    root: Root = Path(),
    against: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Also compare the takedowns with those of this git revision."),
    ] = None,
    junit: Junit = None,
    sarif: Sarif = None,
) -> None:
    """Check what people write by hand, in a moment: schemas, params.yaml, seeds/*.jsonl; name file and line.

    A takedown that stands in the last release, or in a commit since, must still stand in seeds/takedowns.jsonl: a
    merge that takes one side may have dropped it.

    In a workflow of GitHub the findings are annotations. Exits with 0 when all holds, with 1 when something does
    not.
    """
    from copydesk.ci.hand_written_files import check_inputs
    from copydesk.ci.output import tell

    if not root.is_dir():
        raise copydesk.CopydeskError(f"{root}: no such folder")
    report = check_inputs(root, against)
    tell(report.below(root), "copydesk check", junit, sarif)
    checked = ", ".join(f"{count} {name}" for name, count in sorted(report.checked.items()))
    say(f"check: {checked}: {'all hold' if report.ok else f'{report.total} violations'}")
    if not report.ok:
        raise typer.Exit(1)


@app.command()
def validate(  # noqa: PLR0917  (options are given by name)
    root: Root = Path(),
    corpus: Annotated[Optional[Path], typer.Option(help="Dataset, if not in ROOT/corpus.")] = None,  # noqa: UP045
    load: Annotated[bool, typer.Option(help="Also load every configuration with datasets.")] = True,
    changed: Annotated[
        bool, typer.Option("--changed", help="Of the rows, check those in files that changed.")
    ] = False,
    against: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Since this git revision, if not since HEAD left the default branch."),
    ] = None,
    junit: Junit = None,
    sarif: Sarif = None,
    log_json: LogJson = False,
) -> None:
    """Check that the dataset holds what it claims; list every violation.

    Writes ROOT/reports/validation.json; with --no-load, --changed or --corpus, ROOT/build/validation.json. In a
    workflow of GitHub the findings are annotations. Exits with 0 when all holds, with 1 when something does not.
    """
    from dataclasses import replace

    from copydesk.ci.base_manifest import base_listing
    from copydesk.ci.output import for_a_host, tell
    from copydesk.ci.seed_locations import located
    from copydesk.project import build_lock
    from copydesk.stages.validate import run

    project = copydesk.Project.open(root)
    project = replace(project, corpus=corpus or project.corpus)
    base = base_listing(root, project.corpus, against) if changed or against else None
    if not load or base is not None or corpus is not None:
        # The report in ROOT/reports is the pipeline's: with another one in its place the pipeline would be stale.
        project = replace(project, reports=project.build)

    def for_host(report: Report) -> None:
        tell(located(report, project), "copydesk validate", junit, sarif)

    with build_lock(project):
        run(project, load=load, base=base, tell=for_host if for_a_host(junit, sarif) else None)


@app.command()
def rules(
    root: Root = Path(),
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the page docs/rules.md instead.")] = False,
) -> None:
    """List the cleaning rules: tier, edits in the current corpus, what each repairs and what it leaves.

    Exits with 0.
    """
    from copydesk.report.rules_listing import as_markdown, as_table

    if markdown:
        show_text(as_markdown().removesuffix("\n"))
        return
    project = copydesk.Project.open(root)
    as_table(project.params["clean"], project.reports / "metrics.json")


@app.command()
def clean(
    file: Annotated[Path, typer.Argument(help="A text file or a web page.")],
    root: Root = Path(),
    diff: Annotated[bool, typer.Option("--diff", help="Show each change and not the text.")] = False,
) -> None:
    """Print what cleaning would make of one file; nothing is written.

    Exits with 0, or with 1 when the file cannot be read as ingest would read it.
    """
    import pyarrow as pa

    from copydesk.cleaning.apply import clean as cleaned_texts
    from copydesk.cleaning.plan import plan
    from copydesk.readers import PAGES
    from copydesk.readers.html import read_html
    from copydesk.readers.text import read_text
    from copydesk.report.rules_listing import print_changes

    project = copydesk.Project.open(root)
    if not file.is_file():
        raise copydesk.CopydeskError(f"{file}: {'a folder; name a file in it' if file.is_dir() else 'no such file'}")
    is_page = file.suffix.lower() in PAGES
    raw = (read_html if is_page else read_text)(file.read_bytes(), project.params["ingest"]["encodings"])
    first = {}
    if is_page:
        from copydesk.webpages.page_edits import read_page
        from copydesk.webpages.trafilatura_article import versions

        versions()
        first = {0: read_page(raw.text).edits}
    (cleaned,) = cleaned_texts(pa.array([raw.text]), plan(project.params["clean"]), first=first)
    if diff:
        print_changes(cleaned)
    else:
        show_text(cleaned.edited.text, raw=True)


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="Folder to write; what is there is replaced.")],
    root: Root = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")] = False,
) -> None:
    """Write the part of the dataset that may be public: documents under the licenses of publish.allow.

    Of documents in which personal data were masked the raw text and the edits are withheld. Exits with 0, or with 1
    when no document may be public.
    """
    from copydesk.dataset.public_export import export as write

    project = copydesk.Project.open(root)
    made = write(project.corpus, out, project.params, project.schemas, dry_run=dry_run)
    show(
        f"{out}: {made.documents} documents{' would be written' if dry_run else ''}, {made.left_out} left out, "
        f"raw text and edits of {len(made.withheld)} withheld"
    )


register_start(app)
register_releases(app)
register_takedown(app)
register_destinations(app)
register_report(app)


#: What typer raises when a command is not understood.
_USAGE: Any = typer.BadParameter.__bases__[0]


def main() -> None:
    """Run the command line; an error of ours, or of the operating system, is a line on stderr and exit status 1."""
    guard()
    # Worker processes begin in the current folder: what lies there is no module of theirs.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    try:
        # Not as a program of typer's own: it would print the words of the user as they are.
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
    except OSError as error:  # a file or a folder that cannot be used, wherever that turned out
        fail(explained(error))
        sys.exit(1)
