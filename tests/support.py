"""What tests share: the repository, texts that are hard on everything, corpora made on the spot."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml
from numpy.typing import NDArray

import forks
from copydesk.description.signals.tokens import SPACELESS
from copydesk.pipeline import STAGES
from copydesk.project import Project
from copydesk.stages.runner import Task, compute

ROOT = Path(__file__).parents[1]

#: Characters that rules, splitters and encoders trip over.
HARD = " \n\r\t\v\f.!?…,;:'\"“”‘’()[]*&#<>|\\/-–_@=aAbBzZéßñÑ0 9\u00a0\u00ad\u200b\u200d\u2028\u3000\ufeff\ufffd中。！ё𝒳👩"
hard_texts = st.text(st.sampled_from(HARD) | st.characters(exclude_categories=["Cs"]), max_size=120)

#: What parsers of HTML trip over.
_PIECES = (
    "<p>|</p>|<b>|</b>|<div class='a>b'>|</div>|<br/>|<td>|<li>|<pre>|</pre>|<!--|-->|<!-->|<script>|</script>|<title>|"
    "</title>|<textarea>|<plaintext>|<style>|</style >|<a href=\"x|<a b = 'y>'>|<|>|</|<!|<?x>|<![CDATA[|]]>|&|&amp;|&amp|"
    "&nbsp;|&notit;|&#128;|&#x1F600;|&#0;|&#xD800;|&#99999999999999;|&NotEqualTilde;|&shy;|&foo;|&Eacute;|<svg>|</svg>|<title/>|<ruby>|<rt>|</ruby>|é|中|\u200b|\ufeff|"
    "\u00ad|\u00a0|\r\n|\n| |\t|\0|word|One more sentence. |x"
).split("|")
htmls = st.lists(st.sampled_from(_PIECES) | st.text(max_size=6), max_size=40).map("".join)

Files = Mapping[str, bytes | str]


def write_seeds(folder: Path, files: Files) -> None:
    """Write seeds into a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def run_stages(project: Project, until: str = "package") -> Project:
    """Run the stages of a project in order, up to and including one."""
    for name, run in STAGES.items():
        run(project)
        if name == until:
            break
    return project


