"""A steward's day: from an empty folder over two releases and a merge to a takedown, as people type and click it.

Real git, real DVC with a remote, a real browser; every command is a process of its own.
"""

from __future__ import annotations

import io
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page

import copydesk
from browsing import send
from copydesk.errors import ReleaseError
from copydesk.report.corpus_view import address
from deliveries import AGENCY, OUTLETS, Delivery, article, jsonl, morning
from support import GIT, file_bytes, needs_browser, write_seeds

pytestmark = needs_browser
Visit = Callable[..., Page]
Rows = dict[str, dict[str, Any]]  # by document
TITLE = "A headline that nobody was to read"
RULE = "glued-word-maybe"
DECISIONS, SOURCES = "seeds/decisions.jsonl", "seeds/sources.jsonl"


@dataclass
class Steward:
    """Somebody at a clone; what they type and read is appended to a transcript."""

    root: Path
    environment: dict[str, str]
    transcript: Path

    def run(self, *command: str, status: int = 0) -> str:
        """Run a command in the clone; return what it printed."""
        start = _seconds()
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        with self.transcript.open("a") as file:
            wall, cpu = (now - then for now, then in zip(_seconds(), start, strict=True))
            file.write(f"{self.root.name}$ {' '.join(command)}\n{done.stdout}[{wall:.1f} s, {cpu:.1f} s of CPU]\n\n")
        assert done.returncode == status, f"{command}\n{done.stdout}"
        assert "Traceback" not in done.stdout
        return done.stdout

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)

    def build_and_commit(self, message: str) -> str:
        built = self.run("dvc", "repro")
        self.commit(message)
        return built

    def rows(self, table: str) -> Rows:
        """Rows of a table of the dataset by document."""
        paths = sorted((self.root / "corpus" / "data" / table).rglob("*.parquet"))
        return {row["doc_id"]: row for path in paths for row in pq.read_table(path).to_pylist()}

    def edits(self) -> list[dict[str, Any]]:
        paths = sorted((self.root / "corpus" / "data" / "edits").rglob("*.parquet"))
        return [row for path in paths for row in pq.read_table(path).to_pylist()]

    def texts(self) -> dict[str, str]:
        return {doc_id: row["text"] for doc_id, row in self.rows("documents").items()}

    def lines(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.root / name).read_text("utf-8").splitlines()]

    def append(self, name: str, *rows: dict[str, Any]) -> None:
        with (self.root / name).open("ab") as file:
            file.write(jsonl(list(rows)))

    def clone(self, origin: Path, name: str) -> Steward:
        """A clone beside this one; nothing is pulled yet."""
        place = self.root.parent
        Steward(place, self.environment, self.transcript).run("git", "clone", "--quiet", str(origin), name)
        return Steward(place / name, self.environment, self.transcript)


