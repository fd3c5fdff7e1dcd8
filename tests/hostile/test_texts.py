"""Documents that are too long, too deep, too many or in disguise: work grows with them, and nothing follows from them."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import DatasetCard
from markdown_it import MarkdownIt

from copydesk.cleaning.apply import clean_text
from copydesk.cleaning.plan import plan
from copydesk.core.config import check_params
from copydesk.project import Project
from copydesk.readers.document_listing import list_documents
from copydesk.readers.seed_files import list_seeds, refused_id
from copydesk.report.corpus_view import address
from copydesk.report.side_by_side import side_by_side
from copydesk.sentences import split
from copydesk.validation import validate
from fuzz.corpora import document_of
from support import run_python, run_stages, write_seeds

PLAN = plan(check_params({})["clean"])
LONG = {
    "tiny lines": "a\n",
    "empty lines": "\n",
    "nested elements": "<div><b>x",
    "unclosed comments": "<!-- <script>",
    "entities": "&amp;amp;#x26;",
    "brackets": "([{",
    "quotations": "“‘\"'",
    "marks": "?!. ",
    "stars": "** * ",
    "combining": "e\u0301\u0302",
    "one word": "abcD",
    "addresses": "a@b.c ",
    "numbers": "+1 555 0100 ",
    "bullets": "• - * ",
}


@pytest.mark.parametrize("unit", LONG.values(), ids=LONG)
def test_the_work_on_a_text_grows_as_the_text_does(unit: str) -> None:
    few, many = (calls(work, unit * count) for count in (250, 1000))
    assert many <= 5 * few + 500


def work(text: str) -> None:
    cleaned = clean_text(text, PLAN).edited
    assert cleaned.revert() == text
    split(cleaned.text, "en")


def calls(function: Callable[[str], None], text: str) -> int:
    """Functions, of Python and of C, that are called."""
    count = 0

    def profile(_frame: Any, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        function(text)
    finally:
        sys.setprofile(None)
    return count


MEMORY = """
import resource, sys
from pathlib import Path
from copydesk.core.config import check_params
from copydesk.readers.seed_files import list_seeds
from copydesk.core.json_schema import PACKAGED
from copydesk.readers.document_listing import list_in_file
limits = check_params({})["ingest"]
root = Path(sys.argv[1])
peaks = []
for folder in ("few", "many"):
    seeds, _ = list_seeds(root / folder, limits["max_bytes"])
    build = root / f"build-{folder}"
    listing, refused = list_in_file(root / folder, seeds, build, limits, PACKAGED, root / f"{folder}.listed")
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    print(len(listing.sizes), len(refused))
print((peaks[1] - peaks[0]) * 1024 / 190_000)
"""


@pytest.mark.slow
def test_twenty_times_as_many_tiny_records_take_little_more_memory(tmp_path: Path) -> None:
    line = b'{"text": "x"}\n'
    # And a document of 1 GB, of which nothing is read but how large it is.
    write_seeds(tmp_path, {"few/a.jsonl": line * 10_000, "many/a.jsonl": line * 200_000})
    with (tmp_path / "many" / "large.txt").open("wb") as file:
        file.truncate(1 << 30)
    done = run_python(f"import sys\nsys.argv = ['x', {str(tmp_path)!r}]\n{MEMORY}")
    few, many, bytes_of_record = done.stdout.splitlines()
    assert (few, many) == ("10000 0", "200000 0"), done.stderr
    assert float(bytes_of_record) < 250  # the rows are in a file, in memory are two numbers of each


NAMES = [
    ".",
    "..",
    "-rf",
    "~",
    "a:b",
    "CON",
    "%2e%2e%2fx",
    "$(id)",
    "`id`",
    "a;b",
    "<b>",
    '"x"',
    "a\u202eb",
    "𝒳" * 255,
]


def test_ids_that_look_like_paths_or_commands_are_only_ids(make_corpus: Callable[..., Project]) -> None:
    rows = "".join(json.dumps({"id": name, "text": f"Text {number}."}) + "\n" for number, name in enumerate(NAMES))
    project = make_corpus({"deep/a.jsonl": rows, "b.txt": "Another."})
    assert validate(project.corpus, project.schemas, load=False).findings == []
    beside = {path.name for path in project.corpus.parent.iterdir()}
    assert beside == {"seeds", "corpus", "reports", "build"}
    for name in NAMES:
        assert address(name).count("/") == 1
        assert ".." not in address(name)


@pytest.mark.parametrize("name", ["", "a/b", "../x", "a\\b", "a\0", "a\nb", "\ud800", "x" * 256])
def test_ids_that_no_file_could_have_are_refused(name: str) -> None:
    assert refused_id(name)


def test_numbers_that_floats_cannot_hold_stay_what_they_are(tmp_path: Path) -> None:
    ids = [2**53 + 1, 2**63 + 1, -(10**40)]
    lines = [f'{{"id": {number}, "text": "x {number}"}}' for number in ids]
    lines += ['{"id": 1e400, "text": "x"}', f'{{"id": 1{"0" * 5000}, "text": "x"}}', '{"text": "x", "title": 1e400}']
    write_seeds(tmp_path / "seeds", {"a.jsonl": "\n".join(lines)})
    limits = check_params({})["ingest"]
    seeds, _ = list_seeds(tmp_path / "seeds", limits["max_bytes"])
    table, refused = list_documents(tmp_path / "seeds", seeds, tmp_path / "build", limits)
    assert table["doc_id"].to_pylist() == [*map(str, ids), "a-6"]
    assert [refusal.reason for refusal in refused] == ["bad-name", "bad-record", "bad-metadata"]


FORMULA = '=cmd|"/C calc"!A1'
EVIL = (
    f"{FORMULA}\n---\n# Heading\n| a | b |\n<script>alert(1)</script> [x](javascript:x) ![y](z) {{{{ 7*7 }}}}\n...\n"
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("texts")
    names = ("title", "byline", "source", "publisher")
    rows = [
        {"id": start + "x", "text": f"{start}{EVIL} said.  Text.", "url": "javascript:alert(1)", "license": "MIT"}
        | dict.fromkeys(names, start + EVIL)
        for start in "=+-@\t"
    ]
    rows[-1]["id"] = "tab"
    write_seeds(root / "seeds", {"a.jsonl": "".join(json.dumps(row) + "\n" for row in rows)})
    (root / "params.yaml").write_text("engine: {workers: 1}\n")
    return run_stages(Project.open(root), "validate")


def test_no_cell_of_a_csv_comes_from_a_document(hostile: Project) -> None:
    sheets = sorted(path for folder in (hostile.reports, hostile.corpus) for path in folder.rglob("*.[ct]sv"))
    assert {path.name for path in sheets} == {"sentence_length.csv", "edits_per_rule.csv"}
    for path in sheets:
        for row in csv.reader(io.StringIO(path.read_text("utf-8"))):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in row), path


def test_nothing_of_a_document_is_markup_of_the_card(hostile: Project) -> None:
    text = (hostile.corpus / "README.md").read_text("utf-8")
    matter = yaml.safe_load(text.split("---\n", 2)[1])
    assert set(matter) <= {
        *("pretty_name", "language", "license", "license_name", "license_link"),
        *("size_categories", "task_categories", "configs", "dataset_info"),
    }
    tokens = MarkdownIt("commonmark").enable("table").parse(DatasetCard(text).text)
    kinds = {child.type for token in tokens for child in token.children or []} | {token.type for token in tokens}
    assert not kinds & {"html_block", "html_inline", "hr"}
    links = {child.attrGet("href") for token in tokens for child in token.children or [] if child.type == "link_open"}
    assert not [link for link in links if str(link).startswith(("javascript:", "data:"))]
    assert "Heading" not in [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open"]
    for name in ("croissant.json", "manifest.json"):
        json.loads((hostile.corpus / name).read_text("utf-8"))
    yaml.safe_load((hostile.corpus / "CITATION.cff").read_text("utf-8"))


def test_a_page_of_a_text_full_of_edits_grows_as_the_text_does(hostile: Project) -> None:
    few, many = (len(side_by_side(document_of("a  b\u202e <i>&" * count, {}, []))) for count in (200, 800))
    assert many <= 5 * few
