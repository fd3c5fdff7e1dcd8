"""Kill releases, purges and publishing at random moments: nothing is lost, edits are kept, what is left is found.

    python benchmarks/soak/kills.py [--kills 200] [--seed 1]

Small corpora, one after the other. After each kill a steward may edit what the release wrote or leave a draft; then
the same command is run again until it ends. Every edit must be there still, every release whole in the cache and in
the remote, and after a purge no file below the repository, its remote, the user's cache and the temporary folder may
hold the text of the document; git's history, which a purge does not rewrite, is left out.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import model
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from desk import Desk, at_work

from copydesk.core.scratch import leftovers
from copydesk.errors import ReleaseError
from copydesk.pipeline import STAGES
from copydesk.publishing.publish import publish
from copydesk.releases.release_tags import release_versions
from copydesk.releases.verify import verify
from copydesk.takedowns.purge import purge

ROUNDS_A_CORPUS = 8
_EDITABLE = ("params.yaml", "reports/metrics.json", "CHANGELOG.md", "corpus/README.md")
_DRAFTS = ("seeds/.draft.txt.old.tmp", "corpus/.mine.abcdefgh.tmp", "draft.md")
_OUTS = ("outs", "metrics", "plots")
_BUILD = """
from copydesk.pipeline import STAGES
from copydesk.project import Project

for name, run in STAGES.items():
    if name != "validate":
        run(Project.open("."))
