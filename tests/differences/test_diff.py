"""What changed between two revisions, in a real repository with git and DVC, and read from all places."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given, settings
from rich.console import Console

import copydesk
from copydesk.core.atomic_files import sha256_file
from copydesk.core.escaping import markdown
from copydesk.differences.causes import RevisionContext, causes_of, rules_of
from copydesk.differences.diff import diff
from copydesk.differences.diff_model import Change, Delta, Diff, Move, Parameter
from copydesk.differences.rendering import ROWS, diff_as_json, diff_as_markdown, diff_as_table, document_diff_as_text
from copydesk.differences.row_differences import differing_values
from copydesk.differences.schema_changes import SchemaChange
from copydesk.differences.text_diff import compare_texts, document_diff
from copydesk.errors import BuildError, InputError, ReleaseError
from copydesk.revisions.revision import open_revision
from copydesk.tables.parquet import write_parquet
from support import build_and_tag, lay_out_tagged_corpora, write_seeds
from support import run_command as run

SETTINGS: dict[str, Any] = {
    "shards": {"target": 2, "minimum": 1, "maximum": 4, "max_bytes": 1 << 20},
    "engine": {"workers": 1},
}


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the tags first, edited, unruled, stated and repeated; the working tree is at the last."""
    root = tmp_path_factory.mktemp("history") / "repository"
    lay_out_tagged_corpora(root, 8)
    build_and_tag(root, "first", SETTINGS)

    edited = root / "seeds" / "article-0003.txt"
    edited.write_text(edited.read_text("utf-8") + "\nThis stands here for the first time.\n", "utf-8")
    (root / "seeds" / "article-0005.txt").unlink()
    write_seeds(root / "seeds", {"article-0009.txt": "A new report.  It has two sentences.\n"})
    build_and_tag(root, "edited", SETTINGS)

    unruled = {**SETTINGS, "clean": {"rules": {"spaces": "off"}}}
    build_and_tag(root, "unruled", unruled)

    known = {"doc_id": "article-0001", "title": "What a steward knows", "source": "The Paper"}
    write_seeds(root / "seeds", {"sources.jsonl": json.dumps(known) + "\n"})
    build_and_tag(root, "stated", unruled)

    shutil.copy(root / "seeds" / "article-0002.txt", root / "seeds" / "article-0010.txt")
    build_and_tag(root, "repeated", unruled)
    return root


@pytest.fixture
def copy(history: Path, tmp_path: Path) -> Path:
    """A copy of the repository that a test may break, without the store of finished shards."""
    shutil.copytree(history, tmp_path / "copy", symlinks=True, ignore=shutil.ignore_patterns("build"))
    return tmp_path / "copy"


def between(root: Path, old: str, new: str | None) -> Diff:
    return diff(open_revision(root, old), open_revision(root, new))


def test_added_removed_and_changed_documents_are_found(history: Path) -> None:
    found = between(history, "first", "edited")
    assert (found.added, found.removed, found.moved) == (["article-0009"], ["article-0005"], [])
    (change,) = found.changed
    assert (change.doc_id, change.causes) == ("article-0003", ("source",))
    assert {"text_sha256", "raw_sha256", "sentences"} <= set(change.columns)
    assert (change.sentences, change.edits) == (Delta(1, 0), Delta(0, 0))
    assert found.tables["documents"] == (8, 8)
    assert sum(count.new for count in found.languages.values()) == 8
    assert found.complete and not found.parameters and not found.schemas


def test_a_rule_that_is_switched_off_is_named(history: Path) -> None:
    found = between(history, "edited", "unruled")
    assert [p.name for p in found.parameters] == ["clean.rules"]
    assert {change.causes for change in found.changed} == {("rule spaces",)}
    assert all(change.edits.removed for change in found.changed)
    assert "article-0000" in {change.doc_id for change in found.changed}
    assert not found.added and not found.removed


def test_what_a_steward_states_is_metadata(history: Path) -> None:
    (change,) = between(history, "unruled", "stated").changed
    assert (change.doc_id, change.causes) == ("article-0001", ("metadata",))
    assert {"title", "source"} <= set(change.columns)
    assert change.tables == ()


