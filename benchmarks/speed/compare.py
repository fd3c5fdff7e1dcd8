"""Whole processes on equal work: ``copydesk.build`` and its peers, paired and interleaved; then deduplication alone.

    python benchmarks/speed/compare.py [--only copydesk,datatrove [--add]] [--mix clean,defects] [--rounds 1]

Each peer does the closest that it ships to what we do (``WORKS`` says what), in one process, on the same documents,
in an environment of its own below ``build/``, made when it is missing. Start-up is subtracted: a run on few documents
and one on many, and the difference counts. Each round runs everything once, so that ratios are of figures measured
side by side. A run of all peers is kept in ``results/compare.json``, of which ``page.py`` makes
``docs/performance.md``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from statistics import median
from typing import Any, NamedTuple

from corpus import MIXES
from environments import Missing, versions
from runs import RESULTS, Failed, machine, made, run, save

PATH = RESULTS / "compare.json"
DOCUMENT = 3_500  # bytes: figures are told for a document of this size
REAL = (600, 2400)  # documents of the mix "real", for every work: below the size from which ours is only streamed


class Work(NamedTuple):
    """What one peer is asked to do, on how few and how many documents, and how to name it."""

    peer: str
    task: str
    group: str
    small: int
    large: int
    title: str
    does: str


WORKS = (
    Work(
        "copydesk",
        "build",
        "build",
        5000,
        15000,
        "copydesk",
        "repairs as reversible edits, language, sentences, signals of Gopher, C4 and FineWeb, provenance, personal "
        "data, exact and near duplicates, splits; four tables of Parquet, card, manifest; then checks every record, "
        "reference and hash, and loads all with `datasets`",
    ),
    Work(
        "datatrove",
        "all",
        "build",
        100,
        500,
        "datatrove",
        "ftfy, filters of Gopher, C4 and FineWeb as taggers, spaCy's sentences, Parquet, MinHash in its four steps",
    ),
    Work(
        "datajuicer",
        "all",
        "build",
        300,
        1500,
        "data-juicer",
        "ftfy, white space, seven statistics, Punkt sentences, exact duplicates, MinHash, JSON",
    ),
    Work(
        "byhand",
        "pysbd",
        "build",
        100,
        700,
        "datasets.map, ftfy, pysbd",
        "ftfy, white space, pysbd sentences, word count, exact duplicates, Parquet",
    ),
    Work(
        "byhand",
        "regex",
        "build",
        5000,
        15000,
        "datasets.map, ftfy, a regular expression",
        "the same with a naive regular expression for sentences",
    ),
    Work(
        "nemo",
        "clean",
        "build",
        500,
        3000,
        "NeMo Curator on CPU",
        "ftfy, line ends, 20 heuristic scores, Parquet; no sentences, no duplicates",
    ),
    Work(
        "dolma",
        "tag",
        "build",
        200,
        1200,
        "dolma tag",
        "taggers of Gopher and C4 rules and of lengths; repairs nothing, no sentences, no duplicates",
    ),
    Work(
        "copydesk",
        "deduplicate",
        "deduplicate",
        2000,
        20000,
        "copydesk, its functions",
        "normalised text, keys, MinHash with 128 components, groups by bands and verified; the lines that are kept",
    ),
    Work("textdedup", "deduplicate", "deduplicate", 500, 4000, "text-dedup", "MinHash with 128 components, bands"),
    Work(
        "datasketch",
        "deduplicate",
        "deduplicate",
        500,
        4000,
        "datasketch",
        "MinHash with 128 components and its index",
    ),
    Work("datatrove", "deduplicate", "deduplicate", 200, 1200, "datatrove", "MinHash, 14 bands of 8, its four steps"),
    Work(
        "datajuicer",
        "deduplicate",
        "deduplicate",
        500,
        3000,
        "data-juicer",
        "exact duplicates, then MinHash with 128 components",
    ),
    Work("dolma", "deduplicate", "deduplicate", 2000, 20000, "dolma dedupe", "exact duplicates only, a Bloom filter"),
)


class Cost(NamedTuple):
    """One work on one mix: medians over the rounds, of documents of 3.5 kB; ``times`` is its CPU over ours."""

    cpu: float  # ms of CPU a document
    wall: float  # ms by the clock a document
    start: float  # seconds of CPU before the first document
    peak: int  # bytes, of the larger run
    times: float | None
    runs: int


def costs(rows: Iterable[dict[str, Any]]) -> dict[tuple[str, str, str], Cost]:
    """Costs by peer, task and mix."""
    pairs: dict[tuple[str, str, str], dict[int, list[dict[str, Any]]]] = {}
    for row in rows:
        rounds = pairs.setdefault((row["peer"], row["task"], row["mix"]), {})
        rounds.setdefault(row["round"], []).append(row)
    each: dict[tuple[str, str, str], dict[int, tuple[float, float, float, int]]] = {}
    for work, rounds in pairs.items():
        for number, found in rounds.items():
            if len(found) == 2:
                each.setdefault(work, {})[number] = _difference(*sorted(found, key=lambda row: row["documents"]))
    groups = {(work.peer, work.task): work.group for work in WORKS}
    told = {}
    for (peer, task, mix), by_round in each.items():
        ours = each.get(("copydesk", groups[peer, task], mix), {})
        ratios = [by_round[n][0] / ours[n][0] for n in by_round if n in ours]
        cpu, wall, start = (median(cost[i] for cost in by_round.values()) for i in range(3))
        peak = max(cost[3] for cost in by_round.values())
        told[peer, task, mix] = Cost(cpu, wall, start, peak, median(ratios) if ratios else None, len(by_round))
    return told


def _difference(few: dict[str, Any], many: dict[str, Any]) -> tuple[float, float, float, int]:
    size = (many["bytes"] - few["bytes"]) / DOCUMENT
    cpu, wall = ((many[key] - few[key]) / size for key in ("cpu", "wall"))
    return 1e3 * cpu, 1e3 * wall, few["cpu"] - cpu * few["bytes"] / DOCUMENT, many["peak"]


def main() -> None:
    """Run everything, print the table, keep the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="peers, with commas between; nothing is kept then, unless --add")
    parser.add_argument(
        "--add", action="store_true", help="put these results in place of older ones, keep the others"
    )
    parser.add_argument("--mix", default=",".join(MIXES), help="mixes of documents, with commas between")
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    only = set(filter(None, given.only.split(",")))
    if unknown := only - {work.peer for work in WORKS}:
        parser.error(
            f"no such peer: {', '.join(sorted(unknown))}; there are {', '.join(sorted({w.peer for w in WORKS}))}"
        )
    works = [work for work in WORKS if not only or work.peer in only]
    kept = Kept(given.add, only, " ".join(["python benchmarks/speed/compare.py", *sys.argv[1:]]))
    for peer in dict.fromkeys(work.peer for work in works):
        try:
            kept.versions[peer] = versions(peer)
            kept.failures.pop(peer, None)
        except Missing as error:
            kept.failures[peer] = f"does not install: {error}"
    for number in range(given.rounds):
        for mix in given.mix.split(","):
            for work in works:
                # Duplicates are found after cleaning: defects have no part in what that costs.
                if (work.group == "build" or mix == MIXES[0]) and work.peer not in kept.failures:
                    kept.measure(work, mix, number)
    for (peer, task, mix), cost in costs(kept.rows).items():
        times = f"{cost.times:8.1f} x" if cost.times else ""
        print(f"{peer:12}{task:12}{mix:8}{cost.cpu:9.3f} ms{cost.peak / 1e6:8.0f} MB{cost.start:7.1f} s start{times}")
    for name, why in kept.failures.items():
        print(f"{name}: {why}")