"""
_MAY_FAIL = ("edited since the unfinished release", "the working tree is not clean")


class Kills:
    """A corpus and its releases, and what was killed at them."""

    def __init__(self, folder: Path, rng: random.Random, counts: collections.Counter[str]) -> None:
        self.desk, self.rng, self.counts, self.folder = Desk(folder), rng, counts, folder
        self.lasts: dict[str, float] = {}
        _one_stage(self.desk.root)
        (self.desk.root / "reports").mkdir(exist_ok=True)
        (self.desk.root / "reports" / "validation.json").write_text("{}\n", "utf-8")  # a release validates anyway
        for _ in range(6):
            self._new()
        self._settle()
        self._timed("release", self._release)

    def round(self) -> None:
        """Kill a command some times, run it to its end, and check everything."""
        kind = self.rng.choice(("release", "release", "release", "purge", "purge", "publish"))
        getattr(self, f"round_{kind}")()
        known = release_versions(self.desk.root)
        for version in known[-2:]:
            for remote in (False, True):
                found = verify(self.desk.root, f"corpus@v{version}", remote=remote)
                assert found.ok, (version, remote, found.problems)
        assert not self.desk.git("status", "--porcelain"), self.desk.git("status", "--porcelain")

    def round_release(self) -> None:
        """A release of changed documents, killed, with edits made after the kill."""
        self._new()
        if len(self.desk.rows) > 6:
            self._drop(self.rng.choice(sorted(self.desk.rows)))
        self._settle()
        for _ in range(self.rng.randint(2, 6)):
            if not self._kill("release", lambda: self.desk.release("patch")):
                break
            self._edited_and_run_again()
        self._timed("release", self._release)
        assert not [left for left in leftovers(self.desk.root / "build") if left.path.name.startswith("release-")]

    def round_purge(self) -> None:
        """A document is taken down and out of all releases; nothing that was left behind holds it."""
        doc_id = self.rng.choice(sorted(self.desk.rows))
        text = self.desk.rows[doc_id].text
        self._new()
        self._settle()
        self._kill("release", lambda: self.desk.release("patch"))  # leaves what a purge must find
        self._release()
        self.desk.take_down(doc_id)
        self._drop(doc_id)
        self._settle()
        self._release()
        for _ in range(self.rng.randint(2, 5)):
            if not self._kill("purge", lambda: purge(self.desk.root, doc_id)):
                break
        done = self._timed("purge", lambda: purge(self.desk.root, doc_id))
        assert not done.problems, done.problems
        mark = text.partition(".")[0]
        holding = [path for path in self._files() if _holds(path, mark)]
        assert not holding, (doc_id, mark, holding)
        self.counts["purged"] += 1

    def round_publish(self) -> None:
        """The newest release is published to a folder, killed, and run again."""
        target = self.folder / f"published-{self.rng.getrandbits(32):x}"
        for _ in range(4):
            self._kill("publish", lambda: publish(self.desk.root, str(target)))
        done = self._timed("publish", lambda: publish(self.desk.root, str(target)))
        again = publish(self.desk.root, str(target))
        assert (again.version, again.before) == (done.version, True)
        self.counts["published"] += 1

    def _kill(self, kind: str, work: Callable[[], object]) -> bool:
        killed = self.desk.killed(work, self.rng.random() * 0.8 * self.lasts.get(kind, 4.0))
        self.counts[f"{kind} {'killed' if killed else 'ended before'}"] += 1
        self.counts["killed"] += killed
        git = self.desk.root / ".git"
        for lock in git.rglob("*.lock") if killed else ():
            if git / "refs" / "copydesk" not in lock.parents:  # git's message tells the steward to remove the others
                lock.unlink()
                self.counts["locks of git"] += 1
        self.counts["leftovers"] += len([left for left in leftovers(self.desk.root / "build") if not left.in_use])
        return killed

    def _timed(self, kind: str, work: Callable[[], Any]) -> Any:
        began = time.monotonic()
        done = work()
        spent = time.monotonic() - began
        self.lasts[kind] = max(spent, self.lasts.get(kind, 0.0) * 0.9)
        return done

    def _edited_and_run_again(self) -> None:
        """What a person edits after a kill is there when the release was run again."""
        root, edits = self.desk.root, {}
        for name in (*_EDITABLE, *_DRAFTS):
            if self.rng.random() < 0.25 and (name in _DRAFTS or (root / name).is_file()):
                known = (root / name).read_bytes() if (root / name).is_file() else b""
                edits[name] = known + b"\n# by hand, %d\n" % self.rng.getrandbits(32)
                (root / name).write_bytes(edits[name])
        if not edits:
            return
        try:
            self.desk.release("patch")
        except ReleaseError as error:
            assert any(words in str(error) for words in _MAY_FAIL) or "nothing differs" in str(error), error
        for name, content in edits.items():
            assert (root / name).read_bytes() == content, f"{name}: an edit was lost"
        self.counts["edits kept"] += len(edits)
        for name in edits:
            if self.desk.git("ls-files", "--", name):
                self.desk.git("checkout", "--quiet", "HEAD", "--", name)
            else:
                (root / name).unlink()

    def _release(self) -> None:
        try:
            self.desk.release("patch")
            self.counts["releases"] += 1
        except ReleaseError as error:
            if "nothing differs" not in str(error):
                raise

    def _new(self) -> None:
        name = f"a{self.rng.getrandbits(40):010x}.txt"
        self.desk.seeds.files[name] = model.article(self.rng).encode()
        self.desk.write()

    def _drop(self, doc_id: str) -> None:
        del self.desk.seeds.files[f"{doc_id}.txt"]
        self.desk.write()

    def _settle(self) -> None:
        self.desk.settle(repro=False)

    def _files(self) -> list[Path]:
        places = [self.desk.root, self.desk.remote, Path(os.environ["XDG_CACHE_HOME"]), Path(tempfile.gettempdir())]
        found = (path for place in places for path in place.rglob("*") if path.is_file() and not path.is_symlink())
        return [path for path in found if self.desk.root / ".git" not in path.parents]


def _one_stage(root: Path) -> None:
    """Make one stage of all that build: most of what a stage takes is the start of Python."""
    path = root / "dvc.yaml"
    stages = yaml.safe_load(path.read_text("utf-8"))["stages"]
    made = {key: [out for name in STAGES if name != "validate" for out in stages[name].get(key, ())] for key in _OUTS}
    stage = {"cmd": "python build.py", "deps": ["seeds", "params.yaml", "schemas"], **made}
    path.write_text(yaml.safe_dump({"stages": {"package": stage}}), "utf-8")
    (root / "build.py").write_text(_BUILD, "utf-8")


def _holds(path: Path, mark: str) -> bool:
    """Whether a file holds a text: as it is, or in a column of Parquet; one that cannot be read may hold it."""
    data = path.read_bytes()
    if data[:4] != b"PAR1":
        return mark.encode() in data
    try:
        rows = pq.read_table(pa.BufferReader(data))
    except pa.ArrowException:
        return True
    return any(mark in str(value) for column in rows.columns for value in column.to_pylist())


def soak(folder: Path, kills: int, seed: int, log: Any = None) -> dict[str, Any]:
    """Kill so often in a folder; return what was done, raise at what does not hold."""
    rng, counts, began = random.Random(seed), collections.Counter[str](), time.monotonic()
    temporary = folder / "tmp"
    temporary.mkdir(parents=True)
    os.environ["XDG_CACHE_HOME"], os.environ["TMPDIR"] = str(folder / "xdg"), str(temporary)
    tempfile.tempdir = None
    number = 0
    with at_work():
        while counts["killed"] < kills:
            at = Kills(folder / f"corpus-{number}", rng, counts)
            for _ in range(ROUNDS_A_CORPUS):
                number += 1
                try:
                    at.round()
                except BaseException as error:
                    error.add_note(f"round {number} of seed {seed}; the folder is {at.folder}")
                    raise
                if log:
                    print(f"{number:4} {time.monotonic() - began:6.0f} s  {dict(counts)}", file=log, flush=True)
                if counts["killed"] >= kills:
                    break
    return {"seed": seed, "rounds": number, **counts, "seconds": round(time.monotonic() - began)}


def main() -> None:
    """Read the command line, kill, and print what was done as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="an empty folder that is left there; a temporary one otherwise")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="copydesk-kills-")))
        folder.mkdir(parents=True, exist_ok=True)
        stack.enter_context(contextlib.redirect_stderr(stack.enter_context((folder / "stages.log").open("w"))))
        print(json.dumps(soak(folder.resolve(), given.kills, given.seed, log=sys.stdout), indent=2))


if __name__ == "__main__":
    main()
