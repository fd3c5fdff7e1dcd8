"""What a change costs: the time of a build and the bytes that are new, as shares of a full build.

    python benchmarks/speed/increments.py [--documents 20000] [--changes 20]

Builds a made corpus (``corpus.py``, clean texts without duplicates) in a temporary folder; then edits,
adds or removes one document, again and again, and at the end appends one in a hundred. Shards
are a hundredth of the corpus, as with the defaults at 100,000 documents.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from pathlib import Path

from corpus import SEED, new_text

from copydesk.core.config import check_params
from copydesk.core.json_schema import PACKAGED
from copydesk.pipeline import STAGES
from copydesk.project import Project


class Corpus:
    """A made corpus on disk, and how to change it."""

    def __init__(self, root: Path, documents: int) -> None:
        target = max(10, documents // 100)
        shards = {"target": target, "minimum": target // 4, "maximum": 4 * target}
        params = check_params({"shards": shards, "splits": {"train": 1, "validation": 0, "test": 0}})
        self.project = Project(root / "seeds", root / "corpus", root / "reports", root / "build", PACKAGED, params)
        self._random = random.Random(SEED)
        self.names: list[str] = []
        self._made = self._texts = 0
        self.append(documents)

    def append(self, count: int) -> None:
        """Add documents behind all others."""
        for _ in range(count):
            name = f"{self._made // 1000:05d}/document-{self._made:08d}.txt"
            self._made += 1
            path = self.project.seeds / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self._text(), "utf-8")
            self.names.append(name)

    def change(self) -> None:
        """Edit, remove or insert one document."""
        name = self._random.choice(self.names)
        path = self.project.seeds / name
        kind = self._random.choice(("edit", "remove", "insert"))
        if kind == "remove":
            path.unlink()
            self.names.remove(name)
        elif kind == "insert":
            path.with_name(f"{path.stem}-and-{self._random.randrange(10**6)}.txt").write_text(self._text(), "utf-8")
        else:
            path.write_text(self._text(), "utf-8")

    def build(self) -> tuple[float, float]:
        """Seconds of a build, and the share of the dataset's bytes that the last one did not have."""
        before = self._files()
        begun = time.perf_counter()
        for run in STAGES.values():
            run(self.project)
        seconds = time.perf_counter() - begun
        now = self._files()
        new = sum(size for sha256, size in now.items() if sha256 not in before)
        return seconds, new / sum(now.values())

    def _files(self) -> dict[str, int]:
        path = self.project.corpus / "manifest.json"
        if not path.exists():
            return {}
        tables = json.loads(path.read_text("utf-8"))["tables"].values()
        return {file["sha256"]: file["size"] for table in tables for file in table["files"].values()}

    def _text(self) -> str:
        """A text that is no duplicate: what a change costs is to be told apart from what it changes in its group."""
        self._texts += 1
        return new_text(self._texts)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--changes", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="copydesk-increments-") as folder:
        corpus = Corpus(Path(folder), given.documents)
        full, _ = corpus.build()
        nothing, _ = corpus.build()
        changes = []
        for _ in range(given.changes):
            corpus.change()
            changes.append(corpus.build())
        corpus.append(given.documents // 100)
        appended = corpus.build()
    print(
        f"\n{given.documents:,} documents: full build {full:.1f} s, {1e3 * full / given.documents:.2f} ms a document"
    )
    print(f"nothing new      {nothing:8.2f} s {100 * nothing / full:7.2f} % of the time")
    times, sizes = (statistics.mean(c[i] for c in changes) for i in range(2))
    print(
        f"one document     {times:8.2f} s {100 * times / full:7.2f} % of the time {100 * sizes:6.2f} % of the bytes"
    )
    times, sizes = appended
    print(
        f"one in a hundred {times:8.2f} s {100 * times / full:7.2f} % of the time {100 * sizes:6.2f} % of the bytes"
    )


if __name__ == "__main__":
    main()
