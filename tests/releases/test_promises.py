"""What a release promises: a signature, licenses, schemas, and a version that model registries understand."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from copydesk.core.json_schema import load_schema
from copydesk.differences.schema_changes import SchemaChange
from copydesk.errors import ReleaseError
from copydesk.releases import write
from copydesk.releases.release import release
from copydesk.releases.verify import verify
from copydesk.tables.table import table
from copydesk.validation import validate
from support import GIT, OUTS, articles, make_repository, write_seeds
from support import run_stripped as run

DVC = f"""
artifacts:
  corpus:
    path: corpus
    type: dataset
stages:
  package:
    cmd: python build.py
    deps: [seeds, schemas, build.py]
    params: [corpus, select, publish]
    outs:
{OUTS}"""
PARAMS = """\
schema_contract: freeze
corpus:
  version: 0.1.0
engine: {workers: 1}
select: {keep: ""}
publish: {allow: ["*"]}
"""


@pytest.fixture(autouse=True)
def _environment(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIT.items():
        monkeypatch.setenv(name, value)


def copydesk(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    from sys import executable

    whole = [executable, "-m", "copydesk", *command]
    return subprocess.run(whole, cwd=root, capture_output=True, text=True, check=False)


def commit(root: Path, message: str) -> None:
    run(root, "dvc", "repro", "--quiet")
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--quiet", "--message", message)


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("template") / "repository"
    sources = '{"doc_id": "article-0000", "license": "CC-BY-4.0"}\n{"doc_id": "article-0001", "license": "MIT"}\n'
    write_seeds(root / "seeds", {**articles(3), "sources.jsonl": sources})
    make_repository(root, DVC, PARAMS)
    commit(root, "first")
    return root


@pytest.fixture
def repository(template: Path, tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    shutil.copytree(template, root, symlinks=True)
    run(root, "dvc", "remote", "add", "--default", "--quiet", "storage", str(tmp_path / "remote"))
    run(root, "git", "commit", "--quiet", "--all", "--message", "remote")
    run(root, "dvc", "checkout", "--quiet")
    return root


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    run(tmp_path, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "the desk", "-f", str(path))
    return path


def test_a_release_is_signed_and_the_next_one_not(repository: Path, key: Path, tmp_path: Path) -> None:
    signers = tmp_path / "signers"
    signers.write_text(f'desk@example.org namespaces="copydesk" {key.with_name("key.pub").read_text()}')
    done = copydesk(repository, "release", "--sign", str(key))
    assert done.returncode == 0, done.stderr
    assert run(repository, "git", "status", "--porcelain") == ""
    assert "corpus/MANIFEST.sha256.sig" in run(repository, "git", "show", "--stat=200", "corpus@v1.0.0")
    found = verify(repository, "corpus@v1.0.0", allowed_signers=signers)
    assert (found.signed_by, found.problems) == ("desk@example.org", [])
    assert validate(repository / "corpus", repository / "schemas", load=False).ok

    write_seeds(repository / "seeds", {"new.txt": "A new article, which is like none of the others at all."})
    commit(repository, "one more")
    # It is that of the release, and not of what was built since.
    (problem,) = verify(repository, allowed_signers=signers).problems
    assert problem.found == "a signature that does not fit"
    release(repository)
    assert not (repository / "corpus" / "MANIFEST.sha256.sig").exists()
    assert run(repository, "git", "status", "--porcelain") == ""
    assert verify(repository, "corpus@v1.0.0", allowed_signers=signers).ok
    problems = verify(repository, "corpus@v1.1.0", allowed_signers=signers).problems
    assert [(problem.file, problem.found) for problem in problems] == [
        ("MANIFEST.sha256", "no signature"),
        ("provenance.intoto.json", "no signature"),
    ]


def test_a_signature_that_does_not_come_back_is_no_release(
    repository: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = write.sign

    def damaged(corpus: Path, with_key: Path, name: str) -> Path:
        path = real(corpus, with_key, name)
        if name != "MANIFEST.sha256":
            return path
        (corpus / "MANIFEST.sha256").write_text((corpus / "MANIFEST.sha256").read_text() + "\n")
        signed = real(corpus, with_key)
        run(repository, "dvc", "repro", "--force", "--quiet", "package")
        return signed or path

    monkeypatch.setattr(write, "sign", damaged)
    with pytest.raises(ReleaseError, match=r"MANIFEST\.sha256: found a signature that does not fit"):
        release(repository, key=key)
    assert run(repository, "git", "tag") == ""


def test_a_key_that_cannot_sign_leaves_nothing_behind(repository: Path, key: Path) -> None:
    with pytest.raises(ReleaseError, match=r"none: no such file; expected an SSH key"):
        release(repository, key=key.with_name("none"))
    key.write_text("no key")
    key.chmod(0o600)
    with pytest.raises(ReleaseError, match=r"ssh-keygen cannot sign MANIFEST\.sha256 with it"):
        release(repository, key=key)
    assert run(repository, "git", "status", "--porcelain") == ""
    assert (repository / "params.yaml").read_text() == PARAMS
    public = key.with_name("key.pub")
    public.write_text("-----BEGIN")
    with pytest.raises(ReleaseError, match=r"key\.pub: not the public half of an SSH key"):
        release(repository, key=key)
    public.unlink()
    with pytest.raises(ReleaseError, match=r"key\.pub: no such file; write it there: ssh-keygen -y -f"):
        release(repository, key=key)


def test_licenses_that_are_not_allowed_are_refused(repository: Path) -> None:
    params = repository / "params.yaml"
    replaced(params, 'allow: ["*"]', "allow: [MIT, CC0-1.0]")
    commit(repository, "only free ones")
    with pytest.raises(ReleaseError) as raised:
        release(repository)
    assert str(raised.value).splitlines() == [
        f"{repository / 'corpus'}: 2 documents without a license of publish.allow (MIT, CC0-1.0); state their "
        'licenses in seeds/sources.jsonl, allow them in params.yaml ("*" allows all, also unknown ones), or leave '
        "them out (select.keep: public == True):",
        "  article-0000: CC-BY-4.0",
        "  article-0002: no license",
    ]
    replaced(params, 'keep: ""', "keep: public == True")
    commit(repository, "and no others")
    assert release(repository, dry_run=True).version == "1.0.0"


def test_a_frozen_schema_does_not_break_and_one_that_evolves_asks_for_a_major(repository: Path) -> None:
    release(repository)
    schema = repository / "schemas" / "raw.schema.json"
    told = json.loads(schema.read_text("utf-8"))
    told["properties"]["path"]["description"] = "Another description."
    schema.write_text(json.dumps(told, indent=2), "utf-8")
    commit(repository, "described anew")
    for cached in (load_schema, table):  # a process sees the schemas of a folder once
        cached.cache_clear()
    assert release(repository, dry_run=True).version == "1.1.0"
    done = copydesk(repository, "schema", "diff", "corpus@v1.0.0")
    assert (done.returncode, done.stdout) == (
        0,
        "compatible: raw.path: description changed\n1 change, 0 breaking\n",
    )

    told["properties"]["size"]["maximum"] = 1_000_000
    told["properties"]["path"]["type"] = ["string", "null"]
    schema.write_text(json.dumps(told, indent=2), "utf-8")
    commit(repository, "other types")
    for cached in (load_schema, table):
        cached.cache_clear()
    with pytest.raises(ReleaseError) as raised:
        release(repository, dry_run=True)
    assert str(raised.value).splitlines() == [
        f"{repository}: 2 breaking schema changes since 1.0.0, and schema_contract is freeze; undo them, "
        "or set schema_contract: evolve in params.yaml for a MAJOR release:",
        "  raw.path: null allowed",
        "  raw.size: type changed (int64 -> int32)",
    ]
    done = copydesk(repository, "schema", "diff", "corpus@v1.0.0")
    assert done.returncode == 1
    assert "breaking: raw.size: type changed (int64 -> int32)\n" in done.stdout
    assert "schema_contract is freeze: undo the breaking changes" in done.stdout

    replaced(repository / "params.yaml", "schema_contract: freeze", "schema_contract: evolve")
    commit(repository, "may evolve")
    done = copydesk(repository, "schema", "diff", "corpus@v1.0.0")
    assert done.returncode == 0
    assert "2 breaking: needs a MAJOR release" in done.stdout
    assert release(repository).version == "2.0.0"


def test_a_change_says_what_stood_there() -> None:
    changes = [
        SchemaChange("raw", "size", "constraint loosened: maximum", 1, None, False),
        SchemaChange("raw", "", "table removed", "raw", None, True),
        SchemaChange("raw", "a", "column renamed", "a", "b", True),
    ]
    assert [str(change) for change in changes] == [
        "raw.size: constraint loosened: maximum (1 -> None)",
        "raw: table removed",
        "raw.a: column renamed (a -> b)",
    ]


def test_registries_understand_the_tag(repository: Path, tmp_path: Path) -> None:
    first = release(repository)
    write_seeds(repository / "seeds", {"new.txt": "A new article, which is like none of the others at all."})
    commit(repository, "one more")
    second = release(repository)
    shown = json.loads(run(repository, "gto", "show", "corpus", "--json"))
    assert [(row["version"], row["ref"]) for row in shown] == [
        ("v1.1.0", "corpus@v1.1.0"),
        ("v1.0.0", "corpus@v1.0.0"),
    ]
    assert [row["commit_hexsha"] for row in shown] == [second.commit, first.commit]
    assert "corpus@v1.1.0" in run(repository, "gto", "show", "corpus@greatest", "--ref")
    for version, documents in (("v1.0.0", 3), ("v1.1.0", 4)):
        out = tmp_path / version
        run(tmp_path, "dvc", "artifacts", "get", str(repository), "corpus", "--rev", version, "--out", str(out))
        listing = json.loads((out / "manifest.json").read_text("utf-8"))
        assert (f"v{listing['version']}", listing["tables"]["documents"]["rows"]) == (version, documents)
        assert validate(out, repository / "schemas", load=False).ok


def test_a_tag_on_another_commit_is_found(repository: Path) -> None:
    done = release(repository)
    assert verify(repository, done.tag).ok
    (repository / "note.txt").write_text("later")
    run(repository, "git", "add", "note.txt")
    run(repository, "git", "commit", "--quiet", "--message", "later")
    run(repository, "git", "tag", "--force", "--annotate", done.tag, "HEAD", "--message", "moved")
    (problem,) = verify(repository, done.tag).problems
    base = run(repository, "git", "rev-parse", "HEAD~2")
    assert (problem.file, problem.found) == ("manifest.json", f"made from commit {base}")
    assert problem.action == "tag the commit that copydesk release made"
    assert problem.expected == f"the commit before the tag's: {done.commit}"
