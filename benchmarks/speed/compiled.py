"""Builds by compiled modules beside the same builds in pure Python, one after the other in each round.

    make compiled                                # the modules, in build/compiled/site
    python benchmarks/speed/compiled.py [--documents 2000] [--mix clean,defects] [--rounds 5]

Each build is a process that calls ``copydesk.build`` with one worker. Prints CPU milliseconds a document, start-up
included, for the whole and for the stages: the smallest of all rounds, and the median of the ratios within a round.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Mapping
from pathlib import Path

from corpus import MIXES
from environments import ROOT
from runs import Made, made, run

SITE = ROOT / "build" / "compiled" / "site"
STAGES = ("clean", "split", "describe")


def main() -> None:
    """Build and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--mix", default=",".join(MIXES), help="mixes, with commas between")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--site", type=Path, default=SITE, help="folder with a compiled copydesk")
    given = parser.parse_args()
    if not (given.site / "copydesk" / "compiled_modules.json").is_file():
        raise SystemExit(f"{given.site}: no compiled copydesk; run make compiled")
    for mix in given.mix.split(","):
        corpus = made(given.documents, mix, files=True)
        pure, compiled = [], []
        for number in range(given.rounds):
            # Whatever else the machine does falls on both alike.
            for site in (None, given.site) if number % 2 else (given.site, None):
                (compiled if site else pure).append(_spent(corpus, site))
        for part in ("all", *STAGES):
            ratio = statistics.median(c[part] / p[part] for c, p in zip(compiled, pure, strict=True))
            least = (1e3 * min(each[part] for each in runs) / given.documents for runs in (pure, compiled))
            print(
                f"{given.documents:,} {mix}, {part}: {next(least):.3f} ms pure, {next(least):.3f} ms compiled, "
                f"ratio {ratio:.2f}",
                flush=True,
            )


def _spent(corpus: Made, site: Path | None) -> Mapping[str, float]:
    """CPU seconds of a build, all of it and by stage; with a site copydesk is imported from there."""
    if site:
        os.environ["PYTHONPATH"] = str(site)
    else:
        os.environ.pop("PYTHONPATH", None)
    done = run("copydesk", "build", corpus, "1")
    return {"all": done["cpu"], **done["found"]["stages"]}


if __name__ == "__main__":
    main()