def test_a_document_that_is_repeated_changes_by_its_duplicate(history: Path) -> None:
    found = between(history, "stated", "repeated")
    assert found.added == ["article-0010"]
    (change,) = found.changed
    assert (change.doc_id, change.causes) == ("article-0002", ("duplicates",))


def test_the_working_tree_is_a_revision(history: Path) -> None:
    assert between(history, "repeated", None).empty
    assert open_revision(history).commit is None
    assert open_revision(history, "first").commit == run(history, "git", "rev-parse", "first").strip()


@pytest.mark.parametrize("tag", ["first", "edited", "repeated"])
def test_a_revision_does_not_differ_from_itself(history: Path, tag: str) -> None:
    found = between(history, tag, tag)
    assert found.empty and not found.moved
    assert all(
        old == new for counts in (found.sources, found.languages, found.tables) for old, new in counts.values()
    )


@pytest.mark.parametrize(("old", "new"), [("first", "edited"), ("first", "repeated"), ("edited", "stated")])
def test_the_other_way_round_swaps_everything(history: Path, old: str, new: str) -> None:
    there, back = between(history, old, new), between(history, new, old)
    assert (there.added, there.removed) == (back.removed, back.added)
    assert [(c.doc_id, c.causes, c.sentences, c.edits) for c in there.changed] == [
        (c.doc_id, c.causes, Delta(*c.sentences[::-1]), Delta(*c.edits[::-1])) for c in back.changed
    ]
    for name in ("sources", "languages", "tables"):
        assert {k: tuple(v) for k, v in getattr(there, name).items()} == {
            k: tuple(v)[::-1] for k, v in getattr(back, name).items()
        }


