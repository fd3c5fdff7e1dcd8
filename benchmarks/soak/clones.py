"""Stewards with clones of every kind release, take down and purge at one origin: nothing may be lost.

    python benchmarks/soak/clones.py [--steps 500] [--seed 1] [--folder DIR]

Clones are full, shallow, without tags, partial, linked worktrees and submodules; some fall behind, lose tags, or have
an origin that is away. After each step every tag that the origin ever listed is there and where it was; every release
that it lists and that was not withdrawn has all of its objects in the DVC remote, with the hashes of its manifest,
and the documents that it was cut with, but for those that were purged; and no object there holds one of these.
Every ``--verify``-th step a release is verified from a fresh clone, with data from the remote alone; at the end all.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import hashlib
import io
import itertools
import json
import os
import random
import re
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import model
import pyarrow.parquet as pq
from desk import Desk, at_work, forked

from copydesk.dataset.manifest import NAME
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.releases import prove
from copydesk.releases.verify import parse_manifest, verify
from copydesk.revisions import dvc_command
from copydesk.revisions.dvc_objects import outs_of
from copydesk.revisions.dvc_storages import DATA, open_storages
from copydesk.takedowns import purge as purging
from copydesk.takedowns.purge import plan_purge, purge
from copydesk.takedowns.takedown import ledger_of, takedown_row, write_to_ledger

FEWEST, MOST, CLONES = 6, 14, 5
KINDS = {
    "full": [],
    "shallow": ["--depth=1"],
    "tagless": ["--no-tags"],
    "single": ["--single-branch"],
    "partial": ["--filter=blob:none"],
    "partial-tagless": ["--filter=blob:none", "--no-tags"],
    "worktree": [],
    "submodule": [],
}
WEIGHTS = {
    **{"edit": 12, "release": 22, "take_down": 9, "purge": 16, "new_clone": 14, "in_parallel": 6},
    **{"both_purge": 4, "lost_tags": 6, "origin_away": 4, "refused_push": 2, "pull": 5},
}
#: One stage, which runs in this process (`quick`): the start of others would take longer than their work.
PIPELINE = """\
stages:
  package:
    cmd: copydesk build
    deps: [seeds]
    params: [corpus, shards]
    outs:
      - corpus/data
