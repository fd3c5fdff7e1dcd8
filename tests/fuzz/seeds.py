"""Where fuzzing begins: small inputs for each target, made of the articles in seeds/ and of the corpus they become."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from functools import cache

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.cleaning.plan import DETECTORS, RULES
from copydesk.core.config import check_params
from copydesk.tables.parquet import read_parquet
from fuzz.corpora import dataset
from fuzz.deliveries import archives, books, feeds, news_in_json
from fuzz.outputs import HOSTILE
from support import HARD, ROOT

#: What gets out of a page that does not escape: of text, attributes, scripts, comments.
MARKUP = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' autofocus onfocus=alert(1) x='",
    "<!--",
    "-->",
    "]]>",
    "</title></style></textarea>",
    "javascript:alert(1)",
    "https://example.org/?a=1&b=<c>",
    "&lt;&#60;&amp;lt;",
    "\u202e\u2066\u200b\x00\x1b[31m",
)


@cache
def passages() -> list[str]:
    """Pieces of the articles, and what each rule repairs and leaves, each a few hundred characters at most."""
    pieces = []
    for path in sorted((ROOT / "seeds").glob("*.txt")):
        text = path.read_text("utf-8")
        pieces += [text[start : start + 400] for start in range(0, len(text), 400)]
    examples = [text for rule in RULES for text in (*rule.repairs, rule.leaves)]
    return [*pieces, *examples, *(text for found in DETECTORS for text in (found.marks, found.leaves)), HARD]


def _texts() -> list[bytes]:
    marked = [text.encode(encoding) for text in passages()[:5] for encoding in ("utf-8-sig", "utf-16", "utf-32")]
    return [*(text.encode() for text in passages()), *marked, "Слово".encode("cp1251"), "中文".encode("gb18030")]


def _json_lines() -> list[bytes]:
    known = {"title": "A", "byline": "B", "url": "https://example.org/", "published": "2026-01-02"}
    rows = [json.dumps({"id": f"d{n}", "text": text, **known}).encode() for n, text in enumerate(passages())]
    strange = [
        b'{"id": 12345678901234567890123, "text": "x"}',
        b'{"id": "a", "id": "b", "text": "x"}',
        b'{"id": 1e400, "text": "\\ud83d\\ude00 \\ud83d"}',
        b'\xef\xbb\xbf{"text": "x", "title": null, "source": 5}',
        b"[[[[[[]]]]]]",
    ]
    return [*rows, b"\n".join(rows[:4]), *strange]


def _commas() -> list[bytes]:
    texts = [text.replace('"', '""') for text in passages()]
    whole = "".join(f'd{number},"{text}",Title\r\n' for number, text in enumerate(texts[:5]))
    return [
        f"id,text,title\r\n{whole}".encode(),
        *(f'text\n"{text}"'.encode() for text in texts[:20]),
        b"id,text\na,b",
    ]


def _parquets() -> list[bytes]:
    rows = pa.table({"id": ["a", "b", None], "text": passages()[:3], "title": ["x", None, "y"]})
    kinds = [
        rows,
        rows.set_column(1, "text", rows["text"].dictionary_encode()),
        rows.set_column(1, "text", rows["text"].cast(pa.large_string())),
        rows.append_column("published", pa.array([0, 1, 2], pa.timestamp("us", "UTC"))),
        rows.append_column("url", pa.array([[{"a": 1}], [], None])),
    ]
    made = []
    for table in kinds:
        for settings in ({"compression": "none", "use_dictionary": False}, {"compression": "zstd"}):
            sink = io.BytesIO()
            pq.write_table(table, sink, **settings)
            made.append(sink.getvalue())
    return made


def _packed() -> list[bytes]:
    plain = [*_json_lines()[-6:], *_commas()[:2]]
    return [*plain, *(gzip.compress(data, mtime=0) for data in plain), gzip.compress(bytes(100_000), mtime=0)]


def _values() -> list[bytes]:
    rows = [row for table in ("documents", "edits") for row in _first_rows(table)]
    plain = [*rows, {"doc_id": "a", "url": "https://example.org/"}, check_params({}), 2**53 + 1, [], "x", None]
    return [json.dumps(value).encode() for value in plain]


def _first_rows(table: str) -> list[object]:
    path = next((dataset().corpus / "data" / table).glob("*.parquet"))
    return list(read_parquet(path).slice(0, 2).to_pylist())


def _files() -> list[bytes]:
    files = sorted(p for p in dataset().corpus.rglob("*") if p.is_file() and p.suffix != ".svg")
    return [bytes([number]) + path.read_bytes() for number, path in enumerate(files)]


def _cells() -> list[bytes]:
    return [
        bytes([table, column, column % 3, column % 7, *b"ab\xff\x7f"]) for table in range(4) for column in range(9)
    ]


def _pages() -> list[bytes]:
    hostile = "".join(text[:300] for text in HOSTILE).encode("utf-8", "replace").decode()
    fields = ["\x1e".join([text, *MARKUP[:9]]) for text in (hostile, *passages()[:10])]
    return [text.encode() for text in [*fields, *MARKUP, "\x1e".join(MARKUP * 2)]]


def _settings() -> list[bytes]:
    """Settings as they are, and what YAML makes of texts that look like something else."""
    strange = "2024-01-05 ~ no .inf !!set [a] {1: 2} &a *a '<<' 0x1F 12:30:00".split(" ")
    lines = [f"corpus: {{title: {value}}}".encode() for value in strange]
    return [(ROOT / "params.yaml").read_bytes(), *lines]


def _definitions() -> list[bytes]:
    """Schemas of tables, each on one line."""
    folder = ROOT / "schemas"
    return [json.dumps(json.loads(path.read_bytes())).encode() for path in sorted(folder.glob("*s.schema.json"))]


_OF: dict[str, Callable[[], list[bytes]]] = {
    "text": _texts,
    "jsonl": _json_lines,
    "csv": _commas,
    "parquet": _parquets,
    "compressed": _packed,
    "archive": lambda: archives(passages()),
    "feed": lambda: feeds(passages()),
    "ninjs": lambda: news_in_json(passages()),
    "book": lambda: books(passages()),
    "cleaner": _texts,
    "splitter": lambda: [bytes([number % 10]) + text for number, text in enumerate(_texts())],
    "schema": _values,
    "settings": _settings,
    "definition": _definitions,
    "validator": _files,
    "cell": _cells,
    "page": _pages,
    "outputs": lambda: [text[:1_000].encode("utf-8", "surrogatepass") for text in HOSTILE],
}


def seeds_of(target: str) -> list[bytes]:
    """Inputs to begin with."""
    return _OF[target]()


def words() -> list[bytes]:
    """What to put into inputs: characters that are hard on everything, and markup."""
    return [*(character.encode() for character in dict.fromkeys(HARD)), *(text.encode() for text in MARKUP)]
