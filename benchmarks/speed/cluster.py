"""What a Ray cluster costs beside this machine's own processes: CPU of a document, and of the start.

    python benchmarks/speed/cluster.py [--documents 2000,8000]

Builds two sizes of the made corpus with the local engine (two workers) and with Ray on two nodes of one core each,
both on this machine. CPU is that of all processes, Ray's services counted in; the difference of the sizes is the
cost of a document, what is left of the smaller one is the start. Prints JSON, milliseconds and seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from measure import measure
from runs import SCRATCH, machine, made

_NODES = 2
_OBJECTS = 80 << 20  # bytes that a node may share


def build(engine: str, seeds: Path, out: Path) -> None:
    """Build a dataset with an engine, in this process and those that it starts."""
    import copydesk

    os.chdir(out)
    if engine == "local":
        copydesk.build(seeds, out / "corpus", params={"engine": {"workers": _NODES}})
        return
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": _OBJECTS, "node_ip_address": "127.0.0.2"}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    try:
        for _ in range(_NODES - 1):
            cluster.add_node(**node)
        os.environ["RAY_ADDRESS"] = cluster.address
        copydesk.build(seeds, out / "corpus", params={"engine": {"name": "ray"}})
    finally:
        cluster.shutdown()


def cost(engine: str, count: int) -> float:
    """CPU seconds of a build."""
    out = SCRATCH / f"cluster-{engine}"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    command = [
        sys.executable,
        "-P",
        __file__,
        "--inside",
        engine,
        str(made(count, "clean", files=True).files),
        str(out),
    ]
    done = measure(command, {**os.environ, "PYTHONPATH": str(Path(__file__).parent)})
    shutil.rmtree(out)
    if done.status:
        raise SystemExit(f"{engine}: {done.stderr[-2000:]}")
    return done.cpu


def main() -> None:
    """Measure, or build where it is measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", default="2000,8000", help="a small and a large number")
    parser.add_argument("--inside", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        engine, *folders = given.inside
        build(engine, *map(Path, folders))
        return
    few, many = map(int, given.documents.split(","))
    measured = {}
    for engine in ("local", "ray"):
        small, large = cost(engine, few), cost(engine, many)
        each = (large - small) / (many - few)
        measured[engine] = {"document_ms": round(1e3 * each, 3), "start_s": round(small - each * few, 1)}
    ratio = measured["ray"]["document_ms"] / measured["local"]["document_ms"]
    print(json.dumps({**measured, "document, times local": round(ratio, 2), "machine": machine()}, indent=1))


if __name__ == "__main__":
    main()
