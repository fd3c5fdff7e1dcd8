"""Output of commands: results, messages, errors, and the progress and CPU time of long work.

No other module of this package prints; a test holds that. So all output is escaped here, see ``escaping``.
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
from copydesk.core.plural import plural

Item = TypeVar("Item")

#: Environment variable. With the value ``json``, messages and progress are lines of JSON.
LOG = "COPYDESK_LOG"
#: Seconds between two lines of JSON about the progress of one stage.
_INTERVAL = 1.0
_TRACED = 100  # lines at each end of a traceback

#: Shards to run again, of all stages.
_failures = 0


def count_failures(count: int) -> None:
    """Count shards that must run again because the process that ran them was killed."""
    global _failures  # noqa: PLW0603  (one process, one count)
    _failures += count


def track(
    items: Iterable[Item],
    count: int,
    label: str,
    total: int,
    rest: str = "cached",
    *,
    documents: Callable[[Item], int] = lambda _: 0,
    noun: str = "shard",
) -> Iterator[Item]:
    """Yield the items and show the progress; at the end, print ``clean: 3 shards, 1 computed, 2 cached``.

    Parameters
    ----------
    items : iterable
        Results of shards, in order.
    count : int
        The number of items.
    label : str
        Name of the stage.
    total : int
        The number of shards, cached ones included.
    rest : str
        How to call the shards that were not computed.
    documents : callable
        Returns the number of documents in an item.
    noun : str
        What an item is, in the singular.
    """
    state = _Progress(label, count)
    if count and _in_json():
        yield from _logged(items, state, documents)
    elif count and sys.stderr.isatty():
        yield from _shown(items, state, documents)
    else:
        yield from items
    say(f"{label}: {plural(total, noun)}, {count:,} computed, {total - count:,} {rest}")


def say(message: str) -> None:
    """Print a message to the user on standard error."""
    if _in_json():
        _print_json({"event": "message", "message": shortened(message)})
    else:
        _print(sys.stderr, log_line(message))


def fail(message: str) -> None:
    """Print the error that ends a command; a message may have several lines."""
    if _in_json():
        _print_json({"event": "error", "message": shortened(message)})
    else:
        _print(sys.stderr, *log_lines(message))


def show(*lines: str) -> None:
    """Print lines of a result."""
    _print(sys.stdout, *map(log_line, lines))


def show_json(value: Any) -> None:
    """Print a result as indented JSON."""
    encoding = (sys.stdout.encoding or "").lower()
    _print(sys.stdout, json_line(value, indent=2, ascii_only=not encoding.startswith("utf")))


def show_text(text: str, *, raw: bool = False) -> None:
    """Print a text and a line feed. A ``raw`` text is not escaped when the output is a file or a pipe."""
    if not raw or sys.stdout.isatty():
        _print(sys.stdout, *text_lines(text))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(f"{text}\n".encode())
        sys.stdout.buffer.flush()


def draw(*shown: Any, width: int | None = None, errors: bool = False) -> None:
    """Print texts and tables of rich; markup in strings is not interpreted. ``width`` applies outside a terminal."""
    from rich.console import Console
    from rich.text import Text

    class Plain(Console):
        def render(self, *given: Any, **more: Any) -> Iterator[Any]:
            """Escape control characters before colours are added, even if the maker of a table did not."""
            return (
                part if part.control else part._replace(text=plain_text(part.text))
                for part in super().render(*given, **more)
            )

    stream = sys.stderr if errors else sys.stdout
    console = Plain(file=stream, markup=False, emoji=False, highlight=False)
    if width is not None and not console.is_terminal:
        console.width = width
    with console.capture() as captured:
        for renderable in shown:
            # A wrapped text could have a line that begins with a command to a CI host.
            console.print(renderable, soft_wrap=isinstance(renderable, Text))
    _print(stream, *map(coloured_line, captured.get().removesuffix("\n").split("\n")))


def guard() -> None:
    """Escape what Python and libraries print themselves in this process: warnings, logs, tracebacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.excepthook = _print_traceback
    warnings.formatwarning = lambda message, category, *_: f"{log_line(f'{category.__name__}: {message}')}\n"
    make = logging.getLogRecordFactory()

    def record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        escaped = make(*args, **kwargs)
        try:
            escaped.msg, escaped.args = "\n".join(log_lines(escaped.getMessage())), ()
        except (TypeError, ValueError):
            escaped.msg, escaped.args = log_line(str(escaped.msg)), ()  # the arguments do not fit the message
        return escaped

    logging.setLogRecordFactory(record)