def test_only_shards_that_differ_are_opened(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = open_revision(history, "stated"), open_revision(history, "repeated")
    monkeypatch.setattr(new, "is_local", lambda shard: False)
    found = diff(old, new)
    assert not found.complete
    same = {s for t in new.listing["tables"] for s in set(old.shards(t).values()) & set(new.shards(t).values())}
    assert same and not same & {*old._verified, *new._verified}
    assert sum(n.new - n.old for n in found.languages.values()) == 1
    assert "in files that differ" in diff_as_markdown(found)


def test_the_past_is_read_from_the_cache_once(copy: Path) -> None:
    status = run(copy, "git", "status", "--porcelain")
    assert between(copy, "first", "edited").added == ["article-0009"]
    shard = next(iter(open_revision(copy, "first").shards("documents").values()))
    assert sha256_file(copy / "build" / "store" / "objects" / shard[:2] / shard) == shard
    shutil.rmtree(copy / ".dvc" / "cache")
    assert between(copy, "first", "edited").removed == ["article-0005"]
    assert run(copy, "git", "status", "--porcelain") == status


@pytest.mark.parametrize("relative", [False, True])
def test_the_past_is_read_from_a_remote_that_was_added_later(copy: Path, tmp_path: Path, relative: bool) -> None:
    run(copy, "dvc", "remote", "add", "-d", "store", "../remote" if relative else str(tmp_path / "remote"))
    shutil.copytree(copy / ".dvc" / "cache", tmp_path / "remote")
    shutil.rmtree(copy / ".dvc" / "cache")
    assert between(copy, "first", "edited").added == ["article-0009"]


def test_a_shard_that_is_nowhere_is_named(copy: Path, tmp_path: Path) -> None:
    shutil.rmtree(copy / ".dvc" / "cache" / "files")
    with pytest.raises(ReleaseError, match=r"first: corpus/data/documents/.*\.parquet: neither .* none is set.*pull"):
        between(copy, "first", None)
    run(copy, "dvc", "remote", "add", "-d", "store", str(tmp_path / "empty"))
    with pytest.raises(ReleaseError, match=r"the remote 'store'.*dvc pull"):
        between(copy, "first", None)


def test_a_damaged_cache_is_not_believed(copy: Path) -> None:
    for path in (copy / ".dvc" / "cache" / "files" / "md5").rglob("*"):
        if path.is_file() and path.suffix != ".dir":
            path.chmod(0o644)
            path.write_bytes(b"PAR1" + path.read_bytes()[4:-9] + b"?????PAR1")
    with pytest.raises(ReleaseError, match=r"DVC has other bytes .* delete files/md5/[0-9a-f]{2}/[0-9a-f]{30} "):
        between(copy, "first", None)


def test_a_damaged_copy_in_the_store_is_passed_over(copy: Path) -> None:
    shard = next(iter(open_revision(copy, "first").shards("documents").values()))
    place = copy / "build" / "store" / "objects" / shard[:2] / shard
    place.parent.mkdir(parents=True)
    place.write_bytes(b"not Parquet")
    assert open_revision(copy, "first").read(shard, ["doc_id"]).num_rows > 0


def test_a_store_that_cannot_be_written_is_told(copy: Path) -> None:
    (copy / "build").write_text("in the way")
    with pytest.raises(
        BuildError, match=r"cannot be written \((Not a directory|File exists)\); another file is in the place"
    ):
        between(copy, "first", None)


def test_a_damaged_working_tree_is_told(copy: Path) -> None:
    path = next((copy / "corpus" / "data" / "documents").iterdir())
    path.unlink()
    path.write_bytes(b"")
    with pytest.raises(ReleaseError, match="copydesk pull"):
        open_revision(copy).read(f"data/documents/{path.name}")


def test_what_dvc_does_not_name_is_not_named(history: Path) -> None:
    revision = open_revision(history, "first")
    revision.__dict__["_dvc"] = SimpleNamespace(info=lambda path: {})
    assert revision._cached("corpus/data/x") == "it from the cache"


@pytest.mark.parametrize("rev", ["nothing", "--all", "", "first:params.yaml", "a\nb"])
def test_an_unknown_revision_is_told(history: Path, rev: str) -> None:
    with pytest.raises(ReleaseError, match="unknown revision"):
        open_revision(history, rev)


def test_a_revision_without_a_corpus_is_told(copy: Path) -> None:
    run(copy, "git", "rm", "-q", "--cached", "corpus/manifest.json", "corpus/MANIFEST.sha256")
    run(copy, "git", "commit", "-q", "-m", "gone")
    missing = (
        r"^HEAD: no corpus at this revision: neither corpus/manifest\.json nor corpus/MANIFEST\.sha256; choose a revision at which "
        r"the corpus was built and committed$"
    )
    with pytest.raises(ReleaseError, match=missing):
        open_revision(copy, "HEAD")
    with pytest.raises(ReleaseError, match="no such shard"):
        open_revision(copy, "first").read("data/documents/other.parquet")


def test_a_corpus_from_before_the_listing_is_read_by_its_hashes(copy: Path) -> None:
    run(copy, "git", "rm", "-q", "--cached", "corpus/manifest.json")
    run(copy, "git", "commit", "-q", "-m", "as it used to be")
    assert between(copy, "first", "HEAD").added == ["article-0009", "article-0010"]


def test_one_document_is_compared_word_by_word(history: Path) -> None:
    old, new = open_revision(history, "first"), open_revision(history, "edited")
    found = document_diff(old, new, "article-0003")
    assert "".join(piece.old for piece in found.pieces) == found.old_text
    assert "".join(piece.new for piece in found.pieces) == found.new_text
    assert "This stands here for the first time." in "".join(p.new for p in found.pieces if p.kind != "equal")
    assert "raw_sha256" in found.columns
    assert document_diff(old, new, "article-0009").old_text is None
    assert {p.kind for p in document_diff(old, new, "article-0001").pieces} == {"equal"}
    with pytest.raises(ReleaseError, match="neither in first nor in edited"):
        document_diff(old, new, "nobody")
    unruled = document_diff(new, open_revision(history, "unruled"), "article-0000")
    assert {tuple(edit["rules"]) for edit in unruled.edits_removed} == {("spaces",)}
    assert not unruled.edits_added


def plain(*shown: Any) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(*shown)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_a_difference_is_shown_in_three_ways(history: Path) -> None:
    found = between(history, "first", "unruled")
    said = plain(*diff_as_table(found))
    assert "first → unruled: documents: 1 added, 1 removed, 5 changed, 0 moved" in said
    assert all(word in said for word in ("rule spaces", "article-0009", "clean.rules"))
    told = json.loads(json.dumps(diff_as_json(found)))
    assert told["changed"][0]["causes"] and told["tables"]["documents"] == {"old": 8, "new": 8}
    assert "| article-0009 |" in diff_as_markdown(found)
    one = document_diff(open_revision(history, "first"), open_revision(history, "edited"), "article-0003")
    assert "This stands here for the first time." in plain(document_diff_as_text(one))


def test_markdown_lets_no_id_out_of_its_cell_and_is_bounded(history: Path) -> None:
    found = between(history, "first", "first")
    hostile = "a|b`c`<img src=x>@everyone [x](y)"
    many = [hostile, *(f"d{n}" for n in range(1283))]
    page = diff_as_markdown(Diff(**{**vars(found), "added": many, "moved": [Move(hostile, "train", "test")]}))
    assert "<img" not in page
    assert f"| {markdown(hostile)} |" in page and "@everyone" not in page
    assert f"and {1284 - ROWS:,} more" in page
    assert len(re.findall(r"^\| d\d", page, re.MULTILINE)) == ROWS - 1


values = st.one_of(st.none(), st.integers(0, 3))
nested = st.none() | st.lists(
    st.fixed_dictionaries({"x": values, "y": st.none() | st.lists(values, max_size=2)}), max_size=3
)
ROWS_TYPE = pa.list_(pa.struct([("x", pa.int32()), ("y", pa.list_(pa.int32()))]))


@given(st.lists(st.tuples(nested, nested), max_size=6))
def test_lists_differ_where_python_says_so(pairs: list[tuple[Any, Any]]) -> None:
    old, new = (pa.array([pair[side] for pair in pairs], ROWS_TYPE) for side in (0, 1))
    assert differing_values(old, new).tolist() == [one != other for one, other in pairs]


def test_numbers_that_are_none_and_types_that_changed_are_compared() -> None:
    nan = float("nan")
    assert differing_values(pa.array([1.0, nan, nan, None]), pa.array([1.0, nan, 1.0, nan])).tolist() == [
        False,
        False,
        True,
        True,
    ]
    assert differing_values(pa.array([1, 2], pa.int32()), pa.array([1, 3], pa.int64())).tolist() == [False, True]
    assert differing_values(pa.array(["a"]), pa.array([[1]])).tolist() == [True]


@given(st.text("ab \n", max_size=60), st.text("ab \n", max_size=60))
def test_pieces_give_back_both_texts(old: str, new: str) -> None:
    pieces = compare_texts(old, new)
    assert "".join(piece.old for piece in pieces) == old
    assert "".join(piece.new for piece in pieces) == new
    assert all((piece.kind == "equal") == (piece.old == piece.new) for piece in pieces)


def edit(start: int, end: int, after: str, *rules: str, applied: bool = True) -> dict[str, Any]:
    same = {"before": "x", "tier": "safe", "confidence": 1.0}
    return {"raw_start": start, "raw_end": end, "after": after, "rules": "\n".join(rules), "applied": applied, **same}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([edit(0, 2, "a", "one", "two")], [edit(0, 1, "b", "two")], ["one"]),
        ([edit(0, 2, "a", "one")], [edit(0, 2, "b", "one")], ["one"]),
        ([edit(0, 2, "a", "one")], [edit(0, 2, "a", "one", applied=False)], ["one"]),
        ([edit(5, 6, "", "two")], [], ["two"]),
        ([edit(0, 1, "a", "one")], [edit(8, 9, "b", "two")], ["one", "two"]),
        ([], [], []),
    ],
)
def test_the_rules_behind_edits_that_differ(old: list[Any], new: list[Any], expected: list[str]) -> None:
    signed = [{**each, "sign": sign} for sign, edits in ((-1, old), (1, new)) for each in edits]
    assert rules_of(signed) == expected