class Kept:
    """What was measured, written after every work: a run that is stopped has not been for nothing."""

    def __init__(self, add: bool, only: set[str], command: str) -> None:
        old = json.loads(PATH.read_text("utf-8")) if add and PATH.exists() else {}
        self.rows: list[dict[str, Any]] = old.get("rows", [])
        self.failures: dict[str, str] = old.get("failures", {})
        self.versions: dict[str, dict[str, str]] = old.get("versions", {})
        self._commands = [*old.get("commands", []), command]
        self._machine = machine()
        self._written = add or not only

    def measure(self, work: Work, mix: str, number: int) -> None:
        """Run a work, and put it in the place of what was known of it."""
        name = f"{work.peer} {work.task}, {mix}"
        self.failures.pop(name, None)
        place = (work.peer, work.task, mix, number)
        self.rows = [row for row in self.rows if (row["peer"], row["task"], row["mix"], row["round"]) != place]
        try:
            self.rows += _pair(work, mix, number)
        except Failed as error:
            self.failures[name] = str(error)
            print(f"{name}: {error}", file=sys.stderr, flush=True)
        if self._written:
            facts = {"commands": self._commands, "machine": self._machine, "versions": self.versions}
            save("compare", {**facts, "failures": self.failures, "rows": self.rows})


def _pair(work: Work, mix: str, number: int) -> list[dict[str, Any]]:
    """Few documents, then many, for which the same has to be done."""
    rows: list[dict[str, Any]] = []
    for count in REAL if mix == "real" else (work.small, work.large):
        corpus = made(count, mix, files=work.task == "build")
        measured = run(work.peer, work.task, corpus)
        rows.append(
            {
                "peer": work.peer,
                "task": work.task,
                "mix": mix,
                "round": number,
                "documents": count,
                "bytes": corpus.bytes,
                "planted": corpus.planted,
                **measured,
            }
        )
        print(
            f"{work.peer} {work.task}, {mix}, {count:,}: {measured['cpu']:.1f} s of CPU, {measured['wall']:.1f} s, "
            f"{measured['peak'] / 1e6:.0f} MB, {measured['found']}",
            file=sys.stderr,
            flush=True,
        )
    if rows[0]["found"].get("loads") != rows[1]["found"].get("loads"):
        # A small dataset is loaded in more ways than a large one, which the difference of the two would hide.
        few, many = (f"{row['documents']:,} documents by {row['found']['loads']}" for row in rows)
        raise Failed(f"loaded differently: {few}, {many}")
    return rows


if __name__ == "__main__":
    main()
