"""What people see of a command: results, messages, errors; and of long work how far it is and where its time goes.

Nothing else in this package prints (a test holds that), so that all of it is escaped here: see ``escaping``.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import time
import traceback
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TextIO, TypeVar

from copydesk.core.escaping import coloured_line, json_line, log_line, log_lines, plain_text, shortened, text_lines

Item = TypeVar("Item")

#: Set to ``json``, messages and progress are lines of JSON.
LOG = "COPYDESK_LOG"
#: Seconds between two lines about the same work.
_BETWEEN = 1.0
_TRACED = 100  # lines at each end of a traceback

_failures = 0


def failed(count: int) -> None:
    """Count shards that must be run again since the process that ran them was killed."""
    global _failures  # noqa: PLW0603  (one process, one count)
    _failures += count


def track(
    items: Iterable[Item],
    count: int,
    label: str,
    total: int,
    rest: str = "from the store",
    *,
    documents: Callable[[Item], int] = lambda _: 0,
) -> Iterator[Item]:
    """Yield the items, showing how many of ``count`` are done, documents a second, time left, memory and failures.

    ``total`` counts those found finished too, ``rest`` says where; ``documents`` tells how many an item stands for.
    """
    state = _State(label, count)
    if count and _in_json():
        yield from _logged(items, state, documents)
    elif count and sys.stderr.isatty():
        yield from _shown(items, state, documents)
    else:
        yield from items
    say(f"{label}: {total} shards, {count} computed, {total - count} {rest}")


def say(message: str) -> None:
    """Tell the user something worth a line."""
    if _in_json():
        _print_json({"event": "message", "message": shortened(message)})
    else:
        _print(sys.stderr, log_line(message))


def fail(message: str) -> None:
    """Say why a command ends; a message may have several lines."""
    if _in_json():
        _print_json({"event": "error", "message": shortened(message)})
    else:
        _print(sys.stderr, *log_lines(message))


def show(*lines: str) -> None:
    """Print lines of a result."""
    _print(sys.stdout, *map(log_line, lines))


def show_json(value: Any) -> None:
    """Print a result as JSON for people to read."""
    encoding = (sys.stdout.encoding or "").lower()
    _print(sys.stdout, json_line(value, indent=2, ascii_only=not encoding.startswith("utf")))


def show_text(text: str, *, raw: bool = False) -> None:
    """Print a text and a line feed; where it is ``raw``, to a file or a program its bytes."""
    if not raw or sys.stdout.isatty():
        _print(sys.stdout, *text_lines(text))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(f"{text}\n".encode())
        sys.stdout.buffer.flush()


def draw(*shown: Any, width: int | None = None, errors: bool = False) -> None:
    """Print texts and tables of rich; strings are no markup. ``width`` is that in a log."""
    from rich.console import Console
    from rich.text import Text

    class Plain(Console):
        def render(self, *given: Any, **more: Any) -> Iterator[Any]:
            """Spell controls out before colours are added, also where whoever made a table has not."""
            return (
                part if part.control else part._replace(text=plain_text(part.text))
                for part in super().render(*given, **more)
            )

    stream = sys.stderr if errors else sys.stdout
    console = Plain(file=stream, markup=False, emoji=False, highlight=False)
    if width is not None and not console.is_terminal:
        console.width = width
    with console.capture() as captured:
        for each in shown:
            console.print(each, soft_wrap=isinstance(each, Text))  # what is broken here could begin with a command
    _print(stream, *map(coloured_line, captured.get().removesuffix("\n").split("\n")))


def guard() -> None:
    """Escape also what Python and libraries print of their own in this process: warnings, logs, tracebacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.excepthook = _print_traceback
    warnings.formatwarning = lambda message, category, *_: f"{log_line(f'{category.__name__}: {message}')}\n"
    make = logging.getLogRecordFactory()

    def record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        made = make(*args, **kwargs)
        try:
            made.msg, made.args = "\n".join(log_lines(made.getMessage())), ()
        except (TypeError, ValueError):
            made.msg, made.args = log_line(str(made.msg)), ()  # its arguments do not fit it
        return made

    logging.setLogRecordFactory(record)


