"""A plugin of pytest that says which test runs which line, or runs each test against the mutants of its lines.

Fixtures of a session or a module are made once, by the code as it is. Then each pair of a test and a mutant has a
process of its own: a fork, in which the code of one function is another. So a repository with two releases is made
once and not a thousand times. A test that does not pass in such a process without a mutant decides nothing.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import hypothesis
import pytest
from _pytest.tmpdir import tmppath_result_key

ROOT = Path(__file__).parents[2]
#: A mutant that runs so many times as long as the code does without it never ends.
_TIMES, _MORE = 6, 5
#: So often what mutants break is made anew for one test.
_ANEW = 5
#: What tests import when they run, and take a second to: imported before a fork once a test has asked for it.
_SLOW = {"copydesk", "dvc", "dvc_data", "dvc_objects", "scmrepo"}
_IMPORTED = "imported.json"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("mutants")
    group.addoption("--mutants-record", type=Path, help="write which test runs which lines into this file")
    group.addoption("--mutants", type=Path, help="run the mutants in this file")
    group.addoption("--mutants-found", type=Path, help="where the outcomes are written")


def pytest_configure(config: pytest.Config) -> None:
    if target := config.getoption("--mutants-record"):
        config.pluginmanager.register(_Recorder(target))
    elif source := config.getoption("--mutants"):
        config.pluginmanager.register(_Runner(json.loads(source.read_text()), config.getoption("--mutants-found")))


class _Recorder:
    """Which test runs which lines; what fixtures run that are made once is nobody's."""

    def __init__(self, target: Path) -> None:
        from coverage import Coverage

        self._target, self._test = target, ""
        self._coverage = Coverage(data_file=None, include=[f"{ROOT}/src/copydesk/*"], config_file=False)
        self._seconds: dict[str, float] = defaultdict(float)
        self._coverage.start()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._test = item.nodeid
        self._coverage.switch_context(self._test)
        result = yield
        self._coverage.switch_context("")
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        if fixturedef.scope == "function":
            return (yield)
        self._coverage.switch_context("")
        began = time.monotonic()
        result = yield
        self._seconds[self._test] -= time.monotonic() - began
        self._coverage.switch_context(self._test)
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        data, lines = self._coverage.get_data(), {}
        for path in data.measured_files():
            found = data.contexts_by_lineno(path).items()
            name = Path(path).relative_to(ROOT).as_posix()
            lines[name] = {line: sorted({*tests} - {""}) for line, tests in found}
        self._target.write_text(json.dumps({"lines": lines, "seconds": self._seconds}))