def _seconds() -> tuple[float, float]:
    """On the clock, and of CPU in finished commands."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic(), used.ru_utime + used.ru_stime


@pytest.fixture
def ana(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Steward:
    """A steward with nothing yet, and a home folder of their own."""
    own = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "cache"), "COLUMNS": "200"}
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    environment = {**os.environ, **GIT, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    del environment["CI"]
    return Steward(tmp_path, environment, tmp_path / "transcript.txt")


def test_a_day_of_a_steward(ana: Steward, visit: Visit) -> None:
    delivered = morning()
    storage, origin = ana.root / "storage", ana.root / "origin.git"
    ana = begin(ana, delivered)
    every_file_is_accounted_for(ana, delivered)
    refused_without_a_remote_or_a_license(ana, origin, storage)
    decide_in_a_browser(ana, visit, private(delivered))
    release_for_the_first_time(ana)
    ben = a_second_clone(ana, origin)
    two_branches(ana, ben, origin)
    first, second = release_again(ana, origin)
    gone = take_down(ana, delivered)
    purge(ana, gone)
    nothing_holds_it(ana, storage, delivered)
    every_release_stands(ana, origin, gone, {"1.0.1": first, "2.0.1": second})


def private(delivered: Delivery) -> str:
    """An article of which there is no copy, and whose beginning no other one has: the path of its file."""
    copied = set(delivered.copies.values())
    ours = (path for path in sorted(delivered.files) if path.startswith("texts/en/") and path not in copied)
    return next(path for path in ours if delivered.files[path][:1].isdigit())


def begin(place: Steward, delivered: Delivery) -> Steward:
    """A new repository, with the files of the morning in it."""
    assert "put articles into my-corpus/seeds, then run dvc repro" in place.run("copydesk", "init", "my-corpus")
    ana = Steward(place.root / "my-corpus", place.environment, place.transcript)
    write_seeds(ana.root / "seeds", delivered.files)
    ana.append(SOURCES, *delivered.sources)
    params = ana.root / "params.yaml"
    text = params.read_text("utf-8")
    small = {"target: 1000": "target: 100", "minimum: 250": "minimum: 50", "maximum: 4000": "maximum: 200"}
    for default, value in {**small, "workers: 0": "workers: 1"}.items():  # as many shards as of a large corpus
        assert text.count(default) == 1
        text = text.replace(default, value)
    params.write_text(text, "utf-8")
    assert "all checks passed" in ana.run("copydesk", "check")
    assert "\nerror" not in ana.run("copydesk", "doctor")
    return ana


def every_file_is_accounted_for(ana: Steward, delivered: Delivery) -> None:
    """Each of the 300 files is a document, or several, or stands in the quarantine with its reason, or both."""
    built = ana.build_and_commit("First articles")
    assert "all checks passed" in built
    raw = Counter(row["path"].partition("#")[0] for row in ana.rows("raw").values())
    assert raw == delivered.documents
    refused = ana.lines("reports/quarantine.jsonl")
    assert {row["path"]: row["reason"] for row in refused} == delivered.refused
    assert len(refused) == len(delivered.refused)
    assert raw.keys() | delivered.refused.keys() == delivered.files.keys()
    documents = ana.rows("documents")
    assert len(documents) == sum(delivered.documents.values())
    assert f"{len(documents):,} documents" in built
    assert re.search(r"^ingest: \d+ page groups, ", built, re.MULTILINE)
    assert "is empty" not in built
    assert f"{len(refused)} seeds refused, see reports/quarantine.jsonl" in built
    kinds = Counter(row["duplicate_kind"] for row in documents.values())
    assert kinds["exact"] == kinds["near"] == 8
    assert "all checks passed" in ana.run("copydesk", "check", "--built")


def refused_without_a_remote_or_a_license(ana: Steward, origin: Path, storage: Path) -> None:
    """Nothing is released before the steward has said where the data lies, and which licenses may be public."""
    ana.run("git", "init", "--quiet", "--bare", "--initial-branch", "main", str(origin))
    ana.run("git", "remote", "add", "origin", str(origin))
    ana.run("git", "branch", "--move", "main")
    ana.run("git", "push", "--quiet", "--set-upstream", "origin", "main")
    assert "dvc remote add --default storage ADDRESS" in ana.run("copydesk", "release", status=1)
    ana.run("dvc", "remote", "add", "--default", "storage", str(storage))
    ana.run("dvc", "remote", "modify", "storage", "verify", "true")
    ana.commit("Where the data lies")
    assert "without a license of publish.allow (none)" in ana.run("copydesk", "release", status=1)
    params = ana.root / "params.yaml"
    params.write_text(params.read_text("utf-8").replace("allow: []", 'allow: ["*"]'), "utf-8")


@contextmanager
def served(steward: Steward) -> Iterator[str]:
    """The address that ``copydesk report --serve`` prints."""
    server = subprocess.Popen(
        ["copydesk", "report", "--serve", "--port", "0"],
        cwd=steward.root,
        env=steward.environment,
        executable=shutil.which("copydesk", path=steward.environment["PATH"]),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        printed = server.stderr.readline()
        assert "keep it secret" in printed
        yield printed.split()[0]
    finally:
        server.terminate()
        server.communicate()


def decide_in_a_browser(ana: Steward, visit: Visit, corrected: str) -> None:
    """One suggestion, a group of them, all of a rule in a source, a document; one decision is undone."""
    before, sources = ana.texts(), {doc_id: row["source"] for doc_id, row in ana.rows("documents").items()}
    open_ones = [edit for edit in ana.edits() if not edit["applied"]]
    assert {RULE} == {rule for edit in open_ones for rule in edit["rules"]}
    with served(ana) as printed:
        page = visit(printed)
        home = page.url
        page.get_by_role("link", name="Queue").click()
        group = page.locator("#group-0")
        group.get_by_text("One by one").click()
        accepted = group.locator("li a").first.inner_text()
        send(group.get_by_role("button", name="Accept this").first)
        page.locator("#group-1").get_by_label("Reason").fill("a name of a product")
        send(page.locator("#group-1").get_by_role("button", name="Reject all"))
        page.get_by_label("Rule", exact=True).select_option(RULE)
        page.get_by_label("Source", exact=True).select_option(AGENCY)
        send(page.get_by_role("button", name="Select"))
        send(page.locator(".whole").get_by_role("button", name="Accept all"))
        excluded, kept = sorted(doc_id for doc_id in before if doc_id.startswith("page-"))[:2]
        for doc_id in (excluded, kept):
            page.goto(f"{home}{address(doc_id)}")
            page.locator("#metadata summary").first.click()
            page.get_by_label("Reason (for reviewers)").fill("a list of links")
            send(page.get_by_role("button", name="Exclude this document"))
        page.goto(f"{home}{address(Path(corrected).stem)}")
        page.locator("#metadata summary").first.click()
        page.get_by_label("Correct title").fill(TITLE)
        send(page.get_by_role("button", name="Correct title"))
        page.get_by_label("Report").get_by_role("link", name="Decisions").click()
        row = page.locator("tr", has=page.get_by_role("link", name=kept, exact=True))
        send(row.get_by_role("button", name="Undo"))
    made = ana.lines(DECISIONS)
    assert [(line["decision"], line.get("rule"), line.get("source"), line.get("doc_id")) for line in made] == [
        ("accept", None, None, accepted),
        ("reject", RULE, None, None),
        ("accept", RULE, AGENCY, None),
        ("exclude", None, None, excluded),
        ("correct", None, None, Path(corrected).stem),
    ]
    assert ana.texts() == before  # nothing is changed before the next build
    ana.build_and_commit("Decisions of the morning")
    after = ana.texts()
    assert before.keys() - after.keys() == {excluded}
    assert [(row["doc_id"], row["reason"]) for row in ana.lines("reports/dropped.jsonl")] == [(excluded, "decision")]
    raw, states = ana.rows("raw"), {place_of(edit): edit["applied"] for edit in ana.edits()}
    results = Counter()
    for edit in open_ones:
        doc_id = edit["doc_id"]
        word, repaired = wording_of(edit, raw[doc_id]["text"])
        if word == made[1]["before"] and doc_id != accepted:
            expected, result = word, "rejected"
            assert place_of(edit) not in states
        elif doc_id == accepted or sources[doc_id] == AGENCY:
            expected, result = repaired, "accepted"
            assert states[place_of(edit)] is True
        else:
            expected, result = word, "open"
            assert states[place_of(edit)] is False
        assert expected in after[doc_id], (doc_id, result)
        results[result] += 1
    assert min(results["accepted"], results["rejected"], results["open"]) > 1
    touched = {edit["doc_id"] for edit in open_ones}
    assert {doc_id for doc_id in after if after[doc_id] != before[doc_id]} <= touched


def place_of(edit: dict[str, Any]) -> tuple[str, int, int]:
    return edit["doc_id"], edit["raw_start"], edit["raw_end"]


def wording_of(edit: dict[str, Any], raw: str) -> tuple[str, str]:
    """The word that is to be cut in two, and the two words."""
    start = edit["raw_start"]
    (word,) = (found for found in re.finditer(r"\w+", raw) if found.start() < start < found.end())
    return word[0], f"{raw[word.start() : start]} {raw[start : word.end()]}"


def release_for_the_first_time(ana: Steward) -> None:
    """It has a version, a tag, and objects in the remote."""
    push_what_is_printed(ana, ana.run("copydesk", "release"), "corpus@v1.0.0")
    assert ana.run("copydesk", "releases").splitlines() == ["1.0.0"]
    assert ana.run("git", "cat-file", "-t", "corpus@v1.0.0").strip() == "tag"
    assert "match the manifest" in ana.run("copydesk", "verify", "corpus@v1.0.0", "--remote")


def push_what_is_printed(steward: Steward, printed: str, tag: str) -> None:
    """Type the command that a release ends with."""
    (command,) = re.findall(rf"release: {tag}; push it with (git push .*)", printed)
    steward.run(*command.split())


def a_second_clone(ana: Steward, origin: Path) -> Steward:
    """It has what was released, computes only what changes, and its hook refuses what was not built."""
    ben = ana.clone(origin, "ben")
    ben.run("dvc", "pull")
    assert file_bytes(ben.root / "corpus") == file_bytes(ana.root / "corpus")
    assert "Data and pipelines are up to date." in ben.run("dvc", "repro")
    ben.run("git", "config", "core.hooksPath", ".githooks")
    ben.run("git", "switch", "--quiet", "--create", "ben")
    page = max((ben.root / "seeds").rglob("page-*.html"))  # not the one that is excluded as it is
    page.write_bytes(page.read_bytes().replace(b"</p>", b" Corrected by Ben.</p>", 1))
    ben.run("git", "add", "--all")
    refused = ben.run("git", "commit", "--quiet", "--message", "Not built", status=1)
    assert "ingest is outdated (seeds); run dvc repro" in refused
    built = ben.build_and_commit("A page corrected")
    for stage in ("ingest", "clean", "split", "describe", "package", "validate"):
        total, computed, cached = counts_of(stage, built)
        assert (computed, cached) == (1, total - 1), stage
        assert total > 2
    return ben


def counts_of(stage: str, built: str) -> tuple[int, int, int]:
    (counts,) = re.findall(rf"(?m)^{stage}: (\d+) shards?, (\d+) computed, (\d+) cached$", built)
    total, computed, cached = map(int, counts)
    return total, computed, cached


def correct(steward: Steward, doc_id: str, **fields: Any) -> None:
    """Change fields of a document in sources.jsonl, where its other fields stay."""
    rows = [{**row, **(fields if row["doc_id"] == doc_id else {})} for row in steward.lines(SOURCES)]
    (steward.root / SOURCES).write_bytes(jsonl(rows))


def inputs(steward: Steward) -> dict[str, Any]:
    """What a build reads; of lines the order is of no account."""
    names = (SOURCES, DECISIONS, "splits.jsonl")
    lines = {name: sorted(json.dumps(row, sort_keys=True) for row in steward.lines(name)) for name in names}
    seeds = {name: data for name, data in file_bytes(steward.root / "seeds").items() if f"seeds/{name}" not in lines}
    return {**lines, **seeds, "params.yaml": (steward.root / "params.yaml").read_bytes()}


def two_branches(ana: Steward, ben: Steward, origin: Path) -> None:
    """Each adds an article and corrects another, one of them decides; merges give what a build of both gives."""
    stated = [row["doc_id"] for row in ana.lines(SOURCES)]
    write_seeds(ana.root / "seeds", {"texts/en/new-of-ana.txt": article(8_001, "en")})
    ana.append(SOURCES, {"doc_id": "new-of-ana", "source": OUTLETS["en"][0], "license": "CC0-1.0"})
    correct(ana, stated[0], title="Corrected by Ana")
    ana.build_and_commit("One added, one corrected")
    ana.run("git", "push", "--quiet")
    write_seeds(ben.root / "seeds", {"texts/de/new-of-ben.txt": article(8_002, "de")})
    ben.append(SOURCES, {"doc_id": "new-of-ben", "source": OUTLETS["de"][0], "license": "CC0-1.0"})
    correct(ben, stated[0], byline="Corrected by Ben")
    correct(ben, stated[1], title="Corrected by Ben")
    source, line = OUTLETS["de"]
    ben.append(DECISIONS, {"source": source, "line": line, "decision": "remove-line", "date": "2026-11-30"})
    ben.run("git", "add", "--all")
    ben.run("git", "commit", "--quiet", "--no-verify", "--message", "To be built after the merge")
    ben.run("git", "push", "--quiet", "--set-upstream", "origin", "ben")

    # Ana's clone has merge drivers since init. Ben's has none, and the command needs none.
    ana.run("git", "fetch", "--quiet")
    ana.run("git", "merge", "--no-edit", "origin/ben")
    assert "outdated" in ana.run("copydesk", "check", "--built", status=1)
    assert "merge drivers" in ben.run("copydesk", "doctor")
    ben.run("git", "fetch", "--quiet")
    assert "now run dvc repro, git add --all, git commit" in ben.run("copydesk", "merge", "origin/main")
    assert inputs(ben) == inputs(ana)
    ben.run("git", "reset", "--quiet", "--hard", "HEAD")
    ana.build_and_commit("Built after the merge")
    ana.run("git", "push", "--quiet")
    merged = file_bytes(ana.root / "corpus")
    third = ana.clone(origin, "third")
    third.run("copydesk", "build")
    assert file_bytes(third.root / "corpus") == merged
    documents = ana.rows("documents")
    assert {"new-of-ana", "new-of-ben"} <= documents.keys()
    assert (
        documents[stated[0]]["title"] == "Corrected by Ana" and documents[stated[0]]["byline"] == "Corrected by Ben"
    )
    assert documents[stated[1]]["title"] == "Corrected by Ben"
    german = [text for doc_id, text in ana.texts().items() if documents[doc_id]["source"] == source]
    assert len(german) > 10 and not any(line in text for text in german)


def release_again(ana: Steward, origin: Path) -> tuple[Rows, Rows]:
    """The second release, and what is said of the difference: all agree, and loading gives the rows of each."""
    push_what_is_printed(ana, ana.run("copydesk", "release"), "corpus@v2.0.0")
    old, new = (copydesk.load(version=version, repo=origin, split="train") for version in ("1.0.0", "2.0.0"))
    before, after = ({row["doc_id"]: row for row in rows} for rows in (old, new))
    assert after == {row["doc_id"]: row for row in copydesk.load(repo=origin, split="train")}
    assert {doc_id: row["text"] for doc_id, row in after.items()} == ana.texts()
    added, changed = sorted(after.keys() - before.keys()), sorted(d for d in before if before[d] != after[d])
    assert [d for d in added if d.startswith("new")] == ["new-of-ana", "new-of-ben"] and before.keys() <= after.keys()
    difference = json.loads(ana.run("copydesk", "diff", "corpus@v1.0.0", "corpus@v2.0.0", "--json"))
    assert difference["added"] == added and difference["removed"] == []
    assert sorted(row["doc_id"] for row in difference["changed"]) == changed
    counts = ana.run("copydesk", "changes", "corpus@v1.0.0", "--table", "documents", "--out", "build/changes.parquet")
    assert f"{len(added)} inserted, 0 deleted, {len(changed)} updated" in counts
    changes = pq.read_table(ana.root / "build" / "changes.parquet").to_pylist()
    kinds = {
        kind: [r["doc_id"] for r in changes if r["_change_type"] == kind] for kind in ("insert", "update_preimage")
    }
    assert {kind: sorted(ids) for kind, ids in kinds.items()} == {"insert": added, "update_preimage": changed}
    notes = (ana.root / "CHANGELOG.md").read_text("utf-8").split("\n## ")[1]
    assert notes.startswith("[2.0.0]")
    assert "new-of-ana" in notes and "new-of-ben" in notes
    return before, after


def take_down(ana: Steward, delivered: Delivery) -> str:
    """A document leaves the corpus, with what people wrote about it; return its id."""
    path = private(delivered)
    gone, reason = Path(path).stem, ("--reason", "asked for by the author")
    before, text = file_bytes(ana.root / "seeds"), ana.texts()[gone]
    assert "nothing was changed" in ana.run("copydesk", "takedown", gone, *reason, "--dry-run")
    assert file_bytes(ana.root / "seeds") == before
    said = ana.run("copydesk", "takedown", gone, *reason)
    assert f"now remove its seed seeds/{path}, run dvc repro, commit" in said
    (line,) = ana.lines("seeds/takedowns.jsonl")
    assert (line["doc_id"], line["reason"]) == (gone, reason[1])
    assert not any(part in json.dumps(line, ensure_ascii=False) for part in text.split("\n") if part)
    ana.run("git", "rm", "--quiet", f"seeds/{path}")
    ana.build_and_commit("Taken down")
    push_what_is_printed(ana, ana.run("copydesk", "release"), "corpus@v3.0.0")
    removed = ana.run("copydesk", "diff", "corpus@v2.0.0", "corpus@v3.0.0", "--json")
    assert json.loads(removed)["removed"] == [gone]
    assert f"{gone} (taken down)" in (ana.root / "CHANGELOG.md").read_text("utf-8")
    return gone


def purge(ana: Steward, gone: str) -> None:
    """Both past releases are made again without the document, and nothing keeps the objects that hold it."""
    status = ana.run("copydesk", "takedown", "status", gone)
    assert "is in 2 releases" in status
    planned = ana.run("copydesk", "takedown", gone, "--purge", "--dry-run")
    assert "2 releases would be reissued, 2 withdrawn" in planned
    assert ana.run("copydesk", "releases").splitlines() == ["1.0.0", "2.0.0", "3.0.0"]
    done = ana.run("copydesk", "takedown", gone, "--purge", "--yes")
    assert f"none contains '{gone}'" in done
    assert ana.run("copydesk", "releases").splitlines() == [
        *("1.0.0 (withdrawn; 1.0.1 replaces it)", "1.0.1"),
        *("2.0.0 (withdrawn; 2.0.1 replaces it)", "2.0.1", "3.0.0"),
    ]


def nothing_holds_it(ana: Steward, storage: Path, delivered: Delivery) -> None:
    """No file but those of git has a part of its text: not the remote, the caches, nor the working tree."""
    text = delivered.files[private(delivered)].decode()
    marks = {text[:40], TITLE}
    searched = 0
    for folder in (storage, ana.root, ana.root.parent / "home", ana.root.parent / "cache"):
        for path in folder.rglob("*"):
            if path.is_file() and ".git" not in path.relative_to(folder).parts:
                searched += 1
                assert not any(mark in content for content in strings_of(path) for mark in marks), path
    assert searched > 300
    assert "is in 0 releases, 0 other versions of the data, 0 objects, 0 files outside DVC" in ana.run(
        "copydesk", "takedown", "status", Path(private(delivered)).stem
    )


def strings_of(path: Path) -> Iterator[str]:
    """All texts in a file, in Parquet those of its columns."""
    data = path.read_bytes()
    if data[:4] != b"PAR1":
        yield data.decode("utf-8", "replace")
        return
    for batch in pq.ParquetFile(io.BytesIO(data)).iter_batches():
        yield json.dumps(batch.to_pylist(), ensure_ascii=False, default=str)


def every_release_stands(ana: Steward, origin: Path, gone: str, held: dict[str, Rows]) -> None:
    """A clone made now verifies every release from the remote, and its rows are those from before, but for one."""
    fresh = ana.clone(origin, "fresh")
    for version in (*held, "3.0.0"):
        tag = f"corpus@v{version}"
        assert "match the manifest" in fresh.run("copydesk", "verify", tag, "--remote")
    for version, before in held.items():
        rows = copydesk.load(version=version, repo=origin, split="train")
        assert {row["doc_id"]: row for row in rows} == {d: row for d, row in before.items() if d != gone}
    for version in ("1.0.0", "2.0.0"):
        with pytest.raises(ReleaseError, match=rf"withdrawn.*{version[:-1]}1"):
            copydesk.load(version=version, repo=origin)
