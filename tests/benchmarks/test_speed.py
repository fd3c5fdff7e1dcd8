"""The makers of benchmarks keep their word: corpora, measuring, the page. No timings here."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from support import ROOT

SPEED = ROOT / "benchmarks" / "speed"


@pytest.fixture(scope="module", autouse=True)
def scripts() -> Iterator[None]:
    sys.path.insert(0, str(SPEED))
    yield
    sys.path.remove(str(SPEED))


def script(name: str) -> ModuleType:
    return importlib.import_module(name)


def test_a_document_follows_from_its_number(tmp_path: Path) -> None:
    corpus = script("corpus")
    few, many = (list(corpus.documents(count, "defects")) for count in (30, 60))
    assert many[:30] == few
    assert many[40] == corpus.document(40, "defects")
    corpus.write_lines(tmp_path / "lines.jsonl", many)
    rows = [json.loads(line) for line in (tmp_path / "lines.jsonl").read_text("utf-8").splitlines()]
    assert [row["text"] for row in rows] == [each.text for each in many]
    paths = corpus.write_files(tmp_path / "files", many)
    assert [path.read_bytes().decode() for path in paths] == [each.text for each in many]
    assert [row["id"] for row in rows] == [path.stem for path in paths]


@pytest.mark.slow
def test_shares_are_those_it_claims() -> None:
    corpus = script("corpus")
    made = list(corpus.documents(2000, "defects"))
    kinds = Counter(each.kind for each in made)
    assert kinds["exact"] == pytest.approx(100, abs=30)
    assert kinds["near"] == pytest.approx(200, abs=40)
    assert sum(bool(each.defects) for each in made) == pytest.approx(600, abs=60)
    assert sum(len(each.text) for each in made) / len(made) == pytest.approx(3500, rel=0.1)
    for each in made:
        assert each.kind == "new" or made[each.of].kind == "new"
        if each.kind == "exact":
            assert each.text == made[each.of].text
    assert not any(each.defects for each in corpus.documents(100, "clean"))


@pytest.mark.slow
def test_every_kind_of_defect_is_made() -> None:
    corpus, defects = script("corpus"), script("defects")
    found = Counter(name for each in corpus.documents(3000, "defects") for name in each.defects)
    assert set(found) == set(defects.DEFECTS)


@pytest.mark.slow
def test_clean_text_is_clean() -> None:
    corpus = script("corpus")
    from copydesk.cleaning.apply import clean_text
    from copydesk.cleaning.plan import plan
    from copydesk.core.config import check_params

    how = plan(check_params({})["clean"])
    edited = sum(bool(clean_text(each.text, how).edited.edits) for each in corpus.documents(200, "clean"))
    assert edited <= 200 * 0.06


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="measuring reads /proc")
@pytest.mark.slow
def test_what_orphans_cost_is_counted() -> None:
    measuring = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from measure import measure\n"
        "done = measure([sys.executable, '-c', sys.argv[2]], dict(__import__('os').environ))\n"
        "print(done.cpu > 0.9, done.peak > 150e6, done.status, done.stdout.strip())\n"
    )
    # The child outlives its parent, works for a second of CPU, and holds 200 MB.
    orphan = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    held = b'x' * 200_000_000\n"
        "    while time.process_time() < 1: pass\n"
        "    os._exit(0)\n"
        "print('done', flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", measuring, str(SPEED), orphan],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert done.stdout.split() == ["True", "True", "0", "done"], done.stdout + done.stderr


def test_costs_are_differences_and_ratios_are_of_one_round() -> None:
    compare = script("compare")

    def row(peer: str, task: str, number: int, documents: int, cpu: float) -> dict[str, object]:
        return {
            "peer": peer,
            "task": task,
            "mix": "clean",
            "round": number,
            "documents": documents,
            "bytes": 3500 * documents,
            "cpu": cpu,
            "wall": 2 * cpu,
            "peak": documents,
        }

    rows = [
        *(row("copydesk", "build", 0, n, 3 + 0.002 * n) for n in (100, 300)),
        *(row("copydesk", "build", 1, n, 3 + 0.004 * n) for n in (300, 100)),
        *(row("dolma", "tag", 0, n, 1 + 0.02 * n) for n in (10, 20)),
        *(row("dolma", "tag", 1, n, 1 + 0.06 * n) for n in (10, 20)),
    ]
    told = compare.costs(rows)
    ours, theirs = told["copydesk", "build", "clean"], told["dolma", "tag", "clean"]
    assert ours[:4] == pytest.approx((3, 6, 3, 300))
    assert theirs[:4] == pytest.approx((40, 80, 1, 20))
    assert theirs.times == pytest.approx((10 + 15) / 2)
    assert ours.times == 1


def test_sizes_that_are_loaded_differently_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    compare = script("compare")
    loads = iter([["loads_cold", "loads_streamed"], ["loads_streamed"]])
    corpus = SimpleNamespace(bytes=1, planted={})
    monkeypatch.setattr(compare, "made", lambda *_, **__: corpus)
    monkeypatch.setattr(
        compare, "run", lambda *_: {"cpu": 1.0, "wall": 1.0, "peak": 1, "found": {"loads": next(loads)}}
    )
    with pytest.raises(compare.Failed, match=r"loaded differently: 5,000 documents by .*, 15,000 documents by "):
        compare._pair(compare.WORKS[0], "clean", 0)


def test_real_documents_are_each_told_once() -> None:
    corpus = script("corpus")
    texts = [each.text for each in corpus.documents(script("compare").REAL[1], "real")]
    assert len(set(texts)) == len(texts)


def test_the_page_is_what_the_results_say() -> None:
    page = script("page")
    results = [json.loads((SPEED / "results" / f"{name}.json").read_text("utf-8")) for name in ("compare", "scale")]
    assert page.PAGE.read_text("utf-8") == page.page(*results), "run python benchmarks/speed/page.py"
    assert page.PLOT.read_text("utf-8") == page.plot(results[0]), "run python benchmarks/speed/page.py"


def test_every_peer_has_its_packages_pinned() -> None:
    environments, compare = script("environments"), script("compare")
    peers = {work.peer for work in compare.WORKS} - {"copydesk"}
    assert peers == set(environments.names())
    for peer in peers:
        lines = (SPEED / "peers" / f"{peer}.txt").read_text("utf-8").splitlines()
        assert all("==" in line for line in lines if not line.startswith("#"))
        assert (SPEED / "peers" / f"{peer}.py").is_file()
