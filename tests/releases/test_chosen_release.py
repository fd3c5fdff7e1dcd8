"""Edits that are chosen when a dataset is loaded: the text is that of a build with these settings, whatever the rule."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, load_dataset
from hypothesis import assume, given
from hypothesis import strategies as st

import copydesk
from copydesk.cleaning.plan import LISTED
from copydesk.cleaning.web_page_rules import PAGE_RULES
from copydesk.core.config import check_params
from copydesk.core.json_schema import PACKAGED
from copydesk.description.signals.signals import signals
from copydesk.errors import EditError, InputError, ReleaseError
from copydesk.project import Project
from copydesk.releases.chosen_release import ChosenRelease
from copydesk.releases.load import load
from copydesk.stages import clean
from copydesk.stages.describe import SIGNALS
from copydesk.stages.runner import read_receipts
from copydesk.tables.sentence_ids import sentence_ids
from copydesk.text import ComposedEdit
from copydesk.text.chosen_rows import MEASURED, ChosenDocument, choose
from copydesk.text.differing_edits import differing_places, with_edits
from copydesk.text.edit_choice import edit_choice
from copydesk.text.rule_names import OF_PAGES, OF_TEXTS
from support import ROOT, Files, run_python, run_stages, write_seeds

ARTICLE = "the mayor of the city said on Monday that the new bridge would open at the end of the year.\n"
#: Texts in which a later rule does something else if an earlier one is left out.
ENTANGLED = {
    "line-end.txt": f"It rained, {ARTICLE.strip()}\r\n\r\nAdvertisement\r\n\r\nThen {ARTICLE.strip()}\r\n© Northern Post\r\n",
    "mojibake.txt": f"The accord â€“ “which {ARTICLE.strip()}” â€“ and â€œso onâ€\x9d.\n\nIn air, and waterâ€”and there.\n",
    "date-line.txt": f"The Courier â€” Updated 3 March 2024, 10:15\r\n\r\nThere, {ARTICLE}",
    "glued.txt": f"In winds of hope Despitethe change {ARTICLE}Is it right?”Sanborn said. “We went out”Later he left.\n",
    "invisible.txt": f"There, {ARTICLE}Grace Nakamura\u200b is a senior reporter at World Today,\u200b where she covers trade.\n",
}
#: A decision of each kind; the second names a suggestion.
DECIDED = f"The war?Russia  does not. The session con- tinued after  noon, {ARTICLE}"
PAGE = f"<html><title>B</title><nav>Home</nav><article><p>{'The outcome of the war?Russia  won. ' * 9}</p></article></html>"


def seeds() -> dict[str, bytes | str]:
    bench = (ROOT / "benchmarks" / "quality" / "open" / "bench.jsonl").read_text("utf-8").rstrip("\n").split("\n")
    broken = {f"bench-{number}.txt": json.loads(line)["dirty"] for number, line in enumerate(bench[::3])}
    places = (DECIDED.index("?") + 1, DECIDED.index("con- ") + 3)
    sha256 = hashlib.sha256(DECIDED.encode()).hexdigest()
    decisions = [
        {"doc_id": "decided", "decision": "reject", "raw_start": places[0], "raw_end": places[0], "raw_sha256": sha256, "before": "", "after": " ", "date": "2026-01-01"},
        {"doc_id": "decided", "decision": "accept", "raw_start": places[1], "raw_end": places[1] + 2, "raw_sha256": sha256, "before": "- ", "after": "", "date": "2026-01-01"},
    ]  # fmt: skip
    lines = "".join(f"{json.dumps(decision)}\n" for decision in decisions)
    return {**broken, **ENTANGLED, "decided.txt": DECIDED, "page.html": PAGE, "decisions.jsonl": lines}


def built(root: Path, files: Files, settings: dict[str, Any], until: str = "package") -> Project:
    write_seeds(root / "seeds", files)
    folders = {name: root / name for name in ("seeds", "corpus", "reports", "build")}
    params = check_params({"engine": {"workers": 1}, "clean": settings})
    return run_stages(Project(**folders, schemas=PACKAGED, params=params), until)


class Corpus:
    """A built corpus, its rows, and the same seeds built with other settings."""

    def __init__(self, root: Path) -> None:
        self.root, self.files = root, seeds()
        self.project = built(root, self.files, {})
        self.folder = self.project.corpus
        self.documents = self.rows("documents")
        self.raw = {row["doc_id"]: row["text"] for row in self.rows("raw")}
        self.edits: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in self.rows("edits"):
            if row["applied"]:
                self.edits[row["doc_id"]].append(row)
        names = {rule for rows in self.edits.values() for row in rows for rule in row["rules"]}
        self.rules = sorted(name for name in names if not name.startswith("html-"))

    def rows(self, table: str) -> list[dict[str, Any]]:
        (path,) = (self.folder / "data" / table).glob("*.parquet")
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return rows

    def texts_with(self, settings: dict[str, Any]) -> dict[str, str]:
        """The texts of a build with other settings, of which the stores of this one are reused."""
        other = built(self.root, self.files, settings, until="clean")
        tables = [other.store.read(parts["text"]) for parts in read_receipts(other, "clean")]
        return {row["doc_id"]: row["text"] for table in tables for row in table.to_pylist()}

    def chosen(self, choice: object) -> dict[str, ChosenDocument]:
        return {row["doc_id"]: choose(row, self.edits[row["doc_id"]], edit_choice(choice)) for row in self.documents}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return Corpus(tmp_path_factory.mktemp("chosen"))


def test_each_rule_left_out_gives_the_text_of_a_build_without_it(corpus: Corpus) -> None:
    assert len(corpus.rules) > 20
    for rule in corpus.rules:
        chosen = {doc_id: document.edited.text for doc_id, document in corpus.chosen([f"-{rule}"]).items()}
        assert chosen == corpus.texts_with({"rules": {rule: "off"}}), rule


def test_the_safe_edits_give_the_text_of_a_build_that_applies_the_safe_rules(corpus: Corpus) -> None:
    chosen = {doc_id: document.edited.text for doc_id, document in corpus.chosen("safe").items()}
    assert chosen == corpus.texts_with({"apply": ["safe"]})
    assert chosen != {row["doc_id"]: row["text"] for row in corpus.documents}


def test_without_edits_the_text_is_the_raw_one(corpus: Corpus) -> None:
    assert {doc_id: document.edited.text for doc_id, document in corpus.chosen(None).items()} == corpus.raw


def test_what_rules_do_otherwise_is_recorded_where_they_do(corpus: Corpus) -> None:
    """Taking the edits of a rule back is not enough in each of these documents, and in few others."""
    recorded = {doc_id for doc_id, rows in corpus.edits.items() if any(row["otherwise"] for row in rows)}
    assert {Path(name).stem for name in ENTANGLED} <= recorded
    assert len(recorded) < len(corpus.documents) / 3
    places = [place for rows in corpus.edits.values() for row in rows for place in row["otherwise"]]
    assert {"-line-end", "-mojibake", "-invisible", "-glued-word", "-glued-punctuation"} <= {
        place["choice"] for place in places
    }


def test_texts_that_are_cleaned_one_by_one_say_the_same(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clean, "_PORTION", 1)
    apart = built(tmp_path, corpus.files, {}, until="clean")
    (parts,) = read_receipts(apart, "clean")
    published = [{name: row[name] for name in row if name != "split"} for row in corpus.rows("edits")]
    assert apart.store.read(parts["edits"]).to_pylist() == published


def test_rules_that_another_one_builds_on_cannot_both_be_left_out_without_it(corpus: Corpus) -> None:
    (row,) = (row for row in corpus.documents if row["doc_id"] == "date-line")
    edits = corpus.edits["date-line"]
    with pytest.raises(InputError) as caught:
        choose(row, edits, edit_choice(["-line-end", "-date-line"]))
    assert str(caught.value) == (
        "edits: document 'date-line': without line-end, mojibake would change something else at [0, 47) of the raw "
        "text, and what without date-line as well is not recorded; add -mojibake, or leave out line-end alone"
    )
    chosen = choose(row, edits, edit_choice(["-line-end", "-date-line", "-mojibake"]))
    off = {"rules": dict.fromkeys(("line-end", "date-line", "mojibake"), "off")}
    assert chosen.edited.text == corpus.texts_with(off)["date-line"]


@given(st.data())
def test_whatever_is_left_out_nothing_is_lost(corpus: Corpus, data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(corpus.documents))
    own = sorted({rule for edit in corpus.edits[row["doc_id"]] for rule in edit["rules"]} & set(corpus.rules))
    assume(own)
    rules = data.draw(st.lists(st.sampled_from(own), min_size=1, unique=True))
    try:
        document = choose(row, corpus.edits[row["doc_id"]], edit_choice([f"-{rule}" for rule in rules]))
    except InputError as error:
        assert len(rules) > 1 and "is not recorded" in str(error)
        return
    edited, text = document.edited, document.edited.text
    assert edited.revert() == corpus.raw[row["doc_id"]]
    assert not {rule for edit in edited.edits for rule in edit.rules} & set(rules)
    # The sentences have all characters but white space, in order, and each has the text that it had or a part of it.
    covered = 0
    for start, end in document.sentences:
        assert covered <= start < end and not text[covered:start].strip()
        assert text[start:end] == text[start:end].strip()
        covered = end
    assert not text[covered:].strip()
    # A character at which nothing changed maps to itself.
    published = with_edits(edited.raw, (composed(edit) for edit in corpus.edits[row["doc_id"]]))
    assert published.text == row["text"]
    changed = np.zeros(len(row["text"]), dtype=bool)
    for place in differing_places(published, edited):
        changed[place.start : place.start + len(place.text)] = True
    same = np.flatnonzero(~changed)
    starts, ends = document.alignment.to_clean(same, same + 1)
    assert (ends - starts == 1).all()
    assert [row["text"][i] for i in same.tolist()] == [text[i] for i in starts.tolist()]


def composed(edit: dict[str, Any]) -> ComposedEdit:
    values = {name: edit[name] for name in ComposedEdit._fields}
    return ComposedEdit(**{**values, "rules": tuple(edit["rules"]), "parts": ()})


def loaded(corpus: Corpus, table: str = "documents") -> Dataset:
    return load_dataset(str(corpus.folder), table, split="train")


@pytest.fixture
def release(corpus: Corpus) -> Callable[[object], ChosenRelease]:
    return lambda choice: ChosenRelease(corpus.folder, edit_choice(choice), "corpus@v1.0.0")


def test_the_function_for_map_and_the_loader_agree(
    corpus: Corpus, release: Callable[[object], ChosenRelease]
) -> None:
    rows = loaded(corpus)
    for choice in ("safe", ["-hard-wrap", "-read-more"], None):
        function = copydesk.choose_edits(loaded(corpus, "edits"), choice)
        by_map = rows.map(function, load_from_cache_file=False)
        by_loader = release(choice).documents(rows, with_signals=False)
        assert by_loader.column_names == [name for name in rows.column_names if name not in MEASURED]
        assert by_loader.to_list() == by_map.remove_columns([*MEASURED]).to_list()
        assert all(value is None for row in by_map.select_columns([*MEASURED]).to_list() for value in row.values())
        assert by_loader.features == type(rows.features)({n: rows.features[n] for n in by_loader.column_names})
        for row in by_loader:
            assert row["text_sha256"] == hashlib.sha256(row["text"].encode()).hexdigest()
            assert row["characters"] == len(row["text"])
            assert row["sentence_count"] == len(row["sentences"])
            assert all(0 <= f["start"] < f["end"] <= len(row["text"]) for f in row["flags"] + row["passages"])
            bounds = [(block["start"], block["end"]) for block in row["blocks"]]
            assert [0, *(end for _, end in bounds)] == [*(start for start, _ in bounds), len(row["text"])]


def test_signals_are_those_of_the_chosen_text(corpus: Corpus, release: Callable[[object], ChosenRelease]) -> None:
    rows = loaded(corpus)
    chosen = release("safe").documents(rows, with_signals=True)
    assert set(rows.column_names) - set(chosen.column_names) == {"duplicate_kind", "benchmark_overlap"}
    expected = signals(pa.array(chosen["text"], pa.string()))
    assert {name: chosen[name] for name in SIGNALS} == {name: expected[name].to_pylist() for name in SIGNALS}
    languages = [copydesk.detect_language(text) for text in chosen["text"]]
    assert [(row["language"], row["language_score"]) for row in chosen] == languages
    assert chosen["words"] != rows["words"]


def test_the_names_of_the_rules_are_known_without_the_rules() -> None:
    assert {rule.name for rule in LISTED} == OF_PAGES | OF_TEXTS
    assert {rule.name for rule in PAGE_RULES} == OF_PAGES


def test_no_column_about_the_published_text_stays() -> None:
    """Every column that the stages compute from the text is mapped, counted or absent."""
    of_text = {"language_score", "language_share", "languages", "benchmark_overlap", "duplicate_kind", *SIGNALS}
    assert set(MEASURED) == of_text - {"characters"}


def test_the_sentences_are_those_of_the_chosen_documents(
    corpus: Corpus, release: Callable[[object], ChosenRelease]
) -> None:
    chosen, features = release(["-hard-wrap", "-mojibake"]), loaded(corpus, "sentences").features
    documents = {row["doc_id"]: row for row in chosen.documents(loaded(corpus), with_signals=False)}
    rows = chosen.sentences(loaded(corpus), features)
    assert rows.features == features
    by_document: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_document[row["doc_id"]].append(row)
    for doc_id, document in documents.items():
        own = by_document[doc_id]
        assert [{"start": row["start"], "end": row["end"]} for row in own] == document["sentences"]
        assert [row["text"] for row in own] == [document["text"][row["start"] : row["end"]] for row in own]
        assert [row["sentence_id"] for row in own] == sentence_ids([doc_id] * len(own), [row["text"] for row in own])
        assert [row["index"] for row in own] == [*range(len(own))]
        lines = [document["text"][: row["start"]].split("\n") for row in own]
        assert [row["paragraph"] for row in own] == [sum(bool(line.strip()) for line in cut[:-1]) for cut in lines]
        for row in own:  # what the sentence came from holds it, where nothing of it was edited
            assert row["raw_start"] < row["raw_end"]
    raw_spans = [(row["raw_start"], row["raw_end"]) for row in by_document["glued"]]
    assert [corpus.raw["glued"][start:end] for start, end in raw_spans][-1].endswith("Later he left.")


def test_published_sentences_stay_where_nothing_changes(
    corpus: Corpus, release: Callable[[object], ChosenRelease]
) -> None:
    rows = loaded(corpus, "sentences")
    assert release([]).sentences(loaded(corpus), rows.features).to_list() == rows.to_list()


def test_streamed_rows_are_the_same(corpus: Corpus, release: Callable[[object], ChosenRelease]) -> None:
    streamed = load_dataset(str(corpus.folder), "documents", split="train", streaming=True)
    chosen = release("safe")
    rows = list(chosen.documents(streamed, with_signals=False))
    assert rows == chosen.documents(loaded(corpus), with_signals=False).to_list()


def test_other_edits_are_never_served_from_the_cache(
    corpus: Corpus, release: Callable[[object], ChosenRelease]
) -> None:
    texts = [
        tuple(release(choice).documents(loaded(corpus), with_signals=False)["text"])
        for choice in (None, "safe", ["-spaces"], ["-glued-word"], [])
    ]
    assert len({*texts}) == len(texts)


def test_a_rule_that_does_not_exist_is_named(corpus: Corpus, release: Callable[[object], ChosenRelease]) -> None:
    with pytest.raises(
        InputError, match=r"^edits: corpus@v1.0.0: no rule 'readmore'; expected one such as read-more"
    ):
        release(["-readmore"])
    with pytest.raises(InputError, match=r"^edits: no rule 'readmore'; expected one such as read-more"):
        copydesk.choose_edits(loaded(corpus, "edits"), ["-readmore"])


def test_rows_of_an_older_release_say_what_they_lack(corpus: Corpus) -> None:
    row = next(row for row in corpus.documents if corpus.edits[row["doc_id"]])
    old = [{name: edit[name] for name in edit if name != "otherwise"} for edit in corpus.edits[row["doc_id"]]]
    with pytest.raises(InputError, match=r"has no column 'otherwise', because an older copydesk made it; only None"):
        choose(row, old, edit_choice("safe"))
    assert choose(row, old, edit_choice(None)).edited.text == corpus.raw[row["doc_id"]]


def test_edits_of_another_text_are_refused(corpus: Corpus) -> None:
    row = next(row for row in corpus.documents if corpus.edits[row["doc_id"]])
    with pytest.raises(EditError, match=rf"^document '{row['doc_id']}': its edits do not fit its text: edit \["):
        choose({**row, "text": "x"}, corpus.edits[row["doc_id"]], edit_choice("safe"))


def test_a_document_whose_edits_are_withheld_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    for name in ("data", "manifest.json"):
        (tmp_path / name).symlink_to(corpus.folder / name)
    (tmp_path / "manifest.json").unlink()
    listing = json.loads((corpus.folder / "manifest.json").read_text("utf-8"))
    (tmp_path / "manifest.json").write_text(json.dumps({**listing, "withheld": ["glued"]}))
    with pytest.raises(ReleaseError, match="the edits of document 'glued' are withheld, because personal data are"):
        ChosenRelease(tmp_path, edit_choice("safe"), "corpus@v1.0.0").documents(loaded(corpus), with_signals=False)


def test_the_function_for_map_needs_numpy_alone(corpus: Corpus, tmp_path: Path) -> None:
    (row,) = (row for row in corpus.documents if row["doc_id"] == "mojibake")
    (tmp_path / "rows.json").write_text(json.dumps([row, corpus.edits["mojibake"]]))
    code = """
