"""The dataset card: YAML that ``datasets`` and the Hub read, and prose that people read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from copydesk.publishing.metrics import Metrics
from copydesk.tables import Table

_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))


class DataFile(NamedTuple):
    """A Parquet file of the dataset. ``size`` is in bytes, ``num_bytes`` that of its columns uncompressed."""

    path: str
    split: str
    sha256: str
    size: int
    rows: int
    num_bytes: int

    @classmethod
    def of(cls, file: Path, path: str, split: str, sha256: str, footer: pq.FileMetaData | None = None) -> DataFile:
        """Describe a file by its footer, which is read if it is not given."""
        footer = footer or pq.read_metadata(file)
        groups = (footer.row_group(i).total_byte_size for i in range(footer.num_row_groups))
        return cls(path, split, sha256, file.stat().st_size, footer.num_rows, sum(groups))


class Config(NamedTuple):
    """A table as a configuration of the dataset, with its files in order and the logical hash of each split."""

    table: Table
    files: list[DataFile]
    logical: Mapping[str, str] = MappingProxyType({})

    @property
    def name(self) -> str:
        """Name of the configuration."""
        return self.table.name

    @property
    def rows(self) -> int:
        """Rows in all files."""
        return sum(file.rows for file in self.files)

    @property
    def digest(self) -> str:
        """Hash of the files' hashes, in order: another for other rows."""
        return hashlib.sha256("".join(f"{f.split} {f.sha256}\n" for f in self.files).encode()).hexdigest()

    @property
    def splits(self) -> dict[str, int]:
        """Rows by split, in the order of the files."""
        rows: dict[str, int] = {}
        for file in self.files:
            rows[file.split] = rows.get(file.split, 0) + file.rows
        return rows


def front_matter(settings: dict[str, Any], configs: list[Config], metrics: Metrics) -> dict[str, Any]:
    """The YAML of the card."""
    documents = configs[0].rows
    size = next((name for limit, name in _SIZES if documents < limit), "n>10M")
    return {
        "pretty_name": settings["title"],
        "language": [code for code in metrics.languages if code != "unknown"],
        **_licence(metrics),
        "size_categories": [size],
        "task_categories": ["text-generation"],
        "configs": [
            {
                "config_name": config.name,
                # load_dataset caches a local folder by this entry alone: without these two lines it would go on
                # serving the rows of the version it saw first.
                "version": settings["version"],
                "description": f"content sha256:{config.digest}",
                "data_files": [
                    {"split": split, "path": f"data/{config.name}/{split}-*.parquet"} for split in config.splits
                ],
                **({"default": True} if config is configs[0] else {}),
            }
            for config in configs
        ],
        "dataset_info": [dataset_info(config) for config in configs],
    }


def dataset_info(config: Config) -> dict[str, Any]:
    """Features, counts and sizes of a configuration, as the card's ``dataset_info`` has them."""
    splits = [
        {
            "name": split,
            "num_bytes": sum(f.num_bytes for f in config.files if f.split == split),
            "num_examples": rows,
        }
        for split, rows in config.splits.items()
    ]
    return {
        "config_name": config.name,
        "features": yaml_features(config.table.arrow),
        "splits": splits,
        "download_size": sum(f.size for f in config.files),
        "dataset_size": sum(split["num_bytes"] for split in splits),
    }


def yaml_features(fields: pa.Schema | pa.StructType) -> list[dict[str, Any]]:
    """Columns in the notation of ``dataset_info`` (a test compares it with what ``datasets`` makes of it)."""
    return [{"name": field.name, **_yaml_type(field.type)} for field in fields]


