"""Write docs/performance.md and its plot from the results that the benchmarks kept.

    python benchmarks/speed/page.py

``results/compare.json`` comes from ``compare.py``, ``results/scale.json`` from ``build.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from string import Template
from typing import Any

from chart import Bars, chart
from compare import DOCUMENT, WORKS, Cost, Work, costs
from corpus import DAMAGED, EXACT, MADE, MIXES, NEAR
from defects import DEFECTS

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).parent / "results"
PAGE = ROOT / "docs" / "performance.md"
PLOT = ROOT / "docs" / "performance.svg"
_SEVERAL = """

**Put together from several commands.** What came from different ones was not measured side by side, nor at the same
load or commit; the ratios between them are rough.
"""
STAGES = ("ingest", "clean", "split", "describe", "deduplicate", "package", "validate")
_KINDS = {"build": "whole", "deduplicate": "duplicates"}
TEMPLATE = Template(
    """\
# Performance

Written by `python benchmarks/speed/page.py` from the results of

$commands

on $date, commit $commit: $machine.$several
Other work on the machine raises CPU by a quarter or more and makes time by the clock worthless: where it drowned the
difference of two runs, there is a dash. `make bench` measures all of it again; none of it is part of the tests.

![CPU a document, ours and others](performance.svg)

## Whole builds

Milliseconds of CPU for a document of 3.5 kB, start-up subtracted; how many times ours that is; milliseconds by the
clock; seconds of CPU before the first document; the most memory of all processes together. Everything in one process.
The mixes clean and defects are made, so that there are as many documents as are wanted, and repeat some thousand
sentences; real is open text in twenty languages, each once.

$sizes

$build

## Duplicates alone

The same texts as JSON lines, read, compared, and those that are kept written.

$deduplicate

## What was found

Documents seen, duplicates planted, and duplicates left out or marked.

$counts

## What each does

$works

None of the others keeps the edits, from which the raw text comes back, or checks what it wrote. What could not be
asked of them, or not as it comes:

- datatrove: its language filter downloads a model.
- data-juicer: its Punkt model is a pickle on the network; NLTK's own code splits with a model that `peers/punkt.py`
  learns from open text beforehand. It installs packages while it runs; those that this work needs are there before.
- dolma: its language identifiers download models; its filter for duplicates finds exact copies alone.
- NeMo Curator: its near duplicates need a GPU. The services of Ray that run beside the work count as part of it.
$failures
## Our build by size

$scale

## What was tried without success

- **Arrow IPC between the stages** instead of Parquet: 15 µs a document less to write and 7 µs less to read, 2 %
  of a build, for 7 % more disk and a second format in the store. Without compression 60 µs, for 60 % more disk.
