"""Builds that are killed, that run out of disk, that live under a wrong clock: every byte is as if nothing had been."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from copydesk.errors import BuildError, StoreError
from copydesk.pipeline import STAGES
from copydesk.project import Project
from copydesk.stages import share
from support import articles, file_bytes, run_on_small_disk, run_python, run_stages, write_seeds

SMALL = """
shards: {target: 4, minimum: 3, maximum: 4}
engine: {workers: 1}
"""

Make = Callable[..., Project]

# Every write is put on disk twice over: the file under its temporary name, then the folder in which it got its own.
# A process that dies right there, again and again and each time one write later, has been killed at every write.
KILL = """
import json, os, signal, sys, traceback
from functools import partial
from copydesk.pipeline import STAGES
from copydesk.project import Project

fsync = os.fsync

def killed_at(write, run, project):
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    left = write
    def dying(handle):
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        fsync(handle)
    os.fsync = dying
    status = 1
    try:
        run(project)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)

kills = {}
STAGES["validate"] = partial(STAGES["validate"], load=False)
os.chdir("warm")  # so that modules are imported and models read once, and not by every child
for run in STAGES.values():
    run(Project.open("."))
os.chdir("../cold")
for name, run in STAGES.items():
    project, write = Project.open("."), 1
    while (status := killed_at(write, run, project)) == signal.SIGKILL:
        write += 1
    assert status == 0, (name, write, status)
    kills[name] = write - 1
print(json.dumps(kills))
"""


def lay_out(root: Path) -> Project:
    write_seeds(root / "seeds", articles(6))
    (root / "params.yaml").write_text(SMALL)
    return Project.open(root)


def made(project: Project) -> dict[str, bytes]:
    return file_bytes(project.corpus) | file_bytes(project.reports)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return made(run_stages(lay_out(tmp_path_factory.mktemp("undisturbed"))))


def test_a_build_that_is_killed_at_every_write_of_every_stage(undisturbed: dict[str, bytes], tmp_path: Path) -> None:
    lay_out(tmp_path / "warm")
    project = lay_out(tmp_path / "cold")
    done = run_python(KILL, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    kills = json.loads(done.stdout.splitlines()[-1])
    assert list(kills) == list(STAGES)
    assert min(kills.values()) >= 2
    after = made(project)
    assert after.pop("validation.json")
    assert after == undisturbed
    assert not [p for p in (*project.corpus.rglob("*"), *project.reports.rglob("*")) if p.suffix in (".tmp", ".old")]


FULL = """
import hashlib, json
from pathlib import Path
from copydesk.errors import BuildError
from copydesk.project import Project
from support import articles, file_bytes, run_stages, write_seeds

root = Path({root!r})
write_seeds(root / "seeds", articles(6))
(root / "params.yaml").write_text({params!r})
said = None
try:
    run_stages(Project.open(root))
except BuildError as error:
    said = str(error)
left = [str(p) for p in root.rglob(".*.tmp")]
corpus = (root / "corpus" / "README.md").exists()
make_room()
project = run_stages(Project.open(root))
made = file_bytes(project.corpus) | file_bytes(project.reports)
print(json.dumps([said, left, corpus, {{name: hashlib.sha256(data).hexdigest() for name, data in made.items()}}]))
"""


@pytest.mark.parametrize("size", [100_000, 300_000])
def test_a_build_on_a_full_disk_says_so_and_goes_on_when_there_is_room(
    size: int, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    root = tmp_path / "disk"
    done = run_on_small_disk(FULL.format(root=str(root), params=SMALL), root, size)
    assert done.returncode == 0, done.stderr
    said, left, corpus, hashes = json.loads(done.stdout.splitlines()[-1])
    assert re.fullmatch(
        rf"{root}/.*: cannot be written \((No space left on device|File too large)\); make room .*", said
    )
    assert (left, corpus) == ([], False)
    assert hashes == {name: hashlib.sha256(data).hexdigest() for name, data in undisturbed.items()}


def test_the_clock_decides_nothing(undisturbed: dict[str, bytes], tmp_path: Path) -> None:
    project = lay_out(tmp_path)
    for moment in (0, 2**31 - 1, 2**33):  # 1970, 2038, 2242
        for seed in project.seeds.iterdir():
            os.utime(seed, (moment, moment))
        assert made(run_stages(project)) == undisturbed
    changed = project.seeds / "article-0001.txt"
    before = changed.read_bytes()
    changed.write_bytes(before.replace(b"1", b"7", 1))
    os.utime(changed, (0, 0))  # older than everything that was made of it, and of the same size
    assert made(run_stages(project)) != undisturbed
    changed.write_bytes(before)
    assert made(run_stages(project)) == undisturbed


@pytest.mark.parametrize("damage", ["", "[]", "{}", "null", '{"benchmarks": 1}', "[" * 100_000])
def test_a_damaged_list_of_what_ingest_passes_on_is_named(make_project: Make, damage: str) -> None:
    project = run_stages(make_project(articles(2)), "split")
    project.passed_on.write_text(damage)
    with pytest.raises(BuildError, match=r"passed_on\.json: damaged \(.*\); delete .*build and build again"):
        STAGES["describe"](project)


def test_lists_of_a_build_that_nest_too_deeply_are_computed_again(make_project: Make) -> None:
    project = run_stages(make_project(articles(2)))
    made = file_bytes(project.corpus)
    for path in project.build.glob("*/finished.json"):
        path.write_text("[" * 100_000)
    assert file_bytes(run_stages(project).corpus) == made
    project.finished("clean").write_text("[" * 100_000)
    with pytest.raises(StoreError, match=r"finished\.json: damaged \(.*\); delete it and build again"):
        share.run(project)