def _yaml_type(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_list(kind):
        inner = _yaml_type(kind.value_type)
        return {"list": inner.get("dtype") or inner.get("struct") or inner}
    if pa.types.is_struct(kind):
        return {"struct": yaml_features(kind)}
    names = {pa.float64(): "float64", pa.bool_(): "bool"}
    return {"dtype": names.get(kind, str(kind))}


def _licence(metrics: Metrics) -> dict[str, Any]:
    names = list(metrics.licences)
    if any(name.startswith("LicenseRef-") or " " in name for name in names):
        return {"license": "other", "license_name": "unknown" if names == ["LicenseRef-unknown"] else "mixed"}
    return {"license": names[0].lower() if len(names) == 1 else [name.lower() for name in names]}


def render_card(settings: dict[str, Any], configs: list[Config], metrics: Metrics) -> str:
    """The card as a file: front matter, then prose."""
    matter = yaml.safe_dump(front_matter(settings, configs, metrics), sort_keys=False, allow_unicode=True, width=110)
    return f"---\n{matter}---\n\n{_prose(settings, configs, metrics)}"


def _prose(settings: dict[str, Any], configs: list[Config], metrics: Metrics) -> str:
    summary = metrics.summary
    sections = [
        f"# {' '.join(settings['title'].split())}",
        settings["summary"].strip(),
        f"{summary['documents']:,} documents, {summary['sentences']:,} sentences, {summary['words']:,} words, "
        f"{summary['characters']['clean']:,} characters of clean text ({summary['characters']['raw']:,} raw).",
        _HOW_TO_LOAD,
        "## Configurations\n\n" + "\n\n".join(_config_section(config) for config in configs),
        _HOW_IT_WAS_MADE,
        _counts_table("What cleaning did", "rule", "edits", summary["edits"]),
        _counts_table("What it suggests and did not do", "rule", "suggestions", summary["suggestions"]),
        _counts_table("What is marked for a reader", "flag", "places", summary["flags"]),
        _counts_table("Splits", "split", "documents", summary["splits"]) if len(summary["splits"]) > 1 else "",
        _counts_table("What repeats", "how", "documents", {k: n for k, n in summary["duplicates"].items() if n}),
        _counts_table("What was left out", "condition that did not hold", "documents", summary["dropped"]),
        _counts_table("Languages", "language", "documents", metrics.languages),
        _LIMITS,
        _counts_table("Rights", "licence", "documents", metrics.licences),
        _public(summary),
        _RIGHTS if metrics.licences.get("LicenseRef-unknown") else "",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _config_section(config: Config) -> str:
    rows = "".join(
        f"| `{c.name}` | {c.type}{' or null' if c.nullable else ''} | {_cell(c.description)} |\n"
        for c in config.table.columns
    )
    head = f"### {config.name}\n\n{config.table.schema['description']} {config.rows:,} rows.\n\n"
    return f"{head}| column | type | what it holds |\n|---|---|---|\n{rows}".rstrip()


def _counts_table(title: str, what: str, of: str, counts: dict[str, int]) -> str:
    if not counts:
        return ""
    rows = "".join(f"| {_cell(name)} | {count:,} |\n" for name, count in counts.items())
    return f"## {title}\n\n| {what} | {of} |\n|---|---|\n{rows}".rstrip()


def _public(summary: dict[str, Any]) -> str:
    held = summary["documents"] - summary["public"]
    if not held:
        return ""
    return (
        f"{held:,} of {summary['documents']:,} documents are not under a licence that `publish.allow` names: the "
        "column `public` is false for them, and a public release leaves them out."
    )


def _cell(text: str) -> str:
    """Text that cannot leave its cell of a Markdown table, nor become markup."""
    return "".join(f"\\{c}" if c in "|*_`<>[]\\#" else " " if c in "\r\n" else c for c in text)


_HOW_TO_LOAD = """\
## How to load it

```python
from datasets import load_dataset

documents = load_dataset("corpus", split="train")               # one row a document
sentences = load_dataset("corpus", "sentences", split="train")  # one row a sentence
```

`load_dataset` accepts `streaming=True`; the files under `data/` are plain Parquet for any other reader."""

_HOW_IT_WAS_MADE = """\
## How it was made

Each file was read without guessing its encoding; a file that could not be read so that its bytes come back was
refused and listed. The text was then cleaned by an ordered list of rules. Each change is an edit in the
configuration `edits`: applying the edits of a document to `raw.text` gives `documents.text`, undoing them on
`documents.text` gives `raw.text`, and `raw.text` in `raw.encoding`, behind its byte-order mark where it has one,
gives the bytes of the file. Sentences are spans of the clean text, and each has its span in the raw text too. Offsets
count Unicode code points and are half-open. What cannot be known, such as a word that was struck out, is marked
in `flags` and never invented."""

_LIMITS = """\
## Known limits

- The rules repair defects of form. They do not check facts, and they do not improve a machine translation.
- Repairs of the tier `probable` are what a careful editor would do; each says in `edits` how sure it is.
- The language is told by a statistical model from the beginning of a text; `language_score` says how surely.
- Near duplicates are told by an estimate: of pairs that share 85 % of their runs of five words nearly all are found.
- Signals of quality are those of the literature. They measure form, and nothing was left out for them unless a
  section above says so.
- The articles were written by people about people and events; names and claims stand as they were published."""

_RIGHTS = """\
The rights in documents marked LicenseRef-unknown are not known. They are here for work on the tool that made this
dataset; whoever wants to use them for anything else must settle the rights first."""
