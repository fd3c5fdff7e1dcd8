"""``croissant.json``: metadata of the dataset for machine-learning tools (Croissant 1.1 with its RAI vocabulary).

Everything follows from the schemas, the files and the settings; a test reads every configuration by it.
"""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from copydesk.dataset.card_metadata import Config
from copydesk.dataset.croissant_provenance import (
    NAMESPACES,
    equivalent_property,
    origin,
    origin_of_table,
    responsible_use,
    usage,
)
from copydesk.dataset.metrics import Metrics
from copydesk.tables.table import LABELS, SIGNATURES

NAME = "croissant.json"
_PARQUET = "application/x-parquet"  # the registered name validates, and the reference library cannot read it
_SPLITS = "splits"

_OWN = (
    *("arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field", "fileObject"),
    *("fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5"),
    *("parentField", "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate"),
    *("separator", "source", "subField", "transform"),
)
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    **NAMESPACES,
    **{name: f"cr:{name}" for name in _OWN},
}
#: Columns that identify a row; of other tables doc_id does.
KEYS = {
    "sentences": ("doc_id", "index"),
    "edits": ("doc_id", "index"),
    LABELS: ("label_id",),
    SIGNATURES: ("doc_id",),
}
_TYPES = {
    pa.string(): "sc:Text",
    pa.bool_(): "sc:Boolean",
    pa.float64(): "cr:Float64",
    pa.int32(): "cr:Int32",
    pa.int64(): "cr:Int64",
}


def render_croissant(settings: dict[str, Any], configs: list[Config], metrics: Metrics) -> str:
    """The description as a file; ``settings`` are the section ``corpus`` of params.yaml."""
    known = structure(configs)
    whole = {
        "@context": known["@context"],
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": settings["name"],
        "alternateName": " ".join(settings["title"].split()),
        "description": settings["summary"].strip() or " ".join(settings["title"].split()),
        "version": settings["version"],
        "license": [_license(name) for name in metrics.licenses],
        "keywords": ["news", "articles", "text", "reversible cleaning"],
        **_known(settings, metrics),
        **origin(settings, metrics),
        **usage(metrics),
        **responsible_use(metrics),
        **{name: value for name, value in known.items() if name != "@context"},
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def structure(configs: list[Config]) -> dict[str, Any]:
    """What decides how the dataset is read: it follows from schemas and files alone."""
    splits = sorted({split for config in configs for split in config.splits})
    return {
        "@context": dict(sorted(_CONTEXT.items())),
        "distribution": [entry for config in configs for entry in _distribution(config)],
        "recordSet": [_split_set(splits), *(_record_set(config, splits) for config in configs)],
    }


def cite_as(settings: dict[str, Any]) -> str:
    """How to cite the dataset, as BibTeX."""
    fields = {
        "title": " ".join(settings["title"].split()),
        "author": " and ".join(f"{{{_plain(name)}}}" for name in settings["creators"]),
        "publisher": settings["publisher"] or "",
        "year": (settings["date"] or "")[:4],
        "version": settings["version"],
        "url": settings["url"] or "",
    }
    known = (f"{name} = {{{v if name == 'author' else _plain(v)}}}" for name, v in fields.items() if v)
    return f"@misc{{{settings['name']}, {', '.join(known)}}}"


def _plain(text: str) -> str:
    return "".join(c for c in text if c not in "{}\\" and c.isprintable())


def _known(settings: dict[str, Any], metrics: Metrics) -> dict[str, Any]:
    """Languages, and creators, publisher, date and address from params.yaml; never the current time."""
    publisher = settings["publisher"]
    entries = {
        "inLanguage": [code for code in metrics.languages if code != "unknown"],
        "creator": [{"@type": "sc:Organization", "name": name} for name in settings["creators"]],
        "publisher": [{"@type": "sc:Organization", "name": publisher}] if publisher else [],
        "url": settings["url"],
        "datePublished": settings["date"],
        "citeAs": cite_as(settings),
    }
    return {name: value for name, value in entries.items() if value}


def _license(name: str) -> str:
    """An SPDX license as the address of its text; what is not on the list as it stands."""
    listed = " " not in name and not name.startswith("LicenseRef-")
    return f"https://spdx.org/licenses/{name}.html" if listed else name


def _distribution(config: Config) -> list[dict[str, Any]]:
    files = [
        {
            "@type": "cr:FileObject",
            "@id": file.path,
            "name": file.path.rpartition("/")[2],
            "contentUrl": file.path,
            "contentSize": f"{file.size} B",
            "encodingFormat": _PARQUET,
            "sha256": file.sha256,
        }
        for file in config.files
    ]
    # Not containedIn the files above: the reference library could not read such a set from a folder.
    together = {
        "@type": "cr:FileSet",
        "@id": f"{config.name}-files",
        "name": f"{config.name}-files",
        "description": f"The Parquet files of the table {config.name}.",
        "encodingFormat": _PARQUET,
        "includes": f"data/{config.name}/*.parquet",
    }
    return [*files, together]


def _split_set(splits: list[str]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": _SPLITS,
        "name": _SPLITS,
        "description": "The splits that the tables have.",
        "dataType": "cr:Split",
        "key": {"@id": f"{_SPLITS}/name"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{_SPLITS}/name",
                "name": "name",
                "description": "Name of the split.",
                "dataType": "sc:Text",
            }
        ],
        "data": [{f"{_SPLITS}/name": split} for split in splits],
    }