"""


class Clone(Desk):
    """A clone of the origin, and what its steward does there."""

    def __init__(self, root: Path, remote: Path, kind: str) -> None:
        # Without super().__init__, which makes a repository.
        self.root, self.remote, self.kind = root, remote, kind
        self._settled: tuple[list[tuple[str, bytes]], str] | None = None

    def settle(self, repro: bool = False) -> None:
        """Build and commit, unless nothing has changed since this was done here."""
        inputs = [self.root / "params.yaml", *sorted((self.root / "seeds").iterdir())]
        state = [(path.name, path.read_bytes()) for path in inputs if path.is_file()]
        if self._settled != (state, self._head()) or self.git("status", "--porcelain"):
            super().settle(repro)
            self._settled = (state, self._head())

    def _head(self) -> str:
        return "" if _fails(self, "rev-parse", "--verify", "HEAD") else self.git("rev-parse", "HEAD")

    @property
    def documents(self) -> frozenset[str]:
        """The documents that a release from here must hold: seeds by their names, without those taken down."""
        return frozenset(path.stem for path in (self.root / "seeds").glob("*.txt")) - self.taken_down.keys()

    @property
    def taken_down(self) -> dict[str, Any]:
        """The ledger."""
        return ledger_of(Project.open(self.root))

    @property
    def tags(self) -> dict[str, str]:
        """Commits of the tags of releases here, by name."""
        return tags_of(self)

    def contains(self, commit: str) -> bool:
        """Whether HEAD contains a commit."""
        return not _fails(self, "merge-base", "--is-ancestor", commit, "HEAD")


def tags_of(desk: Desk) -> dict[str, str]:
    """Commits of the tags of releases in a repository, by name."""
    form = "--format=%(refname:strip=2) %(objectname) %(*objectname)"
    rows = (line.split() for line in desk.git("for-each-ref", form, "refs/tags/corpus@v*").splitlines())
    return {name: objects[-1] for name, *objects in rows}


def _fails(desk: Desk, *command: str) -> bool:
    try:
        desk.git(*command)
    except ReleaseError:
        return True
    return False


class World:
    """The origin, its DVC remote, the clones, and what must be true of all of them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.rng = folder, random.Random(seed)
        self.documents: dict[str, frozenset[str]] = {}  # of each release's commit
        self.listed: dict[str, str] = {}  # tags that the origin ever listed
        self.purged: set[str] = set()
        self.clones: list[Clone] = []
        self.counts = collections.Counter[str]()
        self._made = self._numbers = 0
        self.objects: dict[str, dict[str, str]] = {}  # of each tag: SHA-256 by MD5
        self._ids: dict[str, frozenset[str]] = {}  # of each object
        first = Desk(folder)
        self.remote = first.remote
        for key, value in {"target": "3", "minimum": "1", "maximum": "4"}.items():
            first.set("shards", key, value)
        (first.root / "dvc.yaml").write_text(PIPELINE)
        first.git("init", "--quiet", "--bare", "--initial-branch", "main", str(folder / "origin.git"))
        first.git("branch", "--move", "main")
        first.git("remote", "add", "origin", f"file://{folder / 'origin.git'}")
        clone = Clone(first.root, self.remote, "full")
        for _ in range(FEWEST + 2):
            self._write(clone)
        clone.settle()
        clone.git("push", "--quiet", "--set-upstream", "origin", "main")
        self.origin = Clone(folder / "origin.git", self.remote, "bare")
        self.origin.git("config", "uploadpack.allowFilter", "true")
        self.origin.git("config", "uploadpack.allowAnySHA1InWant", "true")
        self.clones.append(clone)

    def take(self, name: str) -> str:
        """Take the step of a name with a clone; returns what became of it."""
        clone = self.rng.choice(self.clones)
        outcome = str(getattr(self, name)(clone) or "done")
        self.counts[f"{name}: {outcome}"] += 1
        return f"{clone.kind}: {outcome}"

    # Steps.

    def edit(self, clone: Clone) -> None:
        """A document comes or goes; it may be pushed."""
        if len(clone.documents) < FEWEST or (len(clone.documents) < MOST and self.rng.random() < 0.6):
            self._write(clone)
        else:
            (clone.root / "seeds" / f"{self.rng.choice(sorted(clone.documents))}.txt").unlink()
        clone.settle()
        if self.rng.random() < 0.6:
            self._push(clone)

    def pull(self, clone: Clone) -> None:
        """A clone catches up."""
        self._merge(clone)

    def release(self, clone: Clone) -> str:
        """A release, if the clone knows all others; else it is refused, and the way out is gone."""
        if self.rng.random() < 0.5:
            self._write(clone) if len(clone.documents) < MOST else self.edit(clone)
        clone.settle()
        outcome = self._released(clone)
        if outcome.startswith("refused"):
            assert self._released(clone) in ("released", "nothing to release"), "the way out leads nowhere"
        if outcome != "nothing to release":
            self._push(clone)
        return outcome

    def in_parallel(self, clone: Clone) -> str:
        """Two clones that know the same cut a release each; the second one to push fails, and gives its own up."""
        others = [c for c in self.clones if c is not clone and c.kind != "worktree"]
        if not others or clone.kind == "worktree":  # which shares its tags
            return "alone"
        other = self.rng.choice(others)
        for desk in (clone, other):
            self._merge(desk)
            self._write(desk)
            desk.settle()
        for desk in (clone, other):
            if (outcome := self._released(desk)) != "released":  # it lacked tags or files, and has them now
                assert outcome.startswith("refused"), outcome
                self._push(clone)
                return f"alone: {outcome}"
        self._push(clone)
        tag = self._newest(other)
        assert _fails(other, "push", "--atomic", "origin", "HEAD:main", tag), "a second release was pushed"
        outcome = self._released(other)
        assert outcome == "refused: two clones have made it", outcome
        assert self._released(other) in ("released", "nothing to release")
        self._push(other)
        return "one of two"

    def take_down(self, clone: Clone) -> str | None:
        """A document goes into the ledger, and its seed away; the origin is told."""
        self._merge(clone)
        if len(clone.documents) <= FEWEST:
            self._write(clone)
            clone.settle()
        doc_id = self.rng.choice(sorted(clone.documents))
        project = Project.open(clone.root)
        write_to_ledger(project, takedown_row(project, doc_id, "asked for"))
        (clone.root / "seeds" / f"{doc_id}.txt").unlink()
        clone.settle()
        self._push(clone)
        return None

    def purge(self, clone: Clone) -> str:
        """A purge, if the clone knows all releases; else it is refused, and the way out is gone."""
        waiting = sorted(clone.taken_down.keys() - self.purged)
        if not waiting:
            self._merge(clone)
            waiting = sorted(clone.taken_down.keys() - self.purged)
        if not waiting:
            return "nothing to purge"
        return self.purge_of(clone, self.rng.choice(waiting))

    def both_purge(self, clone: Clone) -> str:
        """Two clones purge one after the other, the second one without knowing of the first."""
        if clone.kind == "worktree":
            return "shares its tags"
        self.take_down(clone)
        self.take_down(clone)
        other = self.rng.choice([c for c in self.clones if c is not clone] or [clone])
        self._merge(other)
        first, second = sorted(clone.taken_down.keys() - self.purged)[:2]
        return f"{self.purge_of(clone, first)}, then {self.purge_of(other, second)}"

    def purge_of(self, clone: Clone, doc_id: str) -> str:
        """A purge of a certain document, with the way out if it is refused, which may take several steps."""
        outcomes: list[str] = []
        while not outcomes or outcomes[-1].startswith("refused"):
            outcomes.append(self._purged(clone, doc_id))
            assert len(set(outcomes)) == len(outcomes), f"the way out leads nowhere: {outcomes}"
        return ", then ".join(outcomes)

    def lost_tags(self, clone: Clone) -> str:
        """A clone loses some of its tags, then a release or a purge is tried there."""
        tags = sorted(clone.tags.keys() & self.listed.keys())
        if not tags or clone.kind == "worktree":
            return "none to lose"
        clone.git("tag", "--delete", *self.rng.sample(tags, self.rng.randint(1, len(tags))))
        return self.release(clone) if self.rng.random() < 0.5 else self.purge(clone)

    def origin_away(self, clone: Clone) -> str:
        """The origin is away: nobody can say which releases there are."""
        away = self.folder / "away.git"
        (self.folder / "origin.git").rename(away)
        try:
            for work in (lambda: clone.release("patch"), lambda: _planned(clone, "doc-0000")):
                before = self._state(clone)
                try:
                    work()
                except ReleaseError as error:
                    assert "its releases cannot be listed" in str(error), error
                else:
                    raise AssertionError("went on without an origin")
                assert self._state(clone) == before
        finally:
            away.rename(self.folder / "origin.git")
        return "refused"

    def refused_push(self, clone: Clone) -> str:
        """The origin does not take the tags of a purge: nothing is removed before it does."""
        hook = self.folder / "origin.git" / "hooks" / "pre-receive"
        self._merge(clone)
        waiting = sorted(clone.taken_down.keys() - self.purged)
        if not waiting or clone.kind == "shallow":
            return "nothing to purge"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)
        before = self._stored()
        try:
            outcome = self._purged(clone, waiting[0])
        finally:
            hook.unlink()
        if outcome == "refused: so nothing was deleted":
            assert before <= self._stored(), "something was removed before the origin knew"
            assert self._purged(clone, waiting[0]) == "purged"
        return outcome

    def new_clone(self, clone: Clone) -> str:
        """Another clone of some kind; the oldest but the first goes."""
        while len(self.clones) >= CLONES:
            gone = self.clones.pop(1)
            if gone.kind == "worktree":
                self.clones[0].git("worktree", "remove", "--force", str(gone.root))
            shutil.rmtree(gone.root, ignore_errors=True)
        kind = self.rng.choice(sorted(KINDS))
        self._numbers += 1
        root = self.folder / f"{kind}-{self._numbers}"
        url = f"file://{self.folder / 'origin.git'}"
        if kind == "worktree":
            first = self.clones[0]
            first.git("fetch", "--quiet", "--tags", "origin")
            first.git("worktree", "add", "--quiet", "-b", root.name, str(root), "origin/main")
        elif kind == "submodule":
            root.mkdir()
            parent = Clone(root, self.remote, kind)
            parent.git("init", "--quiet")
            parent.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, "corpus")
            root /= "corpus"
        else:
            self.clones[0].git("clone", "--quiet", *KINDS[kind], url, str(root))
        made = Clone(root, self.remote, kind)
        made.settle()
        assert made.git("status", "--porcelain") == ""
        self.clones.append(made)
        return kind

    # What steps share.

    def _write(self, clone: Clone) -> None:
        (clone.root / "seeds" / f"doc-{self._made:04d}.txt").write_text(model.article(self.rng))
        self._made += 1

    def _released(self, clone: Clone) -> str:
        """Cut a release, or see it refused for the right reason, and do what the refusal says."""
        lacking, before = self._lacking(clone), self._state(clone)
        documents = clone.documents
        try:
            done = clone.release("patch")
        except ReleaseError as error:
            if "nothing differs from" in str(error):
                assert not lacking, lacking
                return "nothing to release"
            return self._follow(clone, str(error), before)
        assert not lacking, f"{done.version} was cut without {lacking}"
        assert done.commit is not None and done.tag not in self.listed, f"{done.version} was cut a second time"
        self.documents[done.commit] = documents
        return "released"

    def _purged(self, clone: Clone, doc_id: str) -> str:
        lacking, before = self._lacking(clone), self._state(clone)
        try:
            done = purge(clone.root, doc_id, _planned(clone, doc_id))
        except ReleaseError as error:
            if "so nothing was deleted" in str(error):
                self._record(clone)
                return "refused: so nothing was deleted"
            return self._follow(clone, str(error), before)
        assert not lacking and not done.problems, (lacking, done.problems)
        self._record(clone)
        self.purged.add(doc_id)
        cache = clone.root / ".dvc" / "cache" / "files" / "md5"
        assert doc_id not in frozenset[str]().union(*map(self._held, cache.rglob("*"))), f"{doc_id} is in the cache"
        return "purged"

    def _record(self, clone: Clone) -> None:
        """Remember what the releases hold that a purge reissued: what it says of itself, from the release below."""
        while True:
            made = [c for name, c in clone.tags.items() if c not in self.documents and "!" not in name]
            ready = [(c, clone.git("rev-parse", f"{c}~1")) for c in made]
            ready = [(c, below) for c, below in ready if below in self.documents]
            if not ready:
                assert not made, made
                return
            for commit, below in ready:
                gone = re.search(r"(?m)^Takedown: (.+)$", clone.git("log", "-1", "--format=%B", commit))
                assert gone is not None
                self.documents[commit] = self.documents[below] - {gone[1]}

    def _follow(self, clone: Clone, error: str, before: Any) -> str:
        """Run the git commands that a refusal names; only for a reason that is one."""
        assert self._state(clone) == before, "what was refused changed something"
        reasons = (
            "and this clone does not",
            "two clones have made it",
            "does not contain",
            "lacks commits of",
            "is shallow",
            "was made here without",
            "this clone lacks files of its commits",
        )
        (reason, *_) = [text for text in reasons if text in error] or [error]
        assert reason in reasons, error
        if "--refetch" in error:
            clone.git("fetch", "--quiet", "--tags", "--refetch", "--no-filter")
        for command in re.findall(r"git (?:reset --keep|tag --delete|fetch --tags(?! --refetch))[^,;\n]*", error):
            clone.git(*shlex.split(command)[1:])
        self._merge(clone)
        return f"refused: {reason}"

    def _merge(self, clone: Clone) -> None:
        """Merge what the origin has: the seeds of both, the ledger of both; what was built is built again."""
        if clone.git("rev-parse", "--is-shallow-repository") == "true":
            clone.git("fetch", "--quiet", "--unshallow", "origin")
        clone.git("fetch", "--quiet", "origin")
        ledger = clone.root / "seeds" / "takedowns.jsonl"
        lines = ledger.read_text().splitlines() if ledger.exists() else []
        if not _fails(clone, "merge-base", "--is-ancestor", "origin/main", "HEAD"):
            return
        conflicts = _fails(clone, "merge", "--quiet", "-X", "theirs", "--no-commit", "origin/main")
        for status, name in (line.split(maxsplit=1) for line in clone.git("status", "--porcelain").splitlines()):
            open_conflict = conflicts and ("U" in status or status in ("AA", "DD"))
            if open_conflict and _fails(clone, "checkout", "--theirs", "--", name):
                clone.git("rm", "--quiet", "--force", "--", name)
        theirs = ledger.read_text().splitlines() if ledger.exists() else []
        if lines or theirs:
            ledger.write_text("".join(f"{line}\n" for line in dict.fromkeys([*lines, *theirs])))
        clone.settle()
        clone.git("commit", "--quiet", "--no-verify", "--allow-empty", "--message", "Merged")

    def _push(self, clone: Clone) -> None:
        """Publish the branch and the releases that were cut here; what others pushed is merged before."""
        own = [name for name in sorted(clone.tags.keys() - self.listed.keys()) if self.origin.tags.get(name) is None]
        if _fails(clone, "push", "--quiet", "--atomic", "origin", "HEAD:main", *own):
            self._merge(clone)
            clone.git("push", "--quiet", "--atomic", "origin", "HEAD:main", *own)

    def _lacking(self, clone: Clone) -> list[str]:
        """Tags that the origin has, and the clone not or elsewhere."""
        here = clone.tags
        return sorted(name for name, commit in self.origin.tags.items() if here.get(name) != commit)

    def _newest(self, clone: Clone) -> str:
        return max((n for n in clone.tags if "!" not in n), key=lambda n: [int(x) for x in n[8:].split(".")])

    def _stored(self) -> set[str]:
        return {path.name for path in self.remote.rglob("*") if path.is_file()}

    def _state(self, clone: Clone) -> Any:
        return clone.state(), clone.tags, self._stored()

    # Invariants.

    def check(self) -> None:
        """Nothing that the origin ever listed is lost, and nothing that was purged is left."""
        tags = self.origin.tags
        moved = {name: tags.get(name) for name, commit in self.listed.items() if tags.get(name) != commit}
        assert not moved, f"tags of the origin were lost or moved: {moved}"
        self.listed = tags
        seen: dict[str, str] = {}
        for name in self.live():
            commit = tags[name]
            expected = self.documents[commit]
            assert not expected & self.purged, f"{name} was not replaced and holds {expected & self.purged}"
            if name not in self.objects:
                self.objects[name] = self._objects_of(name, commit)
            held = frozenset[str]()
            for oid, sha256 in self.objects[name].items():
                path = self.remote / "files" / "md5" / oid[:2] / oid[2:]
                assert path.is_file(), f"{name}: object {oid} is gone from the remote"
                if oid not in seen:
                    seen[oid] = hashlib.sha256(path.read_bytes()).hexdigest()
                assert seen[oid] == sha256, f"{name}: object {oid} is damaged"
                held |= self._held(path)
            assert held == expected, f"{name}: holds {sorted(held)}, was cut with {sorted(expected)}"
        self.counts["objects hashed"] += len(seen)
        left = {p.name for p in (self.remote / "files" / "md5").rglob("*") if self._held(p) & self.purged}
        assert not left, f"objects with purged documents are left: {left}"

    def live(self) -> list[str]:
        """Releases that the origin lists and that were not withdrawn."""
        return [name for name in self.listed if "!" not in name and f"{name}!" not in self.listed]

    def _held(self, path: Path) -> frozenset[str]:
        """The documents in an object, read once: its name is the hash of its bytes."""
        if not path.is_file() or path.suffix == ".dir":
            return frozenset()
        oid = path.parent.name + path.name
        if oid not in self._ids:
            data = path.read_bytes()
            rows = pq.read_table(io.BytesIO(data), columns=["doc_id"]) if data[:4] == b"PAR1" else None
            self._ids[oid] = frozenset(rows["doc_id"].to_pylist()) if rows is not None else frozenset()
        return self._ids[oid]

    def _objects_of(self, name: str, commit: str) -> dict[str, str]:
        listing = outs_of(self.origin.git("show", f"{commit}:dvc.lock"), commit)[DATA]
        path = self.remote / "files" / "md5" / listing[:2] / listing[2:]
        assert path.is_file(), f"{name}: the list of its files is gone from the remote"
        manifest = parse_manifest(f"{self.origin.git('show', f'{commit}:corpus/{NAME}')}\n".encode(), commit)
        rows = {f"data/{row['relpath']}": row["md5"] for row in json.loads(path.read_bytes())}
        assert rows.keys() == {name for name in manifest if name.startswith("data/")}
        return {oid: manifest[file] for file, oid in rows.items()} | {
            listing: hashlib.sha256(path.read_bytes()).hexdigest()
        }

    def verified(self, name: str) -> None:
        """A release holds in a fresh clone, with data from the remote."""
        root = self.folder / "fresh"
        self.origin.git("clone", "--quiet", f"file://{self.folder / 'origin.git'}", str(root))
        found = verify(root, name, remote=True)
        assert found.ok, (name, found.problems)
        shutil.rmtree(root)
        self.counts["verified from a fresh clone"] += 1


