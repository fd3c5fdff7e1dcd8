"""Write the whole report as files: pages that open from disk and load nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from copydesk.core.atomic_files import replacing_folder
from copydesk.errors import CopydeskError
from copydesk.project import Project
from copydesk.report.corpus_page import corpus_page
from copydesk.report.corpus_view import Corpus, address
from copydesk.report.decisions_page import decisions_page
from copydesk.report.document_page import document_page
from copydesk.report.documents_page import documents_pages
from copydesk.report.lines_page import lines_page
from copydesk.report.queue_page import queue_page
from copydesk.report.release_page import release_page
from copydesk.report.rules_page import rules_page

#: Up to this many documents, each gets a page on disk. For more, use the server.
MOST = 2000
_MARK = "index.html"


def write_site(project: Project, out: Path) -> int:
    """Write the report, and return the number of its pages.

    Raises
    ------
    CopydeskError
        If the folder contains something else than a report, or there is no corpus.
    """
    if out.exists() and not (out.is_dir() and (not any(out.iterdir()) or _is_report(out))):
        raise CopydeskError(f"{out}: contains something else than a report; choose another folder, or empty it")
    corpus = Corpus(project)
    count = 0
    with replacing_folder(out) as folder:
        for name, content in _pages(corpus):
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, "utf-8", newline="")
            count += 1
    return count


def _pages(corpus: Corpus) -> Iterator[tuple[str, str]]:
    linked = len(corpus.ids) <= MOST
    yield "index.html", corpus_page(corpus)
    yield from documents_pages(corpus, linked)
    yield "queue.html", queue_page(corpus, {})
    yield "rules.html", rules_page(corpus, linked)
    yield "lines.html", lines_page(corpus, linked)
    yield "release.html", release_page(corpus, linked)
    yield "decisions.html", decisions_page(corpus, linked)
    if linked:
        for doc_id in corpus.ids:
            yield address(doc_id), document_page(corpus, doc_id)


def _is_report(folder: Path) -> bool:
    index = folder / _MARK
    return index.is_file() and "Written by copydesk report." in index.read_text("utf-8", errors="replace")