def file_bytes(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def articles(count: int) -> dict[str, str]:
    """Seeds that differ from each other, made of the sentences of the two articles."""
    sentences = [
        sentence
        for path in sorted((ROOT / "seeds").glob("*.txt"))
        for sentence in path.read_text("utf-8").replace("\n", " ").split(". ")
    ]
    step = len(sentences) // 7
    return {
        f"article-{n:04d}.txt": f"Report {n}. "
        + (".\n" if n % 2 else ".  ").join(sentences[(n * step + i * 5) % len(sentences)] for i in range(3 + n % 5))
        for n in range(count)
    }


def run_python(
    code: str, *, cwd: Path | None = None, home: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own, without a network, with a cache folder of its own if one is given."""
    environment = {**os.environ, **GIT, "HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1", **more}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    if home is not None:
        environment |= {"HF_HOME": str(home), "HF_DATASETS_CACHE": str(home / "datasets")}
    if "streaming=" in code:
        # Arrow's threads may still read ahead, and abort a process that ends as usual: apache/arrow#45214.
        code += "\nimport os, sys\nsys.stdout.flush()\nos._exit(0)\n"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


#: Who commits in tests, and nothing from the machine's own settings.
GIT = {
    "DVC_NO_ANALYTICS": "1",
    "CI": "true",
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{f"GIT_{who}_{what}": "test@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}

#: A stage that builds a small corpus without the final validation, in a fork where there is a process for that.
BUILD = f"""
import os
import sys

if address := os.environ.get("{forks.ADDRESS}"):
    sys.path.insert(0, {str(ROOT / "tests")!r})
    from forks import ask

    sys.exit(ask(address, ["build"], os.getcwd(), dict(os.environ), (1, 2)))
from copydesk.pipeline import STAGES
from copydesk.project import Project

for name, run in STAGES.items():
    if name != "validate":
        run(Project.open("."))
"""


#: What a stage that packages writes, for a dvc.yaml.
OUTS = """\
      - corpus/data
      - corpus/README.md: {cache: false}
      - corpus/croissant.json: {cache: false}
      - corpus/CITATION.cff: {cache: false}
      - corpus/LICENSE: {cache: false}
      - corpus/plots/document_length.svg: {cache: false}
      - corpus/plots/duplicates.svg: {cache: false}
      - corpus/plots/edits_per_rule.svg: {cache: false}
      - corpus/plots/languages.svg: {cache: false}
      - corpus/plots/quality.svg: {cache: false}
      - corpus/plots/sentence_length.svg: {cache: false}
      - corpus/manifest.json: {cache: false}
      - corpus/MANIFEST.sha256: {cache: false}
"""


def make_repository(root: Path, dvc: str, params: str) -> None:
    """Make a repository of git and DVC whose one stage builds a corpus; nothing is committed yet."""
    root.mkdir(parents=True, exist_ok=True)
    written = {"build.py": BUILD, "dvc.yaml": dvc, "params.yaml": params, ".gitignore": "/build/\n__pycache__/\n"}
    for name, content in written.items():
        (root / name).write_text(content)
    shutil.copytree(ROOT / "schemas", root / "schemas")
    run_command(root, "git", "init", "--quiet", "--initial-branch", "main")
    run_command(root, "dvc", "init", "--quiet")


def run_command(root: Path, *command: str) -> str:
    """Run git, DVC (in a fork) or Python in a repository; its output is returned, and shown if it fails."""
    environment = {
        **os.environ,
        **GIT,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    if command[0] == "dvc":
        forked = forks.completed([*command], root, environment)
        assert forked.returncode == 0, forked.stdout + forked.stderr
        return forked.stdout + forked.stderr
    done = subprocess.run(
        command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def copy_repository(folder: Path) -> Path:
    """Copy what a build of the package may need, as it is now and without what git ignores."""
    listed = run_command(ROOT, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists() and not name.startswith(("tests/", "benchmarks/", "corpus/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    return folder


def build_wheel(source: Path, out: Path) -> Path:
    """Build the wheel of this repository in a copy of it, without a network."""
    copy_repository(source)
    command = ["pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps", "--no-index", "-w", str(out), "."]
    run_command(source, sys.executable, "-m", *command)
    (built,) = out.glob("*.whl")
    return built


def lay_out_tagged_corpora(root: Path, count: int) -> None:
    """Make a repository with some articles, whose corpora ``build_and_tag`` builds in this process.

    DVC only has to know what they are.
    """
    write_seeds(root / "seeds", articles(count))
    shutil.copytree(ROOT / "schemas", root / "schemas")
    (root / "dvc.yaml").write_text("stages: {package: {cmd: 'false', outs: [corpus/data]}}\n")
    (root / ".gitignore").write_text("/build/\n")
    run_command(root, "git", "init", "-q", "-b", "main")
    run_command(root, "dvc", "init", "--quiet")


def build_and_tag(root: Path, tag: str, params: dict[str, Any]) -> None:
    """Build the corpus, commit it to git and to DVC's cache, and tag the commit."""
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    run_stages(Project.open(root))
    run_command(root, "dvc", "commit", "--force", "--quiet")
    run_command(root, "git", "add", "--all")
    run_command(root, "git", "commit", "-q", "-m", tag)
    run_command(root, "git", "tag", tag)


def run_stripped(root: Path, *command: str) -> str:
    """The same without the white space around what it says."""
    return run_command(root, *command).strip()


# Tasks for engines: here, since other processes import them by name.


def square(number: int) -> tuple[int, int]:
    """The square, and the process that did it."""
    if number < 0:
        raise ValueError(f"no root of {number}")
    return number * number, os.getpid()


def square_at_last(task: tuple[int, Path, int]) -> int:
    """The square of a number, but the first times that it is asked for the process is killed, as the system does."""
    number, folder, deaths = task
    for name in range(deaths):
        path = folder / f"{number}-{name}"
        if not path.exists():
            path.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def compute_beside_a_falling_node(task: Task) -> Any:
    """Compute a shard, but the first one on a certain node of a cluster kills that node; the others wait for it.

    The parent of a worker is its node's raylet, whose process id stands in the file that ``FALLING`` names.
    """
    fall(after=0, wait=60)
    return compute(task)


def keyed(number: int) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Numbers, and keys in three columns, of which some are shared: too much for a message between processes."""
    rng = np.random.default_rng(number)
    return np.arange(10_000) + 10_000 * number, rng.integers(0, 400_000, (10_000, 3)).astype(np.uint64)


def keyed_beside_a_falling_node(number: int) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """The same, but the third one on a certain node kills it, and with it the two that were finished there."""
    fall(after=2, wait=2)  # not for long: Ray Data may want to run one task at a time
    return keyed(number)


def fall(after: int, wait: float) -> None:
    """Kill a node once, when it has had some tasks; on another one wait some seconds for it to fall."""
    falling = Path(os.environ["FALLING"])
    fallen = falling.with_suffix(".fallen")
    if os.getppid() == int(falling.read_text()):
        tasks = list(falling.parent.glob(f"{falling.name}.task-*"))
        if len(tasks) == after:
            fallen.touch()
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(60)
        (falling.parent / f"{falling.name}.task-{len(tasks)}").touch()
    until = time.monotonic() + wait
    while os.getppid() != int(falling.read_text()) and not fallen.exists() and time.monotonic() < until:
        time.sleep(0.02)


def slow_square(task: tuple[int, Path]) -> int:
    """The square, also written to a file, after a while."""
    number, folder = task
    time.sleep(0.2)
    (folder / f"{number}-{os.getpid()}").touch()
    return number * number


_DISK = """
import subprocess
def make_room():
    subprocess.run(["mount", "-o", "remount,size=200m", {folder!r}], check=True)
"""
_LIMIT = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({size} // 16, resource.RLIM_INFINITY))
def make_room():
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""


def run_on_small_disk(code: str, folder: Path, size: int) -> subprocess.CompletedProcess[str]:
    """Run Python code for which a folder is a disk of so many bytes, until it calls ``make_room()``.

    Where the system lets nobody mount a disk of their own, no file can be larger than a sixteenth of that instead.
    """
    folder.mkdir()
    space = ["unshare", "--mount", *(["--map-root-user"] if os.geteuid() else []), "sh", "-euc"]
    mount = [*space, f'mount -t tmpfs -o size={size} tmpfs "$0"; exec "$@"', str(folder)]
    mounts = subprocess.run([*mount, "true"], capture_output=True, check=False).returncode == 0
    prelude = (_DISK if mounts else _LIMIT).format(folder=str(folder), size=size)
    whole = f"import sys\nsys.path.insert(0, {str(ROOT / 'tests')!r})\n{prelude}\n{code}"
    command = [*(mount if mounts else []), sys.executable, "-c", whole]
    environment = {**os.environ, **GIT, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(command, cwd=folder.parent, env=environment, capture_output=True, text=True, check=False)


@cache
def kind_of(character: str) -> str:
    """What a character is to :func:`words_of`."""

    def matches(pattern: str) -> bool:
        return bool(pc.match_substring_regex(pa.array([character]), f"^(?s:{pattern})$")[0].as_py())

    if character == "\u0f0b":
        return "tsheg"
    if matches(r"\pL|\pN") and not matches(r"\p{Nd}|[ー\x{FF70}]"):
        return "letter" if matches("|".join(rf"\p{{{script}}}" for script in SPACELESS)) else "other"
    return "other" if matches(r"\p{Nd}") else "joined"


def words_of(text: str) -> list[str]:
    """The words of a text, by a plain reading: at white space, and at each letter of a script without spaces."""
    words: list[str] = []
    for run in text.split():
        word, before = "", ""
        for character in run:
            kind = kind_of(character)
            if word and (kind == "letter" or (kind == "other" and before in ("letter", "tsheg"))):
                words.append(word)
                word = ""
            word += character
            before = kind if kind != "joined" or not before else before
        words.append(word)
    return words


#: A browser on this machine; where there is none, tests that need it are skipped, but not with CI set.
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="no chromium; install it (apt-get install chromium)"
)


def read_in_linear_time(read: Callable[[bytes], Iterable[object]], files: Callable[[int], bytes]) -> None:
    """See that a file of four times the records takes about four times as long, and no more memory."""
    times = []
    tracemalloc.start()
    for count in (5_000, 20_000):
        data = files(count)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        started = time.process_time()
        assert sum(1 for _ in read(data)) == count
        times.append(time.process_time() - started)
        assert tracemalloc.get_traced_memory()[1] - before < 3_000_000
    tracemalloc.stop()
    assert times[1] < 10 * times[0]
