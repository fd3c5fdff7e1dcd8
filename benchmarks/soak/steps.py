"""The steps of a soak: each changes the desk and the model alike."""

from __future__ import annotations

import random
from collections.abc import Callable

import model
from desk import Desk, repro

from copydesk.errors import ReleaseError

FEWEST, MOST = 10, 30
_OUTLETS = ("The Courier", "Evening Post", "Die Zeitung", "Deník")
_LICENSES = ("CC-BY-4.0", "CC0-1.0", "LicenseRef-unknown")
_LEVELS = ("patch", "patch", "patch", "minor", "major")


class Steps:
    """Random steps at a desk; the same seed takes the same ones."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk, self.rng = desk, random.Random(seed)
        self._made = 0
        for _ in range(FEWEST + 5):
            self._new()
        desk.write()
        desk.settle(repro=False)

    def take(self, name: str) -> str:
        """Take the step of a name; returns what became of it."""
        return str(getattr(self, name)() or "done")

    # Changes of documents. What a step cannot do with so few or so many documents becomes another one.

    def add(self) -> str | None:
        """A new file or record; also in place of one that was removed before."""
        if len(self.desk.rows) >= MOST:
            return self.remove()
        self._new()
        return self._built()

    def remove(self) -> str | None:
        """A file or record is gone."""
        if len(self.desk.rows) <= FEWEST:
            return self.add()
        doc_id = self._some()
        self._drop(doc_id)
        return self._built()

    def edit(self) -> str | None:
        """Another text, or a sentence more, at an end or in the middle."""
        doc_id = self._some()
        row = self.desk.rows[doc_id]
        text = model.article(self.rng)
        # A copy that is edited a little would be a near duplicate of the others.
        if row.first_copy is None and self.rng.random() < 0.7:
            at = self.rng.choice((0, len(row.text) // 2, len(row.text)))
            text = f"{row.text[:at]} {model.sentence(self.rng)} {row.text[at:]}"
        self._put(row.path, text)
        return self._built()

    def correct(self) -> str | None:
        """What is known of a document is stated, corrected or taken back, in sources.jsonl."""
        doc_id, sources = self._some(), self.desk.seeds.sources
        if doc_id in sources and self.rng.random() < 0.3:
            del sources[doc_id]
        else:
            month = self.rng.randint(1, 12)
            given = {
                "source": self.rng.choice(_OUTLETS),
                "license": self.rng.choice(_LICENSES),
                "published": f"2026-{month:02d}-03",
            }
            sources[doc_id] = dict(self.rng.sample(sorted(given.items()), self.rng.randint(1, 3)))
        return self._built()

    def copy(self) -> str | None:
        """The same text under another id."""
        if len(self.desk.rows) >= MOST:
            return self.remove()
        self._new(self.desk.rows[self._some()].text)
        return self._built()

    def move(self) -> str | None:
        """A file lies in another folder, and comes elsewhere in the corpus."""
        files, rows = self.desk.seeds.files, self.desk.rows
        path = self.rng.choice(sorted(path for path in files if model.id_of(path) in rows))
        moved = f"{self.rng.choice(('', '2026-01/', '2026-02/', 'z/y/'))}{path.rpartition('/')[2]}"
        files[moved] = files.pop(path)
        return self._built()

    def take_down(self) -> str | None:
        """A document goes into the ledger, and with it every copy; its seed may stay or be removed."""
        if len(self.desk.rows) <= FEWEST:
            return self.add()
        doc_id = self._some()
        self.desk.take_down(doc_id)
        if self.rng.random() < 0.7:
            self._drop(doc_id)
        return self._built()

    def come_back(self) -> str | None:
        """What was taken down comes back, under its own id or another; the corpus must not have it."""
        if not self.desk.ledger:
            return self.take_down()
        banned = self.rng.choice(self.desk.ledger)
        if self.rng.random() < 0.5 or banned.doc_id in self._ids():
            self._new(banned.text)
        else:
            self.desk.seeds.files[f"{banned.doc_id}.txt"] = model.article(self.rng).encode()
        return self._built()

    def settings(self) -> str | None:
        """A setting that changes no row."""
        self.desk.set("corpus", "summary", f'"Soaked {self.rng.getrandbits(32):x}."')
        return self._built()

    def killed_build(self) -> str | None:
        """A change, and a build of it that is killed, then run again."""
        after, by_dvc = self.rng.random(), self.rng.random() < 0.4
        doc_id = self._some()
        self._put(self.desk.rows[doc_id].path, model.article(self.rng))
        self.desk.write()
        work: Callable[[], object] = (lambda: repro(self.desk.root)) if by_dvc else self.desk.build
        was = self.desk.killed(work, after * (5 if by_dvc else 0.25))
        self.desk.build()
        return "killed" if was else "ended before"

    # Releases.

    def release(self) -> str | None:
        """The next release; its version is that of the model, or there is nothing to release."""
        self._settle()
        asked = self.rng.choice(_LEVELS)
        version = self._due(asked)
        if version is None:
            self._refused("nothing differs from", asked)
            return "nothing to release"
        done = self.desk.release(asked)
        return self._cut(version, done.version)

    def killed_release(self) -> str | None:
        """A release that is killed at some time, then cut by running it again."""
        self._settle()
        after, asked = self.rng.random() * 6, self.rng.choice(_LEVELS)
        version = self._due(asked)
        if version is None:
            return "nothing to release"
        was = self.desk.killed(lambda: self.desk.release(asked), after)
        if f"corpus@v{version}" in self.desk.git("tag", "--list").split():
            self._refused("nothing differs from", asked)
            return self._cut(version, version)
        self._cut(version, self.desk.release(asked).version)
        return "killed" if was else "ended before"

    def dirty_release(self) -> str | None:
        """A release from a tree that is not clean is refused and changes nothing."""
        stray = self.desk.root / self.rng.choice(("stray.txt", "seeds/stray.txt", "corpus/stray.parquet"))
        stray.write_bytes(b"Nobody has committed this.")
        self._refused("the working tree is not clean", "patch")
        stray.unlink()
        return None

    def stale_release(self) -> str | None:
        """A release of seeds that were committed and not built is refused."""
        self.desk.settle(repro=False)
        self._put(self.desk.rows[self._some()].path, model.article(self.rng))
        self.desk.write()
        self.desk.git("commit", "--quiet", "--no-verify", "--all", "--message", "Not built")
        self._refused("the pipeline is stale", "patch")
        self.desk.build()
        return None

    def lost_remote(self) -> str | None:
        """The remote is away while a release is cut; when it is there again, the release is finished."""
        self._settle()
        version = self._due("patch")
        if version is None:
            return "nothing to release"
        away = self.desk.remote.with_name("away")
        there = self.desk.remote.exists()
        if there:
            self.desk.remote.rename(away)
        self.desk.remote.write_text("no folder")
        try:
            self.desk.release("patch")
        except ReleaseError as error:
            assert f"{version} is committed and not tagged" in str(error), error
        else:
            raise AssertionError("a release without a remote")
        self.desk.remote.unlink()
        if there:
            away.rename(self.desk.remote)
        return self._cut(version, self.desk.release("patch").version)

    # Going back.

    def travel(self) -> str | None:
        """An old release is checked out and looked at, then the newest state again."""
        if not self.desk.releases:
            return self.release()
        self.desk.settle(repro=False)
        branch, kept, ledger = self.desk.git("branch", "--show-current"), self.desk.seeds, self.desk.ledger
        version = self.rng.choice(sorted(self.desk.releases))
        self.desk.checkout(f"corpus@v{version}")
        self._compare(self.desk.releases[version][1])
        self.desk.checkout(branch)
        assert (kept, ledger) == (self.desk.seeds, self.desk.ledger)
        self._compare(self.desk.rows)
        return None

    def go_back(self) -> str | None:
        """The seeds are those of an old release again, or everything is; what was taken down stays down."""
        if not self.desk.releases:
            return self.release()
        self.desk.settle(repro=False)
        version, whole = self.rng.choice(sorted(self.desk.releases)), self.rng.random() < 0.5
        paths = ["seeds", "corpus", "reports", "dvc.lock", "params.yaml"] if whole else ["seeds"]
        ledger = self.desk.root / "seeds" / "takedowns.jsonl"
        kept = ledger.read_bytes() if ledger.exists() else None
        self.desk.git("restore", f"--source=corpus@v{version}", "--staged", "--worktree", "--", *paths)
        self.desk.seeds = self.desk.releases[version][0].copy()
        if whole:
            self.desk.dvc("checkout", "--quiet")
            self._compare(self.desk.releases[version][1])
        if kept is not None:
            ledger.write_bytes(kept)
        assert self.desk.on_disk() == self.desk.seeds.on_disk(), "git restored other seeds"
        while len(self.desk.rows) < FEWEST:
            self._new()
        return self._built()

    def revert(self) -> str | None:
        """The newest commit is reverted, be it a release's."""
        before = self.desk.seeds.copy()
        self.desk.settle(repro=False)
        last = self.desk.last
        if last is None:
            return self.release()
        if self.desk.git("rev-parse", "HEAD") != self.desk.git("rev-parse", f"corpus@v{last}^{{commit}}"):
            # What was before the newest commit is not in the model: one more, which can be taken back.
            doc_id = self._some()
            self._put(self.desk.rows[doc_id].path, model.article(self.rng))
            self.desk.write()
            self.desk.settle(repro=False)
        self.desk.git("revert", "--no-edit", "HEAD")
        self.desk.dvc("checkout", "--quiet")
        self.desk.seeds = before
        assert self.desk.on_disk() == before.on_disk()
        self._compare(self.desk.rows)
        return self._built()

    # What steps share.

    def _ids(self) -> set[str]:
        return {*map(model.id_of, self.desk.seeds.files), *self.desk.seeds.records}

    def _some(self) -> str:
        return self.rng.choice(sorted(self.desk.rows))

    def _new(self, text: str | None = None) -> None:
        gone = sorted(f"doc-{n:04d}" for n in range(self._made) if f"doc-{n:04d}" not in self._ids())
        gone = [doc_id for doc_id in gone if doc_id not in {b.doc_id for b in self.desk.ledger}]
        if gone and self.rng.random() < 0.3:
            doc_id = self.rng.choice(gone)
        else:
            doc_id, self._made = f"doc-{self._made:04d}", self._made + 1
        given = model.article(self.rng) if text is None else text
        if self.rng.random() < 0.3:
            self.desk.seeds.records[doc_id] = given
        else:
            folder = self.rng.choice(("", "2026-01/", "2026-02/"))
            data = model.encoded(given, self.rng) if text is None else given.encode()
            self.desk.seeds.files[f"{folder}{doc_id}.txt"] = data

    def _put(self, path: str, text: str) -> None:
        """Another text at a place that is there."""
        if path.startswith(f"{model.FEED}#"):
            self.desk.seeds.records[path.partition("#")[2]] = text
        else:
            self.desk.seeds.files[path] = model.encoded(text, self.rng)

    def _drop(self, doc_id: str) -> None:
        """A seed goes; what sources.jsonl says of it may stay."""
        seeds = self.desk.seeds
        seeds.records.pop(doc_id, None)
        for path in [path for path in seeds.files if model.id_of(path) == doc_id]:
            del seeds.files[path]
        if self.rng.random() < 0.5:
            seeds.sources.pop(doc_id, None)

    def _built(self) -> None:
        self.desk.write()
        self.desk.build()

    def _settle(self) -> None:
        self.desk.settle(repro=self.rng.random() < 0.1)

    def _due(self, asked: str) -> str | None:
        last = self.desk.last
        if last is None:
            return "1.0.0"
        level = model.level(self.desk.releases[last][1], self.desk.rows)
        if level is None and not self.desk.git("diff", f"corpus@v{last}", "HEAD", "--", "params.yaml"):
            return None
        levels = ("patch", "minor", "major")
        return model.version_after(last, max(level or "patch", asked, key=levels.index))

    def _cut(self, expected: str, found: str) -> str:
        assert found == expected, f"released {found}, the model says {expected}"
        assert self.desk.git("status", "--porcelain") == "", "a release leaves the tree clean"
        self.desk.recorded(found)
        return found

    def _refused(self, why: str, asked: str) -> None:
        before = self.desk.state()
        try:
            self.desk.release(asked)
        except ReleaseError as error:
            assert why in str(error), error
        else:
            raise AssertionError(f"a release where {why!r} was expected")
        assert self.desk.state() == before, "a release that was refused changed something"

    def _compare(self, rows: dict[str, model.Row]) -> None:
        from checks import raw_problems
        from pyarrow.dataset import dataset

        found = dataset(self.desk.root / "corpus" / "data" / "raw").to_table().to_pylist()
        assert not (problems := raw_problems(found, rows)), problems
