"""How much CPU a document costs to describe and to compare with all others, and what datatrove's filters cost.

    python benchmarks/speed/describe.py [--peers FOLDER]

Documents of some 3.5 kB of edited English. Prints milliseconds of CPU a document on one core: the stage describe with
everything that it does, the stage deduplicate, and, where FOLDER holds datatrove, the same signals by its filters
(Gopher repetition and quality, C4, FineWeb) and its MinHash signature, in the same run; words split at white space
there too, which spares it a tokenizer that takes most of its time by default.
"""

from __future__ import annotations

import argparse
import importlib
import site
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa

QUALITY = Path(__file__).parents[1] / "quality"
sys.path.insert(0, str(QUALITY))

from score_sentences import load  # noqa: E402  (the quality benchmarks are a folder of scripts)

from copydesk.core.config import check_params  # noqa: E402
from copydesk.description.duplicates.clusters import near_groups  # noqa: E402
from copydesk.description.duplicates.minhash import minhash, normalised, text_keys  # noqa: E402
from copydesk.description.provenance import FIELDS  # noqa: E402
from copydesk.stages import describe, split  # noqa: E402
from copydesk.stages.runner import Shard  # noqa: E402
from copydesk.tables.table import table  # noqa: E402

CHARACTERS = 3_500
RUNS = 5


def documents() -> list[str]:
    """Articles of edited English."""
    whole = "\n".join(d["text"] for d in load(QUALITY / "open" / "sentences" / "train.jsonl.xz") if "gum" in d["id"])
    return [whole[at : at + CHARACTERS] for at in range(0, len(whole) - CHARACTERS, CHARACTERS)]


def shard(texts: list[str]) -> Shard:
    """What the stage describe is given of texts in which nothing was repaired."""
    ids = [f"document-{number}" for number in range(len(texts))]
    provenance = pa.table(
        {
            "doc_id": ids,
            **{name: pa.nulls(len(ids), pa.string()) for name in FIELDS},
            "raw_sha256": ["0" * 64] * len(ids),
        }
    )
    flags = table("documents", columns=("flags",)).arrow.field("flags")
    text = pa.table(
        {"doc_id": ids, "text": texts, "flags": pa.array([[]] * len(ids), flags.type), "text_sha256": ids}
    )
    edits = table("edits").from_rows([])
    spans = split.shard(Shard({"text": text, "edits": edits}, {}))["spans"]
    tables = {"provenance": provenance, "text": text, "edits": edits, "spans": spans}
    return Shard(tables, check_params({"select": {"keep": "words >= 50 and dup_line_frac < 0.3"}}))


def milliseconds(title: str, count: int, run: Callable[[], object]) -> float:
    """Print and return milliseconds of CPU a document: the median of some runs."""
    times = []
    for _ in range(RUNS):
        begun = time.process_time()
        run()
        times.append(1e3 * (time.process_time() - begun) / count)
    print(f"{title:44}{statistics.median(times):8.3f} ms")
    return statistics.median(times)


def datatrove(texts: list[str]) -> Callable[[], object]:
    """The filters of datatrove over the same texts."""
    tokenizer = SimpleNamespace(word_tokenize=str.split, span_tokenize=lambda text: [(0, len(text))])
    tokenizers = importlib.import_module("datatrove.utils.word_tokenizers")
    tokenizers.load_word_tokenizer = lambda language: tokenizer
    filters = importlib.import_module("datatrove.pipeline.filters")
    dedup = importlib.import_module("datatrove.pipeline.dedup.minhash")
    document = importlib.import_module("datatrove.data").Document
    steps = [
        filters.GopherRepetitionFilter(),
        filters.GopherQualityFilter(),
        filters.C4QualityFilter(filter_no_terminal_punct=False),
        filters.FineWebQualityFilter(),
    ]
    hashing = importlib.import_module("datatrove.utils.hashing").HashConfig(
        hash_fc="sha1"
    )  # xxhash needs its own age
    signature = dedup.MinhashDedupSignature("build/peers", dedup.MinhashConfig(hash_config=hashing))

    def run() -> None:
        for number, text in enumerate(texts):
            for step in steps:
                step.filter(document(text=text, id=str(number)))
            signature.get_signature(signature.get_shingles(text))

    return run


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="folder into which datatrove was installed")
    given = parser.parse_args()
    texts = documents()
    work = shard(texts)
    describe.shard(work)  # loads what it needs
    described = milliseconds("describe", len(texts), lambda: describe.shard(work))
    column = normalised(pa.array(texts))
    signatures, keys = minhash(column), text_keys(column)
    ids, sizes = pa.array([str(n) for n in range(len(texts))]), pa.array([len(t) for t in texts]).to_numpy()
    grouped = milliseconds("deduplicate", len(texts), lambda: near_groups(ids, keys, signatures, sizes))
    print(f"{'together':44}{described + grouped:8.3f} ms")
    if given.peers:
        site.addsitedir(str(given.peers))
        peer: Any = milliseconds("datatrove: filters and MinHash signature", len(texts), datatrove(texts))
        print(f"datatrove / copydesk: {peer / (described + grouped):.1f}")


if __name__ == "__main__":
    main()
