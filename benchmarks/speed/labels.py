"""What carrying labels from release to release keeps, and what it costs.

    python benchmarks/speed/labels.py [--documents 100000] [--changed 100] [--labels 1000000]

First a corpus of 700 documents with defects (``corpus.py``): 10 are removed, 50 edited, 2 rules set off. Random spans
of the documents that changed are carried; the share with the same characters is printed, and beside it what other
ways would give: the same offsets, and a search for the characters. Of the edited documents it is known which
characters the edit left alone, so it is also counted how many spans came back right. Then a large corpus: time and
memory of the command. The corpora are built in a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from corpus import SEED, document, new_text

import copydesk
from copydesk.labels.carried_spans import DocumentVersion
from copydesk.labels.document_texts import DocumentTexts
from copydesk.pipeline import STAGES
from copydesk.project import Project
from copydesk.revisions.revision import open_revision

FIRST, SECOND = "corpus@v1.0.0", "corpus@v2.0.0"
#: Runs a command in a process of its own. Linux counts the memory of the process that starts a command as that of the
#: command, and this one holds the texts of the corpus.
_MEASURED = """
import json, resource, subprocess, sys, time
begun = time.perf_counter()
subprocess.run([sys.executable, *sys.argv[1:]], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024]))
"""
RULES_OFF = {"spaces": "off", "missing-space": "off"}


def main() -> None:
    """Measure both, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--changed", type=int, default=100)
    parser.add_argument("--labels", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fidelity(Path(folder), random.Random(options.seed))
    if options.documents:
        with tempfile.TemporaryDirectory() as folder:
            cost(Path(folder), options.documents, options.changed, options.labels)


def fidelity(root: Path, draw: random.Random) -> None:
    """Carry random spans of 700 documents, and print what became of them."""
    texts = {f"document-{number:04d}": document(number, "defects").text for number in range(700)}
    release(root, FIRST, texts, {})
    names = draw.sample(sorted(texts), 60)
    for name in names[:10]:
        del texts[name]
    edited = {name: edit(texts[name], draw) for name in names[10:]}
    release(root, SECOND, {**texts, **{name: text for name, (text, _) in edited.items()}}, RULES_OFF)
    before, after = (documents(root, tag) for tag in (FIRST, SECOND))
    changed = [name for name in texts if before[name]["text_sha256"] != after[name]["text_sha256"]]
    spans = [span(before[draw.choice(changed)], draw) for _ in range(20_000)]
    begun = time.perf_counter()
    carried = copydesk.carry(spans, FIRST, SECOND, root=root)
    seconds = time.perf_counter() - begun
    counts = Counter(label["status"] for label in carried)
    places = truth(root, changed, {name: origins for name, (_, origins) in edited.items()})
    same = found = offsets = survived = right = 0
    for label, now in zip(spans, carried, strict=True):
        words = before[label["doc_id"]]["text"][label["start"] : label["end"]]
        text = after[label["doc_id"]]["text"]
        assert now["status"] not in ("kept", "moved") or text[now["start"] : now["end"]] == words
        same += now["status"] in ("kept", "moved")
        found += text.count(words) == 1
        offsets += text[label["start"] : label["end"]] == words
        went = places[label["doc_id"]][label["start"] : label["end"]]
        if went == list(range(went[0], went[0] + len(went))) and went[0] >= 0:
            survived += 1
            right += (now["start"], now["end"]) == (went[0], went[-1] + 1) and now["status"] != "gone"
    count = len(spans)
    print(
        f"{len(changed)} of {len(texts)} documents changed; {count:,} spans: {dict(counts)}; the same characters by "
        f"the same offsets {offsets / count:.2%}, by a search that finds one place {found / count:.2%}, carried "
        f"{same / count:.2%}; of {survived:,} that nothing changed {right / survived:.3%} came back at their place; "
        f"{seconds:.1f} s"
    )


def edit(text: str, draw: random.Random) -> tuple[str, list[int]]:
    """A text as its publisher may leave it, and where each of its characters was before, -1 for a new one."""
    words, at = [], 0
    for word in text.split(" "):
        words.append((f"{word} ", list(range(at, at + len(word) + 1))))
        at += len(word) + 1
    for _ in range(draw.randint(1, 6)):
        place = draw.randrange(len(words))
        kind = draw.randrange(4)
        if kind == 0:
            words.insert(place, unknown(new_text(draw.randrange(10**6))[:200].rpartition(" ")[0] + " "))
        elif kind == 1:
            words[place] = unknown(f"w{draw.randrange(10**6)} ")
        elif kind == 2:
            del words[place : place + draw.randint(1, 12)]
        elif place + 1 < len(words):
            words[place : place + 2] = [unknown(words[place + 1][0]), unknown(words[place][0])]
    joined = "".join(word for word, _ in words)[:-1]
    return joined, [origin for _, origins in words for origin in origins][: len(joined)]


def unknown(text: str) -> tuple[str, list[int]]:
    """A text none of whose characters was there before."""
    return text, [-1] * len(text)


def truth(root: Path, names: list[str], edited: dict[str, list[int]]) -> dict[str, list[int]]:
    """For each character of an old clean text its place in the new one, -1 if an edit made it or took it away."""
    versions = [DocumentTexts(open_revision(root, tag)).versions(names, names) for tag in (FIRST, SECOND)]
    places = {}
    for name in names:
        old, new = (sources(version[name]) for version in versions)
        origins = edited.get(name)
        new = new if origins is None else [-1 if source < 0 else origins[source] for source in new]
        went = {source: place for place, source in enumerate(new)}
        places[name] = [-1 if source < 0 else went.get(source, -1) for source in old]
    return places


def sources(version: DocumentVersion) -> list[int]:
    """For each character of a clean text its place in the raw text, -1 if an edit made it."""
    places: list[int] = []
    raw = 0
    for edit in version.edits:
        places += [*range(raw, edit.raw_start), *[-1] * len(edit.after)]
        raw = edit.raw_end
    return [*places, *range(raw, raw + len(version.text) - len(places))]


def span(row: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """A label on one to six words, as people label them."""
    text = row["text"]
    start = draw.randrange(len(text))
    while start and not text[start - 1].isspace():
        start -= 1
    end = start
    for _ in range(draw.randint(1, 6)):
        end += 1
        while end < len(text) and not text[end].isspace():
            end += 1
    start = min(start, len(text) - 1)
    return {
        "doc_id": row["doc_id"],
        "start": start,
        "end": min(max(end, start + 1), len(text)),
        "label": "X",
        "text_sha256": row["text_sha256"],
    }


def cost(root: Path, count: int, changed: int, labels: int) -> None:
    """Carry many labels of a large corpus in a process of its own."""
    texts = {f"{number // 1000:05d}/document-{number:08d}": new_text(number) for number in range(count)}
    release(root, FIRST, texts, {})
    step = max(count // max(changed, 1), 1)
    other = {name: "Yesterday. " + text.replace(" the ", " a ", 1) for name, text in list(texts.items())[::step]}
    write(root, other)
    release(root, SECOND, {}, {})
    del texts
    rows = list(documents(root, FIRST, ("doc_id", "characters", "text_sha256")).values())
    draw = random.Random(SEED)
    with (root / "labels.jsonl").open("w") as file:
        for number in range(labels):
            row = rows[number * len(rows) // labels]
            start = draw.randrange(row["characters"] - 1)
            place = {"doc_id": row["doc_id"], "start": start, "end": min(start + 12, row["characters"])}
            file.write(json.dumps({**place, "label": "X", "text_sha256": row["text_sha256"], "id": number}) + "\n")
    command = ["-m", "copydesk", "labels", "carry", "labels.jsonl", "--from", FIRST, "--to", SECOND, "--out", "out"]
    done = subprocess.run([sys.executable, "-c", _MEASURED, *command], cwd=root, check=True, stdout=subprocess.PIPE)
    seconds, cpu, peak = json.loads(done.stdout.splitlines()[-1])
    print(
        f"{count:,} documents, {len(other):,} changed, {labels:,} labels: {seconds:.1f} s, {cpu:.1f} s of CPU, "
        f"at most {peak / 1e6:,.0f} MB"
    )


def release(root: Path, tag: str, texts: dict[str, str], rules: dict[str, str]) -> None:
    """Build the corpus of some texts and commit it; without texts, of those that lie there."""
    if texts:
        for path in (root / "seeds").glob("**/*.txt"):
            path.unlink()
        write(root, texts)
    if not (root / ".git").exists():
        git(root, "init", "-q", "-b", "main")
        (root / ".gitignore").write_text("/build/\n/corpus/data/\n/seeds/\n/labels.jsonl\n/out\n")
    (root / "params.yaml").write_text(yaml.safe_dump({"clean": {"rules": rules}}))
    project = Project.open(root)
    for run in STAGES.values():
        if run is not STAGES["validate"]:
            run(project)
    git(root, "add", "--all")
    git(root, "commit", "-q", "-m", tag)
    git(root, "tag", tag)


def write(root: Path, texts: dict[str, str]) -> None:
    """Write seeds."""
    for name, text in texts.items():
        path = root / "seeds" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def documents(root: Path, tag: str, columns: tuple[str, ...] = ("doc_id", "text", "text_sha256")) -> dict[str, Any]:
    """The documents of a release."""
    revision = open_revision(root, tag)
    shards = (revision.read(shard, list(columns)).to_pylist() for shard in revision.shards("documents"))
    return {row["doc_id"]: row for rows in shards for row in rows}


def git(root: Path, *command: str) -> None:
    """Run git in the repository."""
    identity = ("-c", "user.name=benchmark", "-c", "user.email=benchmark@example.org")
    subprocess.run(["git", *identity, *command], cwd=root, check=True)


if __name__ == "__main__":
    main()