- **Parquet without dictionaries and statistics** between the stages: 5 µs.
- **Other memory pools** (jemalloc, the system's, mimalloc that gives nothing back), and Python's garbage collector
  switched off: no difference. Shards run with a collector that seldom looks.
- **Hyperscan for all screens in one scan**: as fast as RE2, and 1.2 s to compile.
- **Fewer texts to clean again**: where texts have defects, a text is cleaned 1.15 times more on average, to know what
  the other rules do where one is left out. No rule was found that may be passed over with proof.

The slowest things left are cleaning again without a rule, where texts have defects; words with lost spaces and kinds
of blocks, a third of cleaning; and writing, reading and hashing Parquet, a sixth of a build.

## How it is measured

`benchmarks/speed/corpus.py` makes the documents: sentences of openly licensed English text, lengths log-normal with
a mean of 3.5 kB, $exact exact and $near near copies, some names made up so that the vocabulary keeps growing. In
the mix `defects` $damaged of the documents have one to five of $kinds kinds of defect: glued words, lost spaces and
full stops, stray and split capitals, bylines, source lines and advertisements, mojibake, entities, odd spaces, line
ends. A number gives the same document on every machine, and a larger corpus begins with the smaller one. Ours reads
a file for each document, as it does in use; the others read one file of JSON lines, which is cheaper.

A run is a process of its own, from its start to the end of every process that it began. CPU is what the system
accounted for, memory the proportional set size of all processes, looked at five times a second. Each work is run on
few documents and on many; the difference, by bytes, is the cost of a document. In each round everything runs once,
one after the other, and ratios are taken within a round; of several rounds the median is told. Each peer has an
environment of its own below `build/`, made of the packages pinned in `benchmarks/speed/peers/`.

    python benchmarks/speed/compare.py --only copydesk,datatrove    # some of them; nothing is kept
    python benchmarks/speed/build.py --documents 1000000            # our build at another size

$versions
"""
)


#: What to say of our own figures: those of a run before both sizes were loaded in the same ways, and of one since.
_OLD_SIZES = """\
Our build is told too cheap here: it is the difference of 1,000 and 4,000 documents, of which only the smaller
dataset was loaded mapped, cold and warm, so that most of what validation costs cancels out. By 4,000 and 10,000
documents it cost 1.45 to 1.66 ms then, and the naive regular expression .59 to .68 of ours. The next run compares
5,000 with 15,000 documents, and is refused if they are not loaded in the same ways."""
_SIZES = """\
Both sizes of our build are loaded in the same ways, or the run is refused. Until November 2026 the smaller one alone
was loaded mapped, and the difference of the two hid most of what validation costs."""


def _sizes(rows: Iterable[dict[str, Any]]) -> list[int]:
    """Documents of our own builds, in the mixes that are made."""
    return [r["documents"] for r in rows if (r["peer"], r["task"]) == ("copydesk", "build") and r["mix"] in MADE]


def page(compare: dict[str, Any], scale: dict[str, Any]) -> str:
    """The page."""
    told = costs(compare["rows"])
    machine = compare["machine"]
    failures = [f"- {name} failed in this run: {why}" for name, why in sorted(compare["failures"].items())]
    works = [f"- **{work.title}**, {_KINDS[work.group]}: {work.does}." for work in WORKS]
    versions = [
        [peer, ", ".join(f"{name} {version}" for name, version in found.items())]
        for peer, found in sorted(compare["versions"].items())
    ]
    return TEMPLATE.substitute(
        commands="\n".join(f"    {command}" for command in compare["commands"]),
        several=_SEVERAL if len(compare["commands"]) > 1 else "",
        date=machine["date"],
        machine=_machine(machine),
        commit=machine["commit"],
        build=_costs("build", told),
        deduplicate=_costs("deduplicate", told),
        counts=_counts(compare["rows"]),
        works="\n".join(works),
        sizes=_SIZES if min(_sizes(compare["rows"])) >= WORKS[0].small else _OLD_SIZES,
        failures="".join(f"{line}\n" for line in failures),
        scale=_scale(scale["rows"]),
        exact=f"{EXACT:.0%}",
        near=f"{NEAR:.0%}",
        damaged=f"{DAMAGED:.0%}",
        kinds=len(DEFECTS),
        versions=_table(["", "versions"], versions),
    )


def _machine(machine: dict[str, Any]) -> str:
    memory = machine["memory"] / 2**30
    load = f"load {machine['load']} at the start" if "load" in machine else "load not recorded"
    parts = [machine["cpu"], f"{machine['cores']} cores", f"{memory:.0f} GiB", machine["system"]]
    made = f" ({machine['interpreter']})" if "interpreter" in machine else ""
    return ", ".join([*parts, f"Python {machine['python']}{made}", load])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rows = list(rows)
    numbers = [all(re.fullmatch(r"[\d.,–]+", cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = [head, ["---:" if right else "---" for right in numbers], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _of(group: str) -> list[Work]:
    return [work for work in WORKS if work.group == group]


def _costs(group: str, told: dict[tuple[str, str, str], Cost]) -> str:
    mixes = [mix for mix in MIXES if any((w.peer, w.task, mix) in told for w in _of(group))]
    head = [
        "",
        *(f"{mix}, ms" for mix in mixes),
        *(f"{mix}, times ours" for mix in mixes),
        "clock, ms",
        "start, s",
        "memory, MB",
    ]
    rows = []
    for work in _of(group):
        found = [told.get((work.peer, work.task, mix)) for mix in mixes]
        any_found = [cost for cost in found if cost]
        if any_found:
            rows.append(
                [
                    work.title,
                    *(f"{cost.cpu:.2f}" if cost else "–" for cost in found),
                    *(f"{cost.times:.1f}" if cost and cost.times else "–" for cost in found),
                    _clock(any_found),
                    f"{min(cost.start for cost in any_found):.1f}",
                    f"{max(cost.peak for cost in any_found) / 1e6:.0f}",
                ]
            )
    return _table(head, rows)


def _clock(found: list[Cost]) -> str:
    """The least time by the clock; a difference below nothing is no time."""
    known = [cost.wall for cost in found if cost.wall > 0]
    return f"{min(known):.2f}" if known else "–"


def _counts(rows: list[dict[str, Any]]) -> str:
    lines = []
    for work in WORKS:
        for mix in MIXES:
            runs = [row for row in rows if (row["peer"], row["task"], row["mix"]) == (work.peer, work.task, mix)]
            if runs:
                row = max(runs, key=lambda row: (row["documents"], row["round"]))
                planted = row["planted"]
                duplicates = row["found"].get("duplicates")
                lines.append(
                    [
                        work.title,
                        mix,
                        f"{row['found']['documents']:,} of {row['documents']:,}",
                        f"{planted['exact']:,} + {planted['near']:,}",
                        "–" if duplicates is None else f"{duplicates:,}",
                    ]
                )
    return _table(["", "mix", "documents", "exact + near planted", "duplicates found"], lines)


def _scale(rows: list[dict[str, Any]]) -> str:
    """CPU by stage, and what two processes gain."""
    if not rows:
        return "Not measured yet: `python benchmarks/speed/build.py`."
    head = ["documents", "mix", "workers", "CPU, ms", *STAGES, "documents a second", "memory, MB", "first row, s"]
    alone = {(row["mix"], row["documents"]): row["wall"] for row in rows if row["workers"] == 1}
    lines, gains = [], []
    for row in rows:
        count = row["documents"]
        spent = row["found"]["stages"]
        lines.append(
            [
                f"{count:,}",
                row["mix"],
                f"{row['workers']}",
                f"{1e3 * row['cpu'] / count:.2f}",
                *(f"{1e3 * spent[name] / count:.2f}" for name in STAGES),
                f"{count / row['wall']:,.0f}",
                f"{row['peak'] / 1e6:.0f}",
                f"{row['reading']['first_row']:.2f}",
            ]
        )
        if row["workers"] > 1 and (row["mix"], count) in alone:
            gain = alone[row["mix"], count] / row["wall"]
            gains.append(
                f"{count:,} {row['mix']}, {row['workers']} processes: {gain:.2f} times the documents a second"
            )
    last = max(rows, key=lambda row: row["documents"])
    read = last["reading"]
    parts = [
        f"With start-up; {last['machine']['date']}, {_machine(last['machine'])}, commit {last['machine']['commit']}.",
        "",
        _table(head, lines),
        "",
        *(f"- {gain}." for gain in gains),
        f"- Streaming all {read['rows']:,} training rows through `datasets` takes {read['datasets']:.2f} s, by "
        f"pyarrow alone {read['pyarrow']:.2f} s: {read['datasets'] / read['pyarrow']:.2f} times.",
    ]
    return "\n".join(parts)


def plot(compare: dict[str, Any]) -> str:
    """CPU of a document, by work and mix."""
    told = costs(compare["rows"])
    rows = []
    for work in _of("build"):
        found = [told.get((work.peer, work.task, mix)) for mix in MIXES]
        if any(found):
            rows.append(Bars(work.title, tuple(cost.cpu if cost else None for cost in found)))
    return chart(
        f"Milliseconds of CPU for a document of {DOCUMENT / 1000} kB, whole build, logarithmic scale",
        "ms",
        MIXES,
        rows,
    )


def main() -> None:
    """Write both files."""
    compare, scale = (_results(name) for name in ("compare", "scale"))
    PAGE.write_text(page(compare, scale), "utf-8")
    PLOT.write_text(plot(compare), "utf-8")
    print(PAGE.relative_to(ROOT), PLOT.relative_to(ROOT))


def _results(name: str) -> dict[str, Any]:
    path = RESULTS / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {"rows": []}
    return found


if __name__ == "__main__":
    main()