def corpus(root: Path, rows: dict[str, tuple[str, str]], size: int) -> Path:
    """A corpus of documents alone, by id with their text and split, in files of a size; the text is the hash, too."""
    files: dict[str, Any] = {}
    for number, start in enumerate(range(0, len(rows), size)):
        part = [{"doc_id": i, "split": s, "text_sha256": t} for i, (t, s) in [*rows.items()][start : start + size]]
        part = [{**row, "raw_sha256": row["text_sha256"]} for row in part]
        named = {"source": "source", "publisher": "publisher", "language": "en"}
        path = root / "corpus" / f"{number}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_parquet(pa.Table.from_pylist([{**row, **named} for row in part]), path)
        files[path.name] = {"sha256": sha256_file(path), "rows": len(part)}
    tables = {"documents": {"rows": len(rows), "files": files}} if rows else {}
    (root / "corpus").mkdir(parents=True, exist_ok=True)
    (root / "corpus" / "manifest.json").write_text(json.dumps({"tables": tables, "dropped": []}))
    return root


documents = st.dictionaries(
    st.sampled_from("abcdefgh"), st.tuples(st.sampled_from("xy"), st.sampled_from(["train", "test"])), max_size=6
)


@settings(max_examples=30)  # each writes two corpora
@given(old=documents, new=documents, sizes=st.tuples(st.integers(1, 4), st.integers(1, 4)))
def test_any_two_corpora_are_told_apart(
    tmp_path_factory: pytest.TempPathFactory, old: Any, new: Any, sizes: tuple[int, int]
) -> None:
    root = tmp_path_factory.mktemp("pair")
    pair = [open_revision(corpus(root / n, r, s)) for n, r, s in (("old", old, sizes[0]), ("new", new, sizes[1]))]
    there, back = diff(*pair), diff(*reversed(pair))
    shutil.rmtree(root)
    both = sorted({*old} & {*new})
    assert there.renamed == sorted((o, n) for n, o in back.renamed)
    before, after = ([rename[side] for rename in there.renamed] for side in (0, 1))
    assert sorted([*there.added, *after]) == sorted([*back.removed, *after]) == sorted({*new} - {*old})
    assert sorted([*there.removed, *before]) == sorted([*back.added, *before]) == sorted({*old} - {*new})
    assert all(old[o] == new[n] for o, n in there.renamed)
    assert not {old[o] for o in there.removed} & {new[n] for n in there.added}
    assert there.moved == [Move(i, old[i][1], new[i][1]) for i in both if old[i][1] != new[i][1]]
    assert (
        [c.doc_id for c in there.changed] == [c.doc_id for c in back.changed] == [i for i in both if old[i] != new[i]]
    )


