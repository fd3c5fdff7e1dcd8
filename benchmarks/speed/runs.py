"""Runs that are compared: corpora made once, a command measured as a whole, what machine it was."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from corpus import documents, write_files, write_lines
from environments import PEERS, ROOT, plain_environment, python
from measure import measure

QUALITY = ROOT / "benchmarks" / "quality"
sys.path.insert(0, str(QUALITY))

from score_sentences import load  # noqa: E402  (the quality benchmarks are a folder of scripts)

SCRATCH = ROOT / "build" / "bench"
RESULTS = Path(__file__).parent / "results"


class Failed(Exception):
    """A run that ended with an error, and its last words."""


class Made(NamedTuple):
    """A corpus on disk: as files and as lines, how large it is, and what was planted."""

    files: Path
    lines: Path
    bytes: int
    planted: dict[str, int]


def made(count: int, mix: str, files: bool) -> Made:
    """A corpus, written unless it is there."""
    stem = SCRATCH / "corpora" / f"{mix}-{count}"
    there = Made(stem.with_suffix(".files"), stem.with_suffix(".jsonl"), 0, {})
    facts = stem.with_suffix(".json")
    known = json.loads(facts.read_text()) if facts.exists() else {}
    code = _code()
    if known.get("code") != code:
        known = {"code": code, "files": False, "bytes": 0, "planted": {"exact": 0, "near": 0, "damaged": 0}}
        shutil.rmtree(there.files, ignore_errors=True)

        def counted() -> Any:
            for each in documents(count, mix):
                known["bytes"] += len(each.text.encode())
                known["planted"]["exact"] += each.kind == "exact"
                known["planted"]["near"] += each.kind == "near"
                known["planted"]["damaged"] += bool(each.defects)
                yield each

        write_lines(there.lines, counted())
    if files and not known["files"]:
        shutil.rmtree(there.files, ignore_errors=True)
        write_files(there.files, documents(count, mix))
        known["files"] = True
    facts.write_text(json.dumps(known))
    return there._replace(bytes=known["bytes"], planted=known["planted"])


def _code() -> str:
    """What a corpus follows from."""
    import hashlib

    parts = [Path(__file__).with_name(name).read_bytes() for name in ("corpus.py", "defects.py")]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def punkt() -> Path:
    """The sentence model for the peers that want one."""
    path = SCRATCH / "punkt.json"
    if not path.exists():
        rows = load(QUALITY / "open" / "sentences" / "train.jsonl.xz")
        texts = (row["text"] for row in rows if row["lang"] == "en")
        path.parent.mkdir(parents=True, exist_ok=True)
        command = [str(python("datajuicer")), "-P", str(PEERS / "punkt.py"), str(path)]
        subprocess.run(command, input="\n\n".join(texts), text=True, check=True, env=plain_environment())
    return path


def run(peer: str, task: str, corpus: Made, *arguments: str, keep: Path | None = None) -> dict[str, Any]:
    """Measure one run: CPU and clock seconds, the most bytes, and what the peer said it found.

    Parameters
    ----------
    peer, task : str
        Script below ``peers/`` and its first argument.
    corpus : Made
    arguments : str
        More of them, after the folder for the outcome.
    keep : Path, optional
        Where the outcome goes and stays; it is deleted otherwise.

    Raises
    ------
    Failed
        If it does not exit with 0, or finds another number of documents than there are.
    """
    SCRATCH.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="home-", dir=SCRATCH))
    out = keep or home / "out"
    if keep:
        shutil.rmtree(keep, ignore_errors=True)
    ours = peer == "copydesk"
    given = corpus.files if ours and task == "build" else corpus.lines
    environment = dict(os.environ) if ours else plain_environment()
    environment |= {"HOME": str(home), "HF_HOME": str(home / "hf"), "HF_HUB_OFFLINE": "1", "UV_OFFLINE": "1"}
    if peer == "datajuicer":
        environment["PUNKT"] = str(punkt())
    command = [str(python(peer)), "-P", str(PEERS / f"{peer}.py"), task, str(given), str(out), *arguments]
    done = measure(command, environment)
    try:
        if done.status:
            raise Failed(_last_words(done.stderr) or f"exit status {done.status}")
        found = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        raise Failed(f"said nothing to be understood: {_last_words(done.stdout)}") from None
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return {"cpu": round(done.cpu, 3), "wall": round(done.wall, 3), "peak": done.peak, "found": found}


def _last_words(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)]
    return " ".join((errors or lines or [""])[-1].split())[:300]


def machine() -> dict[str, Any]:
    """What the figures were measured on, and when."""
    cpu = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "cpu": cpu[1].strip() if cpu else platform.machine(),
        "cores": os.cpu_count(),
        "memory": int(memory[1]) * 1024 if memory else 0,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "interpreter": _interpreter(),
        "load": round(os.getloadavg()[0], 1),
        "commit": commit.stdout.strip(),
    }


def _interpreter() -> str:
    """How the interpreter was compiled: one with profiles and link-time optimisation is a tenth faster."""
    options = f"{sysconfig.get_config_var('CONFIG_ARGS')}"
    chosen = [("--enable-optimizations", "PGO"), ("--with-lto", "LTO")]
    return " and ".join(name for option, name in chosen if option in options) or "neither PGO nor LTO"


def save(name: str, results: dict[str, Any]) -> Path:
    """Keep results for the page."""
    path = RESULTS / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    return path
