"""The statement of a release says how it was made, and a change of one bit of it or of what it is about is noticed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk._version import __version__
from copydesk.core.atomic_files import json_text
from copydesk.dataset.manifest import read_manifest
from copydesk.errors import ConfigError
from copydesk.project import Project
from copydesk.proofs.build_inputs import Input, build_inputs
from copydesk.proofs.statement import locked_hashes, statement_text, with_identifier, write_statement
from copydesk.proofs.statement_check import read_statement, statement_problems
from copydesk.rebuilding.same_toolkit import toolkit_differences
from copydesk.releases.verify import verify
from copydesk.revisions.toolkit_lock import stage_hashes
from copydesk.store.pinned_libraries import PINNED
from copydesk.takedowns.purge import purge
from copydesk.takedowns.takedown import takedown_row, write_to_ledger
from stated_releases import Stated, make_stated
from support import run_stripped as run
from support import write_seeds

NAME = "provenance.intoto.json"
LISTING: dict[str, Any] = {
    "version": "1.0.0",
    "commit": "c" * 40,
    "date": "2026-01-31",
    "tables": {"documents": {"logical_sha256": "d" * 64}},
    "params": {"clean": {"apply": ["safe"]}},
    "libraries": {"ftfy": "6.3.1", "lxml": None},
}
HASHES = {"MANIFEST.sha256": "e" * 64, "README.md": "f" * 64}


def made(**changed: Any) -> str:
    return statement_text(
        HASHES, {**LISTING, **changed}, {"seeds": Input("0" * 64, 3)}, {("ftfy", "6.3.1"): ["1" * 64]}
    )


def test_what_a_release_states(stated: Stated) -> None:
    statement = json.loads((stated.corpus / NAME).read_text("utf-8"))
    listing = json.loads((stated.corpus / "manifest.json").read_text("utf-8"))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    subjects = {subject["name"]: subject["digest"] for subject in statement["subject"]}
    files = {path.relative_to(stated.corpus).as_posix(): path for path in stated.corpus.rglob("*") if path.is_file()}
    beside = {NAME, f"{NAME}.sig", "MANIFEST.sha256.sig", ".gitignore"}
    for name in files.keys() - beside:
        assert subjects.pop(name) == {"sha256": hashlib.sha256(files[name].read_bytes()).hexdigest()}
    assert subjects == {
        f"table {name}": {"copydeskLogicalHash": table["logical_sha256"]} for name, table in listing["tables"].items()
    }
    definition = statement["predicate"]["buildDefinition"]
    base = run(stated.root, "git", "rev-parse", "HEAD~1")
    given = definition["externalParameters"]
    assert (given["version"], given["revision"], given["params"]) == ("1.0.0", base, listing["params"])
    entries = {entry["name"]: entry for entry in definition["resolvedDependencies"]}
    assert entries["revision"]["digest"] == {"gitCommit": base}
    assert entries["copydesk"]["uri"] == f"pkg:pypi/copydesk@{__version__}"
    assert entries["copydesk"]["annotations"]["stages"] == stage_hashes()
    assert {name: entries[name]["uri"] for name in PINNED} == {n: f"pkg:pypi/{n}@{v}" for n, v in PINNED.items()}
    assert entries["ftfy"]["annotations"]["anyOfSha256"] == ["a" * 64, "b" * 64]  # those of the lock
    assert "annotations" not in entries["pyarrow"]
    assert str(stated.root.parent) not in json.dumps(statement)


def test_the_digest_of_seeds_is_what_sha256sum_says(stated: Stated) -> None:
    statement = json.loads((stated.corpus / NAME).read_text("utf-8"))
    (seeds,) = (e for e in statement["predicate"]["buildDefinition"]["resolvedDependencies"] if e["name"] == "seeds")
    command = "LC_ALL=C; export LC_ALL; find seeds -type f ! -name '.*' | sort | xargs sha256sum | sha256sum"
    told = subprocess.run(["sh", "-c", command], cwd=stated.root, capture_output=True, text=True, check=True).stdout
    assert seeds["digest"]["sha256"] == told.split()[0]
    assert seeds["annotations"]["files"] == len(list((stated.root / "seeds").glob("*.txt"))) == 4


def test_the_same_release_gives_the_same_bytes(stated: Stated, tmp_path: Path) -> None:
    root = tmp_path / "elsewhere"
    shutil.copytree(stated.root, root, ignore=shutil.ignore_patterns("build", ".git", ".dvc"))
    before = (root / "corpus" / NAME).read_bytes()
    (root / "corpus" / NAME).unlink()
    write_statement(root)
    assert (root / "corpus" / NAME).read_bytes() == before


def test_only_files_that_a_build_reads_are_inputs(tmp_path: Path) -> None:
    write_seeds(tmp_path / "seeds", {"a.txt": "One.", "b/c.txt": "Two."})
    before = build_inputs(tmp_path)
    assert before.keys() == {"seeds"} and before["seeds"].files == 2
    write_seeds(tmp_path / "seeds", {".hidden": "x", "b/.git/config": "x"})
    (tmp_path / "secret").write_text("s")
    (tmp_path / "seeds" / "link.txt").symlink_to(tmp_path / "secret")
    assert build_inputs(tmp_path) == before
    (tmp_path / "seeds" / "b" / "c.txt").rename(tmp_path / "seeds" / "c.txt")
    moved = build_inputs(tmp_path)["seeds"]
    assert moved.files == 2 and moved != before["seeds"]


def test_strange_names_are_written_as_sha256sum_writes_them(tmp_path: Path) -> None:
    """A name with a line end must not look like two files."""
    names = ["a\nb.txt", "c\\d.txt", "é.txt", f"x\n{'0' * 64}  y.txt", "e f.txt"]
    write_seeds(tmp_path / "seeds", dict.fromkeys(names, "One."))
    paths = sorted(os.fsencode(path.name) for path in (tmp_path / "seeds").iterdir())
    command = [b"sha256sum", b"--", *(b"seeds/" + path for path in paths)]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    assert build_inputs(tmp_path)["seeds"] == Input(hashlib.sha256(told).hexdigest(), len(names))


def test_a_lock_is_read_package_by_package() -> None:
    first, second = "1" * 64, "2" * 64
    lock = (
        f"# a comment\na-b==1.0 ; python_version < '3.12' \\\n    --hash=sha256:{first} \\\n    --hash=sha256:{second}\n"
        f"c==2.0 \\\n    --hash=sha256:{second}\nd==3.0\n"
    )
    assert locked_hashes(lock) == {("a-b", "1.0"): [first, second], ("c", "2.0"): [second], ("d", "3.0"): []}


@given(st.data())
def test_one_changed_bit_of_a_statement_is_noticed(data: st.DataObject) -> None:
    text = made().encode()
    assert read_statement(text)["_type"].startswith("https://in-toto")
    bit = data.draw(st.integers(0, len(text) * 8 - 1))
    changed = bytearray(text)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ConfigError):
        read_statement(bytes(changed))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("[]", "TypeError"),
        ("{}", "KeyError"),
        (made().replace("urn:copydesk:build:v1", "urn:copydesk:build:v2"), "urn:copydesk:build:v2"),
        (made().replace("  ", "\t"), "white space"),
        (made().replace("c" * 40, "b" * 40), "found the identifier sha256:"),
        (json_text(with_identifier({**json.loads(made()), "subject": [{"name": "a"}]})), "KeyError"),
        (
            json_text(
                with_identifier({**json.loads(made()), "subject": [{"name": "a", "digest": {"x": "1", "y": "2"}}]})
            ),
            "ValueError",
        ),
        (
            json_text(
                with_identifier({**json.loads(made()), "subject": [{"name": "a", "digest": {"x": c}} for c in "12"]})
            ),
            "a twice",
        ),
    ],
)
def test_what_is_no_statement(text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        read_statement(text.encode())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(st.data())
def test_whatever_a_stranger_states_is_refused_or_compared(data: st.DataObject) -> None:
    """A value anywhere in the statement is replaced by another one, and its identifier computed anew."""
    statement = json.loads(made())
    place: Any = statement
    while True:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(json_values)
    try:
        statement = with_identifier(statement)
    except (TypeError, LookupError, AttributeError):
        return  # no place for an identifier is left
    try:
        read = read_statement(json_text(statement).encode())
    except ConfigError:
        return
    assert all(problem.found and problem.expected for problem in statement_problems(read, HASHES, LISTING))
    assert all(isinstance(difference, str) for difference in toolkit_differences(read))


def test_a_statement_that_is_nested_without_end() -> None:
    text = made().replace('"clean": {', f'"deep": {"[" * 5_000}{"]" * 5_000}, "clean": {{')
    with pytest.raises(ConfigError):
        read_statement(text.encode())


def test_a_statement_that_disagrees_with_its_release(stated_copy: Path) -> None:
    """Whoever can write the statement can write its identifier; the manifest still contradicts it."""
    path = stated_copy / "corpus" / NAME
    whole = json.loads(path.read_text("utf-8"))
    assert verify(stated_copy).stated

    def problems(edit: Any) -> list[str]:
        statement = json.loads(json.dumps(whole))
        edit(statement)
        path.write_text(json_text(with_identifier(statement)), "utf-8")
        return [str(problem) for problem in verify(stated_copy).problems]

    def digest(statement: dict[str, Any], name: str) -> dict[str, str]:
        return next(s["digest"] for s in statement["subject"] if s["name"] == name)

    card = read_manifest(stated_copy / "corpus")["README.md"]
    (found,) = problems(lambda s: digest(s, "README.md").update(sha256="0" * 64))
    assert found.startswith(f"{NAME}: found sha256 {'0' * 64} for README.md, expected sha256 {card} as in MANIFEST")
    (found,) = problems(lambda s: digest(s, "table edits").update(copydeskLogicalHash="0" * 64))
    assert f"found copydeskLogicalHash {'0' * 64} for table edits, expected" in found and "manifest.json" in found
    (found,) = problems(lambda s: s["subject"].append({"name": "more", "digest": {"sha256": "0" * 64}}))
    assert "for more, expected nothing" in found
    (found,) = problems(lambda s: s["subject"].remove(next(x for x in s["subject"] if x["name"] == "LICENSE")))
    assert "found nothing for LICENSE" in found
    definition = whole["predicate"]["buildDefinition"]
    (found,) = problems(lambda s: s["predicate"]["buildDefinition"]["externalParameters"].update(version="9.0.0"))
    assert "found version '9.0.0', expected '1.0.0' as in manifest.json" in found
    ftfy = [entry["name"] for entry in definition["resolvedDependencies"]].index("ftfy")
    (found,) = problems(
        lambda s: s["predicate"]["buildDefinition"]["resolvedDependencies"][ftfy].update(uri="pkg:pypi/ftfy@6.0")
    )
    assert "found ftfy 6.0, expected 6.3.1" in found


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_one_changed_bit_of_any_file_is_refused(stated_copy: Path, stated: Stated) -> None:
    corpus = stated_copy / "corpus"
    files = [path for path in sorted(corpus.rglob("*")) if path.is_file() and path.name != ".gitignore"]
    assert len(files) > 15
    for path in files:
        before = path.read_bytes()
        flipped(path)
        name = path.relative_to(corpus).as_posix()
        found = refusals(stated_copy, stated.allowed)
        assert found, name
        path.write_bytes(before)
    assert refusals(stated_copy, stated.allowed) == []


def refusals(root: Path, allowed: Path) -> list[str]:
    try:
        return [str(problem) for problem in verify(root, allowed_signers=allowed).problems]
    except Exception as error:  # a manifest that cannot be read names its line
        return [str(error)]


def test_the_statement_of_a_signed_release_is_signed(stated_copy: Path, stated: Stated) -> None:
    verified = verify(stated_copy, allowed_signers=stated.allowed)
    assert (verified.ok, verified.stated, verified.signed_by) == (True, True, "desk@example.org")
    # Anybody can check it, with nothing but ssh-keygen.
    signature = stated_copy / "corpus" / f"{NAME}.sig"
    command = ["ssh-keygen", "-Y", "verify", "-f", str(stated.allowed), "-n", "copydesk", "-I", "desk@example.org"]
    with (stated_copy / "corpus" / NAME).open("rb") as signed:
        subprocess.run([*command, "-s", str(signature)], stdin=signed, check=True, capture_output=True)
    signature.unlink()
    (problem,) = verify(stated_copy, allowed_signers=stated.allowed).problems
    assert (problem.file, problem.found) == (NAME, "no signature")
    assert verify(stated_copy).ok


def test_a_build_after_the_release_leaves_its_statement_behind(stated_copy: Path, stated: Stated) -> None:
    corpus = stated_copy / "corpus"
    old = read_manifest(corpus)["LICENSE"]
    (corpus / "LICENSE").write_text("another")
    new = hashlib.sha256(b"another").hexdigest()
    manifest = (corpus / "MANIFEST.sha256").read_text("utf-8").replace(old, new)
    (corpus / "MANIFEST.sha256").write_text(manifest, "utf-8")
    verified = verify(stated_copy)
    assert verified.ok and not verified.stated
    run(stated_copy, "git", "init", "--quiet")
    run(stated_copy, "git", "add", "--all")
    run(stated_copy, "git", "commit", "--quiet", "--message", "after")
    run(stated_copy, "git", "tag", stated.tag)
    found = {problem.file for problem in verify(stated_copy, "HEAD").problems}
    assert NAME not in found
    found = {problem.file for problem in verify(stated_copy, stated.tag).problems}
    assert NAME in found


def test_a_replacement_after_a_takedown_has_no_statement(tmp_path: Path, quick: None) -> None:
    """It is cut from a release and not built: nothing may state how it was built."""
    root = tmp_path / "work"
    tag = make_stated(root, None)
    assert (root / "corpus" / NAME).is_file()
    (root / "seeds" / "article-0002.txt").unlink()
    project = Project.open(root)
    write_to_ledger(project, takedown_row(project, "article-0002", "asked for"))
    run(root, "dvc", "add", "--quiet", "seeds")
    run(root, "dvc", "repro", "--quiet")
    run(root, "git", "commit", "--quiet", "--all", "--message", "takedown")
    assert purge(root, "article-0002").replaced == {"1.0.0": "1.0.1"}
    listed = [run(root, "git", "ls-tree", "--name-only", rev, "corpus/") for rev in (f"{tag}!", "corpus@v1.0.1")]
    assert [f"corpus/{NAME}" in names.split() for names in listed] == [True, False]
    verified = verify(root, "corpus@v1.0.1")
    assert verified.ok and not verified.stated
