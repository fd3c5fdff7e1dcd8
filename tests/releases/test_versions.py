"""Versions, changelog and contract follow from a difference: differences made by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from copydesk.differences.diff_model import Change, Delta, Diff, Move, Parameter, Rename, RowCounts
from copydesk.differences.schema_changes import SchemaChange
from copydesk.errors import ConfigError, ReleaseError
from copydesk.releases.changelog import HEAD, add_section, changelog_section
from copydesk.releases.preconditions import refuse_broken_contract, refuse_unlicensed
from copydesk.releases.versions import Version, next_version, required_level
from copydesk.revisions.withdrawals import _last_replacement, replacements, withdrawal_message
from support import run_command

COMPATIBLE = SchemaChange("raw", "path", "description changed", "a", "b", False)
BREAKING = SchemaChange("raw", "size", "type changed", "int64", "int32", True)


def change(doc_id: str, *causes: str) -> Change:
    return Change(doc_id, ("words",), (), causes, Delta(), Delta(), "train", "train")


def made(**given: Any) -> Diff:
    empty: dict[str, Any] = {name: [] for name in ("added", "removed", "moved", "changed", "schemas", "parameters")}
    counts: dict[str, Any] = {name: {} for name in ("dropped", "sources", "languages", "tables")}
    return Diff(**{"old": "1.0.0", "new": "working tree", "complete": True, **empty, **counts, **given})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "patch"),
        ({"parameters": [Parameter("corpus.title", 1, 2)]}, "patch"),
        ({"added": ["a"]}, "minor"),
        ({"schemas": [COMPATIBLE]}, "minor"),
        ({"schemas": [COMPATIBLE, BREAKING]}, "major"),
        ({"removed": ["a"]}, "major"),
        ({"renamed": [Rename("a", "b")]}, "major"),
        ({"changed": [change("a", "source")]}, "major"),
        ({"moved": [Move("a", "train", "test")]}, "major"),
        ({"labels": RowCounts(1, 0, 0)}, "minor"),
        ({"labels": RowCounts(0, 1, 0)}, "major"),
        ({"labels": RowCounts(0, 0, 1)}, "major"),
    ],
)
def test_the_level_follows_from_what_changed(given: dict[str, Any], expected: str) -> None:
    diff, last = made(**given), Version(1, 2, 3)
    assert required_level(diff) == expected
    raised = {"patch": "1.2.4", "minor": "1.3.0", "major": "2.0.0"}
    assert str(next_version(last, diff)) == raised[expected]
    assert str(next_version(last, diff, "minor")) == raised["major" if expected == "major" else "minor"]
    assert str(next_version(last, diff, "major")) == "2.0.0"
    assert diff.empty == (not given or "moved" in given)  # a document that moved has changed too


def test_the_first_version_follows_nothing() -> None:
    assert str(next_version(None, made(removed=["a"]), "major")) == "1.0.0"
    assert str(next_version(Version(4, 5, 6), None, "patch")) == "1.0.0"
    assert Version.parse("10.0.999999999") == (10, 0, 999999999)


@pytest.mark.parametrize("text", ["", "1.2", "1.2.3.4", "01.2.3", "1.2.3-a", "v1.2.3", " 1.2.3", "1.2.1234567890"])
def test_what_is_no_version_is_named(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Version.parse(text)
    assert str(caught.value) == f"{text!r}: expected a version x.y.z"


def test_a_section_lists_what_was_added_changed_and_removed() -> None:
    many = [f"n-{n:04d}" for n in range(1025, 0, -1)]
    diff = made(
        added=many,
        removed=["z_1", "b"],
        changed=[change("c", "source", "rule spaces"), change("a", "source")],
        moved=[Move("m", "train", "test"), Move("l", "test", "train")],
        renamed=[Rename("o", "new_o")],
        schemas=[SchemaChange("raw", "size", "type changed\n# no heading", 1, 2, True)],
    )
    named = ", ".join(f"n-{n:04d}" for n in range(1, 21))
    assert changelog_section("2.0.0", "2026-11-22", diff) == (
        "## [2.0.0] - 2026-11-22\n\n"
        f"### Added\n\n- 1,025 documents: {named} and 1,005 more\n\n"
        "### Changed\n\n- 1 document renamed: o to new\\_o\n- 2 documents: a, c\n  - rule spaces: 1\n  - source: 2\n"
        "- 2 documents moved between splits: l, m\n- Schema: raw.size: type changed\\\\n\\# no heading\n\n"
        "### Removed\n\n- 2 documents: b, z\\_1\n"
    )
    twenty = changelog_section("1.1.0", "2026-11-22", made(added=many[:20]))
    assert twenty.endswith("n-1025\n") and "more" not in twenty
    assert changelog_section("1.0.1", "2026-11-22", made()).endswith(
        "22\n\n### Changed\n\n- The same data, written again.\n"
    )
    assert (
        changelog_section("1.0.0", "2026-11-22", None)
        == "## [1.0.0] - 2026-11-22\n\n### Added\n\n- The first release.\n"
    )


def test_many_are_counted_with_commas() -> None:
    some = [f"n-{n}" for n in range(1000)]
    diff = made(
        removed=some, changed=[change(n, "source") for n in some], moved=[Move(n, "train", "test") for n in some]
    )
    lines = [
        line.partition(":") for line in changelog_section("2.0.0", "2026-11-22", diff).splitlines() if "1,000" in line
    ]
    assert [(head, tail[-9:]) for head, _, tail in lines] == [
        ("- 1,000 documents", " 980 more"),
        ("  - source", " 1,000"),
        ("- 1,000 documents moved between splits", " 980 more"),
        ("- 1,000 documents", " 980 more"),
    ]


def test_sections_stand_before_each_other_and_what_is_above_them_is_kept() -> None:
    one, two = (changelog_section(v, "2026-11-22", None) for v in ("1.0.0", "1.1.0"))
    assert add_section(None, one) == f"{HEAD}\n{one}"
    assert add_section("", one) == f"\n\n{one}"
    both = add_section(f"# Ours\n\n\n{one}\n\n", two)
    assert both == f"# Ours\n\n{two}\n{one}"
    assert add_section(both, one) == f"# Ours\n\n{one}\n{two}"
    assert add_section(f"# Ours X \n\n{one} X \n", two) == f"# Ours X \n\n{two}\n{one} X \n"
    later = changelog_section("1.0.0", "2026-11-23", None)
    assert add_section(both, later) == f"# Ours\n\n{later}\n{two}"
    # A line inside a section that only looks like a heading begins none.
    quoted = f"{two}\nsaid: ## [1.0.0] - once\n"
    assert add_section(f"# Ours\n\n{quoted}", one) == f"# Ours\n\n{one}\n{quoted}"


def test_what_could_be_markup_is_escaped() -> None:
    changed = changelog_section("1.0.0", "2026-01-02", made(added=["fixes #1 <b>\n@x"]))
    assert "- 1 document: fixes \\#&#8203;1 &lt;b&gt;\\\\n@&#8203;x\n" in changed


@pytest.mark.parametrize("contract", ["freeze", "evolve"])
def test_a_frozen_schema_does_not_break(tmp_path: Path, contract: str) -> None:
    (tmp_path / "params.yaml").write_text(f"schema_contract: {contract}\n")
    refuse_broken_contract(tmp_path, "1.0.0", None)
    refuse_broken_contract(tmp_path, "1.0.0", made(schemas=[COMPATIBLE]))
    if contract == "evolve":
        refuse_broken_contract(tmp_path, "1.0.0", made(schemas=[BREAKING]))
        return
    with pytest.raises(ReleaseError) as caught:
        refuse_broken_contract(tmp_path, "1.0.0", made(schemas=[COMPATIBLE, BREAKING, BREAKING]))
    assert str(caught.value) == (
        f"{tmp_path}: 2 breaking schema changes since 1.0.0, and schema_contract is freeze; undo them, or set "
        "schema_contract: evolve in params.yaml for a MAJOR release:" + 2 * f"\n  {BREAKING}"
    )


def test_documents_without_an_allowed_license_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "documents"
    folder.mkdir(parents=True)
    for part, count in ((0, 4), (1, 5)):
        ids = [f"d-{part}{n}" for n in range(count)]
        licenses = ["MIT", "CC-BY-4.0", None, "CC-BY-4.0", None][:count]
        rows = {"doc_id": ids, "license": licenses, "public": [True] * count, "text": [""] * count}
        pq.write_table(pa.table(rows), folder / f"train-{part}.parquet")

    def refused(*allow: str) -> str:
        project: Any = SimpleNamespace(corpus=tmp_path, params={"publish": {"allow": list(allow)}})
        with pytest.raises(ReleaseError) as caught:
            refuse_unlicensed(project)
        return str(caught.value)

    assert refused("MIT", "CC0-1.0") == (
        f"{tmp_path}: 7 documents without a license of publish.allow (MIT, CC0-1.0); state their licenses in "
        'seeds/sources.jsonl, allow them in params.yaml ("*" allows all, also unknown ones), or leave them out '
        "(select.keep: public == True):\n  d-01: CC-BY-4.0\n"
        "  d-02: no license\n  d-03: CC-BY-4.0\n  d-11: CC-BY-4.0\n  d-12: no license"
    )
    assert ": 9 documents without a license of publish.allow (none); state" in refused()
    project: Any = SimpleNamespace(corpus=tmp_path, params={"publish": {"allow": ["*"]}})
    refuse_unlicensed(project)
    # What was not public when it was built is none now either.
    held = {"doc_id": ["e"], "license": ["MIT"], "public": [False]}
    pq.write_table(pa.table(held), folder / "train-2.parquet")
    with pytest.raises(ReleaseError, match=r": 1 document without .*\n  e: MIT$"):
        refuse_unlicensed(project)


def test_a_withdrawal_says_what_replaces_it() -> None:
    assert withdrawal_message("1.0.0", "a b", None) == "corpus 1.0.0 is withdrawn\n\nTakedown: a b"
    assert withdrawal_message("1.0.0", "a", "1.0.1").splitlines()[2:] == ["Takedown: a", "Replaced-by: 1.0.1"]
    assert withdrawal_message("1.0.0", "fixes #1\n@x", None).endswith("\nTakedown: fixes #\u200b1\\n@\u200bx")
    assert _last_replacement("1", {"1": "2", "2": "3"}) == "3"
    assert _last_replacement("1", {"1": "2", "2": "1"}) == "2"
    assert _last_replacement("1", {"1": "2", "2": "3", "3": "2"}) == "3"


def test_replacements_are_read_from_tags_alone(tmp_path: Path) -> None:
    run_command(tmp_path, "git", "init", "--quiet")
    run_command(tmp_path, "git", "commit", "--quiet", "--allow-empty", "--message", "one")
    for tag, message in {
        "corpus@v1.0.0!": withdrawal_message("1.0.0", "a", "1.0.1"),
        "corpus@v1.0.1!": withdrawal_message("1.0.1", "b", None),
        "corpus@v1.0.2!": "Replaced-by: 1.0.1234567890",
        "corpus@v2.0.0": "Replaced-by: 2.0.1",
        "other@v1.0.0!": "Replaced-by: 3.0.0",
    }.items():
        run_command(tmp_path, "git", "tag", "--annotate", tag, "--message", message)
    assert replacements(str(tmp_path)) == replacements(f"file://{tmp_path}") == {"1.0.0": "1.0.1"}
    with pytest.raises(ReleaseError, match="strange pathname '--all' blocked"):
        replacements("--all")


def test_the_changelog_counts_labels() -> None:
    section = changelog_section("1.1.0", "2026-01-01", made(labels=RowCounts(1200, 1, 0)))
    assert section.endswith("### Added\n\n- 1,200 labels\n\n### Removed\n\n- 1 label\n")