def _print_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    lines = "".join(traceback.format_exception(kind, error, trace)).rstrip("\n").split("\n")
    if len(lines) > 2 * _TRACED:
        lines[_TRACED:-_TRACED] = [f"[… {len(lines) - 2 * _TRACED:,} lines …]"]
    _print(sys.stderr, *map(log_line, lines))


class _Progress:
    """The progress of one stage."""

    def __init__(self, stage: str, shards: int) -> None:
        self.stage, self.of = stage, shards
        self.shards = self.documents = 0
        self.start = time.monotonic()
        self._failures = _failures

    def add(self, documents: int) -> None:
        self.shards += 1
        self.documents += documents

    def figures(self) -> dict[str, Any]:
        """Return the figures to show, under their names in lines of JSON."""
        seconds = time.monotonic() - self.start
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


def _logged(items: Iterable[Item], state: _Progress, documents: Callable[[Item], int]) -> Iterator[Item]:
    last = state.start
    for item in items:
        state.add(documents(item))
        now = time.monotonic()
        if now - last >= _INTERVAL or state.shards == state.of:
            _print_json({"event": "progress", **state.figures()})
            last = now
        yield item


def _shown(items: Iterable[Item], state: _Progress, documents: Callable[[Item], int]) -> Iterator[Item]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:<12}", markup=False),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} shards"),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as view:
        task = view.add_task(log_line(state.stage), total=state.of, figures="")
        for item in items:
            state.add(documents(item))
            view.update(task, advance=1, figures=_in_words(state.figures()))
            yield item


def _in_words(figures: Mapping[str, Any]) -> str:
    words = f"{figures['documents_per_second'] or 0:,.0f} documents/s  {figures['memory_bytes'] / 1e6:,.0f} MB"
    return f"{words}  {figures['failures']} run again" if figures["failures"] else words


def _memory() -> int:
    """Return the resident memory of this process and its descendants, in bytes."""
    import psutil

    this = psutil.Process()
    resident = 0
    for process in (this, *this.children(recursive=True)):
        try:
            resident += process.memory_info().rss
        except psutil.Error:
            continue  # the process has ended
    return resident


def _in_json() -> bool:
    return os.environ.get(LOG) == "json"


def _print_json(line: Mapping[str, Any]) -> None:
    _print(sys.stderr, json_line(line, ascii_only=True))


def _print(stream: TextIO, *lines: str) -> None:
    """Print lines that are already escaped."""
    print(*lines, sep="\n", end="\n" if lines else "", file=stream, flush=True)


#: CPU seconds of this process by name, inside a :func:`profiled` block.
_spent: defaultdict[str, float] | None = None


@contextmanager
def profiled() -> Iterator[dict[str, float]]:
    """Count the CPU seconds of :func:`timed` blocks by name, in this process only."""
    global _spent  # noqa: PLW0603  (one process, one profile)
    _spent = defaultdict(float)
    try:
        yield _spent
    finally:
        _spent = None


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Count the CPU seconds of a block under a name, inside a :func:`profiled` block."""
    if _spent is None:
        yield
        return
    start = time.process_time()
    try:
        yield
    finally:
        _spent[name] += time.process_time() - start


def print_profile(spent: Mapping[str, float], documents: int) -> None:
    """Print CPU seconds by stage and of the slowest cleaning rules. Cached shards take none."""
    stages = {name: seconds for name, seconds in spent.items() if " " not in name}
    rules = sorted(((seconds, name) for name, seconds in spent.items() if " " in name), reverse=True)
    total = sum(stages.values()) or 1.0
    lines = [*stages.items(), ("all", total), *((name, seconds) for seconds, name in rules[:10])]
    show(f"{'':32}{'CPU s':>9}{'share':>8}{'ms a document':>15}")
    for name, seconds in lines:
        show(f"{name:32}{seconds:9.2f}{seconds / total:8.1%}{1e3 * seconds / max(1, documents):15.3f}")