def context(
    parameters: Sequence[str] = (), schemas: Sequence[str] = (), benchmarks: bool = False, one_split: bool = False
) -> Any:
    """What differs as a whole, for a judgement of causes; it looks at nothing else."""
    changes = [SchemaChange(*name.split(":"), "type changed", "int32", "string", True) for name in schemas]
    settings = [Parameter(name, 1, 2) for name in parameters]
    nobody: Any = None
    return RevisionContext(nobody, nobody, [], changes, settings, benchmarks, one_split, {}, frozenset())


@pytest.mark.parametrize(
    ("left", "how", "whole", "expected"),
    [
        ({"text_sha256", "split"}, {"resourced": True}, context(["clean.apply"]), ["source"]),
        ({"text_sha256", "title"}, {"resourced": True, "stated": {"title"}}, context(), ["source", "metadata"]),
        ({"license", "public", "provenance"}, {"stated": {"license"}}, context(), ["metadata"]),
        ({"title"}, {"stated": {"license"}}, context(), ["code"]),
        ({"edits/", "text_sha256", "words"}, {"rules": ["a", "b"]}, context(["clean.rules"]), ["rule a", "rule b"]),
        ({"edits/", "words"}, {"rules": ["a"]}, context(), ["rule a", "code"]),
        ({"public"}, {}, context(["publish.allow", "clean.apply"]), ["parameter publish.allow"]),
        ({"raw/"}, {}, context(["ingest.encodings"]), ["parameter ingest.encodings"]),
        (
            {"split"},
            {},
            context(["splits.test", "splits.train"]),
            ["parameter splits.test", "parameter splits.train"],
        ),
        ({"split", "duplicate_of"}, {}, context(["splits.test"]), ["parameter splits.test", "duplicates"]),
        ({"duplicate_of"}, {}, context(["deduplicate.near"]), ["parameter deduplicate.near"]),
        ({"duplicate_of", "split"}, {}, context(one_split=True), ["duplicates"]),
        ({"split"}, {}, context(one_split=True), ["corpus size"]),
        ({"split", "words"}, {}, context(), ["duplicates", "code"]),
        ({"benchmark_overlap", "flags"}, {}, context(benchmarks=True), ["benchmarks"]),
        ({"benchmark_overlap"}, {}, context(["decontaminate.words"]), ["parameter decontaminate.words"]),
        ({"words"}, {}, context(schemas=["documents:words"]), ["schema"]),
        ({"words"}, {}, context(schemas=["raw:words", "documents:title"]), ["code"]),
        ({"flags"}, {}, context(schemas=["documents:flags[].kind"]), ["schema"]),
        ({"sentences/"}, {}, context(schemas=["sentences:start"]), ["schema"]),
        ({"words"}, {}, context(["corpus.version", "shards.target"]), ["code"]),
    ],
)
def test_causes_take_what_they_explain(left: set[str], how: dict[str, Any], whole: Any, expected: list[str]) -> None:
    given_ = {"resourced": False, "stated": set(), "rules": [], **how}
    assert list(causes_of(left, context=whole, **given_)) == expected