@contextlib.contextmanager
def quick() -> Iterator[None]:
    """A release builds in this process and tells DVC what it built; one in five is proved, since all are checked."""
    verify_clone, calls = prove.verify_fresh_clone, itertools.count()

    def sometimes(*given: Any) -> Any:
        return [] if next(calls) % 5 else verify_clone(*given)

    def completed(
        command: list[str], root: Path, environment: dict[str, str], said: object = None
    ) -> subprocess.CompletedProcess[str]:
        del said  # nobody looks at the lines as they come
        if command != ["dvc", "repro"]:
            return forked(command, root, environment)
        Clone(root, root, "any").build()
        return forked(["dvc", "commit", "--quiet", "--force"], root, environment)

    with at_work():
        dvc_command._completed = completed
        prove.verify_fresh_clone = purging.verify_fresh_clone = sometimes  # type: ignore[attr-defined]
        try:
            yield
        finally:
            prove.verify_fresh_clone = purging.verify_fresh_clone = verify_clone  # type: ignore[attr-defined]


def _planned(clone: Clone, doc_id: str) -> purging.PurgePlan:
    with open_storages(clone.root) as storages:
        return plan_purge(clone.root, storages, doc_id)


def soak(folder: Path, names: Sequence[str], seed: int, *, check: int = 5, log: Any = None) -> dict[str, Any]:
    """Take steps in a folder; returns what was done and checked, raises at what does not hold."""
    began = time.monotonic()
    with quick():
        world = World(folder, seed)
        for number, name in enumerate(names, 1):
            before = time.monotonic()
            try:
                outcome = world.take(name)
                world.check()
                if number % check == 0 and (live := world.live()):
                    world.verified(live[number // check % len(live)])
            except BaseException as error:
                error.add_note(f"step {number} of seed {seed}: {name}; the folder is {folder}")
                raise
            if log:
                print(f"{number:5} {time.monotonic() - before:6.2f} s  {name}: {outcome}", file=log, flush=True)
        for name in world.live():
            world.verified(name)
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "steps": len(names),
        "seed": seed,
        "taken": dict(sorted(world.counts.items())),
        "tags": len(world.listed),
        "live": len(world.live()),
        "purged": len(world.purged),
        "documents": world._made,
        "seconds": round(time.monotonic() - began),
        "cpu_seconds": round(sum(u.ru_utime + u.ru_stime for u in usage)),
    }


def chosen(steps: int, seed: int) -> list[str]:
    """So many steps, as often as their weights say."""
    return random.Random(seed).choices(list(WEIGHTS), list(WEIGHTS.values()), k=steps)


def main() -> None:
    """Read the command line, soak, and print what was done as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verify", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="an empty folder that is left there; a temporary one otherwise")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="copydesk-soak-")))
        folder.mkdir(parents=True, exist_ok=True)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")  # what others do on this machine must not matter
        stack.enter_context(contextlib.redirect_stderr(stack.enter_context((folder / "stages.log").open("w"))))
        names = chosen(given.steps, given.seed)
        done = soak(folder, names, given.seed, check=given.verify, log=sys.stdout)
    print(json.dumps(done, indent=2))


if __name__ == "__main__":
    main()