def _record_set(config: Config, splits: list[str]) -> dict[str, Any]:
    name = config.name
    descriptions = {column.name: column.description for column in config.table.columns}
    fields = [_field(name, field, (field.name,), descriptions[field.name]) for field in config.table.arrow]
    # Readers choose files by this field, and cannot choose by the column split. No other field refers to a record
    # set: the reference library joins the tables, and then fails on the second that is read with one object.
    of_file = {
        "@type": "cr:Field",
        "@id": f"{name}/file_split",
        "name": "file_split",
        "description": "Split that the row belongs to, by the name of its file.",
        "dataType": "sc:Text",
        "references": {"field": {"@id": f"{_SPLITS}/name"}},
        "source": {
            "fileSet": {"@id": f"{name}-files"},
            "extract": {"fileProperty": "fullpath"},
            # A filter makes glob patterns of it, which know .+ and (?:...)? and no classes of characters. It matches
            # a bare name too, because the reference library applies it again to what it found.
            "transform": {"regex": rf"(?:data/{name}/)?({'|'.join(splits)})(?:-.+parquet)?$"},
        },
    }
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": config.table.schema["description"],
        **origin_of_table(name),
        "key": [{"@id": f"{name}/{column}"} for column in KEYS.get(name, ("doc_id",))],
        "field": [*fields, of_file],
    }


def _field(name: str, field: pa.Field, path: tuple[str, ...], description: str) -> dict[str, Any]:
    """A column as a field, or a field of a struct in one, by its path."""
    many = pa.types.is_list(field.type)
    inner = field.type.value_type if many else field.type
    made = {
        "@type": "cr:Field",
        "@id": "/".join((name, *path)),
        "name": field.name,
        "description": description,
        **({"isArray": True, "arrayShape": "-1"} if many else {}),
        **equivalent_property("/".join((name, *path))),
    }
    if pa.types.is_struct(inner):
        parts = (_field(name, part, (*path, part.name), f"{part.name} of {field.name}") for part in inner)
        made["subField"] = list(parts)
    else:
        made["dataType"] = _TYPES[inner]
    made["source"] = {"fileSet": {"@id": f"{name}-files"}, "extract": {"column": path[0]}}
    if len(path) > 1:
        made["source"]["transform"] = {"jsonPath": ".".join(path[1:])}
    return made
