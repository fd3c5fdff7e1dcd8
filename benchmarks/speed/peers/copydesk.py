"""Ours: the whole build from files, or duplicates alone from JSON lines as the peers get them.

    python -P copydesk.py build FOLDER OUT [WORKERS]
    python -P copydesk.py deduplicate FILE OUT

The build reports CPU seconds by stage, which are left out of the comparison.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

BLOCK = 4 << 20


def build(seeds: Path, out: Path, workers: int) -> dict[str, Any]:
    """``copydesk.build`` with the defaults."""
    import copydesk
    from copydesk import pipeline

    spent: dict[str, float] = {}
    for name, run in pipeline.STAGES.items():
        pipeline.STAGES[name] = _timed(name, run, spent)
    built = copydesk.build(seeds, out / "corpus", params={"engine": {"workers": workers}})
    checked = json.loads((out / "reports" / "validation.json").read_text("utf-8"))["checked"]
    duplicates = built.metrics["duplicates"]
    return {
        "documents": built.metrics["documents"],
        "duplicates": sum(duplicates.values()),
        "edits": sum(built.metrics["edits"].values()),
        "sentences": built.metrics["sentences"],
        "stages": spent,
        "loads": sorted(name for name in checked if name.startswith("loads_")),
    }


def _timed(name: str, run: Callable[[Any], object], spent: dict[str, float]) -> Callable[[Any], object]:
    def timed(project: Any) -> object:
        begun = _cpu()
        try:
            return run(project)
        finally:
            spent[name] = round(_cpu() - begun, 3)

    return timed


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def deduplicate(lines: Path, out: Path) -> dict[str, Any]:
    """Keys, signatures and groups of the texts, by the functions of the stages; the lines that are kept."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow.json import ReadOptions, open_json

    from copydesk.description.duplicates.clusters import near_groups
    from copydesk.description.duplicates.minhash import minhash, normalised, text_keys

    ids, sizes, keys, signatures = [], [], [], []
    with open_json(lines, ReadOptions(block_size=BLOCK)) as batches:
        for batch in batches:
            plain = normalised(batch["text"])
            keys.append(text_keys(plain))
            signatures.append(minhash(plain))
            ids.append(batch["id"])
            sizes.append(pc.utf8_length(batch["text"]))
    groups = near_groups(
        pa.concat_arrays(ids), pa.concat_arrays(keys), np.concatenate(signatures), pa.concat_arrays(sizes).to_numpy()
    )
    repeats = pc.is_valid(groups.duplicate_of).to_pylist()
    out.mkdir(parents=True, exist_ok=True)
    with lines.open("rb") as file, (out / "kept.jsonl").open("wb") as kept:
        kept.writelines(line for line, repeat in zip(file, repeats, strict=True) if not repeat)
    return {"documents": len(repeats), "duplicates": sum(repeats)}


if __name__ == "__main__":
    task, given, folder, *rest = sys.argv[1:]
    if task == "build":
        found = build(Path(given), Path(folder), int(rest[0]) if rest else 1)
    else:
        found = deduplicate(Path(given), Path(folder))
    print(json.dumps(found))