def _print_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    lines = "".join(traceback.format_exception(kind, error, trace)).rstrip("\n").split("\n")
    if len(lines) > 2 * _TRACED:
        lines[_TRACED:-_TRACED] = [f"[… {len(lines) - 2 * _TRACED:,} lines …]"]
    _print(sys.stderr, *map(log_line, lines))


class _State:
    """How far some work is."""

    def __init__(self, stage: str, shards: int) -> None:
        self.stage, self.of = stage, shards
        self.shards = self.documents = 0
        self.begun = time.monotonic()
        self._failures = _failures

    def add(self, documents: int) -> None:
        self.shards += 1
        self.documents += documents

    def told(self) -> dict[str, Any]:
        """What is told of it, with the names that lines of JSON have."""
        seconds = time.monotonic() - self.begun
        return {
            "stage": self.stage,
            "shards": self.shards,
            "of": self.of,
            "documents": self.documents,
            "documents_per_second": round(self.documents / seconds, 1) if seconds else None,
            "seconds_left": round(seconds / self.shards * (self.of - self.shards), 1) if self.shards else None,
            "memory_bytes": _memory(),
            "failures": _failures - self._failures,
        }


def _logged(items: Iterable[Item], state: _State, documents: Callable[[Item], int]) -> Iterator[Item]:
    last = state.begun
    for item in items:
        state.add(documents(item))
        now = time.monotonic()
        if now - last >= _BETWEEN or state.shards == state.of:
            _print_json({"event": "progress", **state.told()})
            last = now
        yield item


def _shown(items: Iterable[Item], state: _State, documents: Callable[[Item], int]) -> Iterator[Item]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:<12}", markup=False),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} shards"),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as view:
        task = view.add_task(log_line(state.stage), total=state.of, told="")
        for item in items:
            state.add(documents(item))
            view.update(task, advance=1, told=_in_words(state.told()))
            yield item


def _in_words(told: Mapping[str, Any]) -> str:
    words = f"{told['documents_per_second'] or 0:,.0f} documents/s  {told['memory_bytes'] / 1e6:,.0f} MB"
    return f"{words}  {told['failures']} run again" if told["failures"] else words


def _memory() -> int:
    """Bytes in memory of this process and of those that it began."""
    import psutil

    this = psutil.Process()
    held = 0
    for process in (this, *this.children(recursive=True)):
        try:
            held += process.memory_info().rss
        except psutil.Error:
            continue  # it has ended
    return held


def _in_json() -> bool:
    return os.environ.get(LOG) == "json"


def _print_json(line: Mapping[str, Any]) -> None:
    _print(sys.stderr, json_line(line, ascii_only=True))


def _print(stream: TextIO, *lines: str) -> None:
    """Print lines that are escaped."""
    print(*lines, sep="\n", end="\n" if lines else "", file=stream, flush=True)


#: CPU seconds of this process by what they were spent on, while :func:`profiled` is asked to count them.
_spent: defaultdict[str, float] | None = None


@contextmanager
def profiled() -> Iterator[dict[str, float]]:
    """Count the CPU seconds that :func:`timed` blocks of this process take, by name; those of others are not seen."""
    global _spent  # noqa: PLW0603  (one process, one profile)
    _spent = defaultdict(float)
    try:
        yield _spent
    finally:
        _spent = None


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Count the CPU seconds of a block under a name, if someone wants to know."""
    if _spent is None:
        yield
        return
    begun = time.process_time()
    try:
        yield
    finally:
        _spent[name] += time.process_time() - begun


def print_profile(spent: Mapping[str, float], documents: int) -> None:
    """Print CPU seconds by stage, and for the rules of cleaning that took most; what was in the store took none."""
    stages = {name: seconds for name, seconds in spent.items() if " " not in name}
    rules = sorted(((seconds, name) for name, seconds in spent.items() if " " in name), reverse=True)
    total = sum(stages.values()) or 1.0
    lines = [*stages.items(), ("all", total), *((name, seconds) for seconds, name in rules[:10])]
    show(f"{'':32}{'CPU s':>9}{'share':>8}{'ms a document':>15}")
    for name, seconds in lines:
        show(f"{name:32}{seconds:9.2f}{seconds / total:8.1%}{1e3 * seconds / max(1, documents):15.3f}")