class _Runner:
    """Runs tests in order, each against the mutants that it may tell and that no other has told before."""

    def __init__(self, plan: dict[str, Any], found: Path) -> None:
        self._plan, self._found = plan, found
        self._outcomes: dict[str, str] = {}
        self._functions: dict[str, dict[str, list[FunctionType]]] = {}
        self._weak: list[str] = []
        self._breaking: set[str] = set()

    def pytest_collection(self) -> None:
        # The first example that fails is enough: it need not be made small. A third of the examples must do.
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        given = hypothesis.settings(max_examples=100, phases=phases, database=None)
        hypothesis.settings.register_profile("mutants", given)
        hypothesis.settings.load_profile("mutants")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        order = {test: n for n, test in enumerate(self._plan["order"])}
        items[:] = sorted((i for i in items if i.nodeid in order), key=lambda item: order[item.nodeid])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        temporary = session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        ours = set(ROOT.iterdir())
        for item in session.items:
            mutants = [
                mutant
                for mutant in self._plan["mutants"]
                if item.nodeid in mutant["tests"] and mutant["name"] not in {*self._outcomes, *self._breaking}
            ]
            if not mutants:
                continue
            began = time.monotonic()
            kept, (status, cpu, wall) = self._ready(session, item, temporary)
            if status:
                session._setupstate.teardown_exact(None)  # was it broken by a mutant that nobody told?
                kept, (status, cpu, wall) = self._ready(session, item, temporary)
            if status:
                self._weak.append(item.nodeid)
                continue
            before, given = dict(self._outcomes), len(mutants)
            for mutant in mutants:
                self._try(item, mutant, (cpu, wall), temporary, kept)
            if strays := set(ROOT.iterdir()) - ours:
                raise RuntimeError(f"a mutant wrote into the repository: {sorted(strays)}; remove it")
            # Fixtures that many mutants shared must be whole still, else what was killed may have been well.
            if self._apart(item, None, 600, 600)[0]:
                self._outcomes = dict(before)
                self._one_by_one(session, item, mutants, temporary)
            killed = len(self._outcomes) - len(before)
            self._write()
            more, took = len(self._plan["mutants"]) - len(self._outcomes), time.monotonic() - began
            print(f"{took:6.1f} s  {killed:4} of {given:4} killed, {more} left  {item.nodeid}", flush=True)
        self._write()
        return True

    def _try(
        self, item: pytest.Item, mutant: dict[str, Any], usual: tuple[float, float], temporary: Path, kept: set[Path]
    ) -> None:
        status, *_ = self._apart(item, mutant, _MORE + _TIMES * usual[0], 30 + 20 * usual[1])
        if status:
            self._outcomes[mutant["name"]] = f"{status} {item.nodeid}"
        for path in set(temporary.iterdir()) - kept:
            shutil.rmtree(path, ignore_errors=True)

    def _one_by_one(self, session: pytest.Session, item: Any, mutants: list[dict[str, Any]], temporary: Path) -> None:
        """Run them again where one broke what tests share, and make that anew behind it; a few times, and no more."""
        for _ in range(_ANEW):
            session._setupstate.teardown_exact(None)
            kept, (_, *usual) = self._ready(session, item, temporary)
            while mutants:
                mutant = mutants.pop(0)
                self._try(item, mutant, (usual[0], usual[1]), temporary, kept)
                if self._apart(item, None, 600, 600)[0]:
                    if mutant["name"] not in self._outcomes:
                        self._breaking.add(mutant["name"])  # no test may run it any more
                    break
        session._setupstate.teardown_exact(None)

    def _ready(
        self, session: pytest.Session, item: Any, temporary: Path
    ) -> tuple[set[Path], tuple[str, float, float]]:
        """Make what a test shares with others, and run it as the code is; and which folders are there."""
        session._setupstate.teardown_exact(item)
        session._setupstate.setup(item.parent)
        _make_shared(item)
        _warm(session, item)
        return set(temporary.iterdir()), self._apart(item, None, 600, 600)

    def _write(self) -> None:
        self._found.write_text(json.dumps({"outcomes": self._outcomes, "weak": self._weak}))

    def _apart(
        self, item: pytest.Item, mutant: dict[str, Any] | None, cpu: float, wall: float
    ) -> tuple[str, float, float]:
        """Run a test in a fork; returns why it failed, empty if it passed, and the seconds that it took."""
        if mutant is not None:
            self._index(mutant["path"])
        with tempfile.TemporaryDirectory(prefix="own-", ignore_cleanup_errors=True) as own:
            return self._in_fork(item, mutant, cpu, wall, own)

    def _in_fork(
        self, item: pytest.Item, mutant: dict[str, Any] | None, cpu: float, wall: float, own: str
    ) -> tuple[str, float, float]:
        began = time.monotonic()
        pid = os.fork()
        if pid == 0:
            self._child(item, mutant, int(cpu) + 1, own)
        while not (ended := os.wait4(pid, os.WNOHANG))[0]:
            if time.monotonic() - began > wall:
                os.killpg(pid, signal.SIGKILL)
                ended = os.wait4(pid, 0)
                break
            time.sleep(0.002)
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # what it began and did not wait for
        took = time.monotonic() - began
        if (imported := Path(own, _IMPORTED)).exists():
            for name in json.loads(imported.read_text()):  # once for all forks to come
                if name not in sys.modules and name.partition(".")[0] in _SLOW:
                    importlib.import_module(name)
        _, status, usage = ended
        used = usage.ru_utime + usage.ru_stime
        if os.WIFSIGNALED(status):
            return "timeout" if os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL) else "crash", used, took
        return {0: "", 1: "failed"}.get(os.WEXITSTATUS(status), "error"), used, took

    def _child(self, item: pytest.Item, mutant: dict[str, Any] | None, cpu: int, own: str) -> None:
        status = 1
        try:
            os.setsid()
            os.chdir(own)
            os.environ["TMPDIR"], tempfile.tempdir = own, own
            with Path(os.devnull).open("w") as nothing:
                for stream in (1, 2):
                    os.dup2(nothing.fileno(), stream)
            resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_DATA, (8 << 30, 8 << 30))
            if mutant is not None:
                self._swap(mutant)
            item.ihook.pytest_runtest_setup(item=item)
            item.ihook.pytest_runtest_call(item=item)
            status = 0
            if mutant is None:
                Path(own, _IMPORTED).write_text(json.dumps(sorted(sys.modules)))
        except pytest.skip.Exception:
            status = 0
        except BaseException:
            status = 1
        finally:
            os._exit(status)

    def _index(self, path: str) -> dict[str, list[FunctionType]]:
        """The functions of a file that there are, by name; those that come later are made of their code."""
        if path not in self._functions:
            module = importlib.import_module(_module(path))
            file, found = module.__file__, defaultdict(list)
            for thing in gc.get_objects():
                if isinstance(thing, FunctionType) and thing.__code__.co_filename == file:
                    found[thing.__code__.co_qualname].append(thing)
            self._functions[path] = dict(found)
        return self._functions[path]

    def _swap(self, mutant: dict[str, Any]) -> None:
        """Give a function the code that it has in the mutant."""
        module = sys.modules[_module(mutant["path"])]
        codes = list(_codes(compile(mutant["source"], str(module.__file__), "exec", dont_inherit=True)))
        functions = self._index(mutant["path"])[mutant["function"]]
        (code,) = (code for code in codes if code.co_qualname == mutant["function"])
        for function in functions:
            function.__code__ = code
        for thing in vars(module).values():  # what was remembered came from the code as it was
            if isinstance(clear := getattr(thing, "cache_clear", None), Callable):  # type: ignore[arg-type]
                clear()


def _make_shared(item: Any) -> None:
    """Make the fixtures of a test that others share: those of the session, the module and the class."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pytest.PytestRemovedIn10Warning)  # the test itself has not begun
        for name in item._fixtureinfo.names_closure:
            defs = item._fixtureinfo.name2fixturedefs.get(name)
            if defs and defs[-1].scope != "function":
                item._request.getfixturevalue(name)


def _warm(session: pytest.Session, item: Any) -> None:
    """Make the test's own fixtures and take them down: what they keep for others need not be made in each fork."""
    session._setupstate.setup(item)
    item.stash[tmppath_result_key] = {}  # where tmp_path looks how the test went
    session._setupstate.teardown_exact(item.parent)
    item._initrequest()


def _module(path: str) -> str:
    return path.removeprefix("src/").removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)
