"""data-juicer: repair of characters and white space, statistics, sentences by Punkt, duplicates by hash and MinHash.

    python -P datajuicer.py clean|deduplicate|all FILE OUT

Filters keep every document, so that each gets its statistics. Its Punkt model is a pickle from the network; ours is
learnt from open text (``punkt.py``), and the same code of NLTK splits with it. One process.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("UV_OFFLINE", "1")  # it would install what it misses

from data_juicer.config import init_configs
from data_juicer.core import DefaultExecutor
from data_juicer.utils import model_utils
from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

KEEP: dict[str, Any] = {"min_ratio": -1.0, "max_ratio": 1e9}
CLEAN: list[dict[str, Any]] = [
    {"fix_unicode_mapper": None},
    {"whitespace_normalization_mapper": None},
    {"alphanumeric_filter": KEEP},
    {"character_repetition_filter": KEEP},
    {"word_repetition_filter": {"lang": "en", "tokenization": False, **KEEP}},
    {"special_characters_filter": KEEP},
    {"words_num_filter": {"lang": "en", "tokenization": False, "min_num": 0, "max_num": 10**9}},
    {"average_line_length_filter": {"min_len": 0, "max_len": 10**9}},
    {"maximum_line_length_filter": {"min_len": 0, "max_len": 10**9}},
]
DEDUPLICATE: list[dict[str, Any]] = [
    {"document_deduplicator": {"lowercase": False}},
    {
        "document_minhash_deduplicator": {
            "tokenization": "space",
            "window_size": 5,
            "num_permutations": 128,
            "jaccard_threshold": 0.8,
        }
    },
]
SPLIT: list[dict[str, Any]] = [{"sentence_split_mapper": {"lang": "en"}}]
TASKS = {"clean": CLEAN + SPLIT, "deduplicate": DEDUPLICATE, "all": CLEAN + DEDUPLICATE + SPLIT}


def _punkt(**_: Any) -> PunktSentenceTokenizer:
    learnt = json.loads(Path(os.environ["PUNKT"]).read_text("utf-8"))
    parameters = PunktParameters()
    parameters.abbrev_types = set(learnt["abbrev_types"])
    parameters.collocations = {tuple(pair) for pair in learnt["collocations"]}
    parameters.sent_starters = set(learnt["sent_starters"])
    parameters.ortho_context.update(learnt["ortho_context"])
    return PunktSentenceTokenizer(parameters)


def main() -> None:
    task, given, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    model_utils.MODEL_FUNCTION_MAPPING["nltk"] = _punkt
    config = {
        "project_name": "benchmark",
        "dataset_path": str(given),
        "export_path": str(out / "kept.jsonl"),
        "work_dir": str(out),
        "np": 1,
        "auto_op_parallelism": False,  # it would take all cores in spite of np
        "open_tracer": False,
        "process": TASKS[task],
    }
    path = out / "config.yaml"
    path.write_text(json.dumps(config))  # JSON is YAML
    DefaultExecutor(init_configs(["--config", str(path)])).run()
    count = sum(1 for _ in given.open("rb"))
    kept = sum(1 for _ in (out / "kept.jsonl").open("rb"))
    found = {"documents": count, **({} if task == "clean" else {"duplicates": count - kept})}
    print(json.dumps(found), file=sys.__stdout__, flush=True)  # it puts a log in the place of sys.stdout


if __name__ == "__main__":
    main()