def test_edits_that_are_only_suggested_change_a_document(tmp_path: Path) -> None:
    pair = []
    for name, sure in (("old", 0.5), ("new", 0.75)):
        root = corpus(tmp_path / name, {"a": ("x", "train"), "b": ("y", "test")}, 2)
        rows = [
            {**edit(0, 2, "z", applied=False), "doc_id": i, "rules": ["one"], "confidence": sure if i == "b" else 1.0}
            for i in "aab"
        ]
        write_parquet(pa.Table.from_pylist(rows), root / "corpus" / "edits.parquet")
        listing = json.loads((root / "corpus" / "manifest.json").read_text())
        sha256 = sha256_file(root / "corpus" / "edits.parquet")
        listing["tables"]["edits"] = {"rows": 3, "files": {"edits.parquet": {"sha256": sha256, "rows": 3}}}
        (root / "corpus" / "manifest.json").write_text(json.dumps(listing))
        pair.append(open_revision(root))
    # The shard of documents is the same in both: where the document stands is read from it.
    expected = Change("b", (), ("edits",), ("rule one",), Delta(0, 0), Delta(0, 0), "test", "test")
    assert diff(*pair).changed == [expected]
    assert not diff(*pair).moved


def test_a_file_with_another_name_is_renamed(tmp_path: Path) -> None:
    # The bytes of c are there under the id e, but in another split, which a mere renaming would hide.
    old = corpus(tmp_path / "old", {"a": ("x", "train"), "b": ("y", "train"), "c": ("z", "train")}, 3)
    new = corpus(tmp_path / "new", {"b": ("y", "train"), "d": ("x", "train"), "e": ("z", "test")}, 3)
    listing = json.loads((new / "corpus" / "manifest.json").read_text())
    found = diff(open_revision(old), open_revision(new))
    assert (found.renamed, found.added, found.removed) == ([("a", "d")], ["e"], ["c"])
    assert not found.empty
    assert diff_as_json(found)["renamed"] == [{"old": "a", "new": "d"}]
    shown = diff_as_markdown(found)
    assert "1 added, 1 removed, 1 renamed, 0 changed, 0 moved" in shown and "| a | d |" in shown
    # What the build left out was not renamed, even if the same bytes came under another name.
    dropped = {**listing, "dropped": [{"doc_id": "a", "reason": "duplicate"}]}
    (new / "corpus" / "manifest.json").write_text(json.dumps(dropped))
    found = diff(open_revision(old), open_revision(new))
    assert (found.renamed, found.added, found.removed) == ([], ["d", "e"], ["a", "c"])


def test_the_public_function_is_the_comparison_that_the_command_makes(history: Path) -> None:
    changes = copydesk.diff("first", "edited", root=history)
    assert isinstance(changes, copydesk.Diff)
    assert changes == diff(open_revision(history, "first"), open_revision(history, "edited"))
    assert copydesk.diff("first", root=str(history)).new == "working tree"
    with pytest.raises(InputError, match="old: expected a git revision such as 'HEAD~1'; found NoneType"):
        copydesk.diff(None)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="new: expected a git revision such as 'HEAD~1', or None; found int"):
        copydesk.diff("HEAD", 1)  # type: ignore[arg-type]