import json, sys
import copydesk
row, edits = json.load(open("rows.json"))
print(json.dumps(copydesk.choose_edits(edits, ["-mojibake"])(row)["text"]))
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & {"pyarrow", "datasets", "pandas", "jsonschema", "dvc", "trafilatura"}, loaded
"""
    done = run_python(code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == corpus.texts_with({"rules": {"mojibake": "off"}})["mojibake"]


@pytest.fixture(scope="module")
def release_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def test_a_release_is_loaded_with_other_edits(releases: Any, release_cache: Path) -> None:
    how = {"version": "1.1.0", "repo": releases.bare, "cache": release_cache}
    raw = {row["doc_id"]: row["text"] for row in load("raw", split="train", **how)}
    splits = load("documents", edits=None, **how)
    assert {row["doc_id"]: row["text"] for rows in splits.values() for row in rows} == raw
    published = load("documents", split="train", **how)
    safe = load("documents", edits="safe", signals=True, split="train", **how)
    assert str(safe.info.version) == "1.1.0" and "words" in safe.column_names
    texts = {row["doc_id"]: row["text"] for row in safe}
    assert texts not in (raw, {row["doc_id"]: row["text"] for row in published})
    for sentence in load("sentences", edits="safe", split="train", **how):
        assert texts[sentence["doc_id"]][sentence["start"] : sentence["end"]] == sentence["text"]
    streamed = load("documents", edits="safe", split="train", streaming=True, **how)
    assert {row["doc_id"]: row["text"] for row in streamed} == texts


@pytest.mark.parametrize(
    ("config", "how", "message"),
    [
        ("raw", {"edits": "safe"}, "edits: the table 'raw' is the same whatever edits are chosen; load documents or"),
        ("edits", {"edits": None}, "edits: the table 'edits' is the same"),
        ("documents", {"edits": "sure"}, "edits: expected .*; found 'sure'"),
        ("documents", {"edits": ["read-more"]}, "edits: expected .*; found 'read-more'"),
        ("documents", {"edits": 3}, "edits: expected .*; found 3"),
        (
            "documents",
            {"edits": ["-html-markup"]},
            "edits: html-markup cannot be left out: .*edits=None gives the page",
        ),
        ("documents", {"edits": ["-no-such-rule"]}, "edits: .*1.1.0.*: no rule 'no-such-rule'; expected one such"),
        ("documents", {"signals": True}, "signals: they are columns of documents; ask for them only with edits"),
        ("sentences", {"edits": "safe", "signals": True}, "signals: they are columns of documents"),
    ],
)
def test_a_choice_that_is_none(
    releases: Any, release_cache: Path, config: str, how: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        load(config, repo=releases.bare, cache=release_cache, split="train", **how)


def test_the_example_in_the_docs(releases: Any, release_cache: Path, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "load.md").read_text("utf-8")
    (example,) = re.findall(r"^```python cleaning\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    code = example.replace("https://example.org/corpus.git", str(releases.bare)) + (
        "assert all(row['raw_start'] < row['raw_end'] for row in sentences)\n"
        "assert safe['text'] == measured['text'] != raw['text']\n"
        "assert 'words' in measured.column_names and 'words' not in lines.column_names\n"
    )
    done = run_python(code, home=tmp_path / "home", cwd=tmp_path, XDG_CACHE_HOME=str(release_cache.parent))
    assert done.returncode == 0, done.stderr
