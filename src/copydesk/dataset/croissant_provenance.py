"""Where a dataset came from, on which terms, and how it was made: PROV-O, ``usageInfo`` and RAI for Croissant.

Only what the rows, the settings and the pinned libraries say. What is not known, such as when the pages were scraped,
is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from copydesk.core.plural import plural
from copydesk.dataset.license_file import NAME as LICENSE
from copydesk.dataset.manifest import libraries_of
from copydesk.dataset.metrics import Metrics
from copydesk.tables.table import LABELS, SIGNATURES

NAMESPACES = {"prov": "http://www.w3.org/ns/prov#"}
_MOST = 20  # sources, licenses and rules that are named
_LABELLED = "the record set labels has labels kept with the sources, and who made each where that is known."
#: The table that the rows of a table were made from, and how.
_MADE_FROM = {
    "documents": ("raw", "Clean, describe and deduplicate"),
    "sentences": ("documents", "Split into sentences"),
    "edits": ("raw", "Clean"),
    LABELS: ("documents", "Carry labels to the texts"),
    SIGNATURES: ("documents", "Compute MinHash signatures"),
}
#: Columns that say of a row what a property of another vocabulary says.
_EQUIVALENT = {
    "documents/title": "sc:headline",
    "documents/byline": "sc:author",
    "documents/publisher": "sc:publisher",
    "documents/url": "prov:hadPrimarySource",
    "documents/published": "sc:datePublished",
    "documents/license": "sc:license",
    "documents/language": "sc:inLanguage",
    "raw/sha256": "sc:sha256",
    f"{LABELS}/by": "prov:wasAttributedTo",
}


def equivalent_property(field: str) -> dict[str, str]:
    """The property that a field, given by its id, is equivalent to, as an entry of it."""
    return {"equivalentProperty": _EQUIVALENT[field]} if field in _EQUIVALENT else {}


def origin(settings: Mapping[str, Any], metrics: Metrics) -> dict[str, Any]:
    """The sources of the dataset, and the build that made it; ``settings`` are the section ``corpus``."""
    commit = settings["commit"]
    seeds = f" from the seeds of git commit {commit}" if commit else ""
    software = ["copydesk", *(f"{name} {version}" for name, version in _libraries(metrics).items())]
    sources = [
        {"@type": "prov:Entity", "prov:label": f"{name} ({plural(count, 'document')})"}
        for name, count in _first(metrics.sources)
        if name != "unknown"
    ]
    return {
        **({"prov:wasDerivedFrom": sources} if sources else {}),
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "prov:label": f"Build of version {settings['version']}{seeds}",
            "prov:wasAssociatedWith": [{"@type": "prov:SoftwareAgent", "prov:label": name} for name in software],
        },
    }


def origin_of_table(name: str) -> dict[str, Any]:
    """The table that the rows of a table were made from, and how; nothing for files as delivered."""
    if name not in _MADE_FROM:
        return {}
    made_from, how = _MADE_FROM[name]
    return {
        "prov:wasDerivedFrom": {"@id": made_from},
        "prov:wasGeneratedBy": {"@type": "prov:Activity", "prov:label": how},
    }


def usage(metrics: Metrics) -> dict[str, Any]:
    """The terms of use: the licenses of the documents, and what their pages say of text and data mining."""
    licenses = ", ".join(f"{name} ({count})" for name, count in _first(metrics.licenses))
    documents, public = metrics.summary["documents"], metrics.summary["public"]
    terms = [
        {
            "@type": "sc:CreativeWork",
            "name": "Licenses of the texts",
            "text": f"By number of documents: {licenses}. The field documents/license has the license of each "
            f"document; documents/public is true for {public} of {documents}.",
            "url": LICENSE,
        }
    ]
    if metrics.rights:
        statements = ", ".join(f"{name} ({count})" for name, count in _first(metrics.rights))
        terms.append(
            {
                "@type": "sc:CreativeWork",
                "name": "Statements on text and data mining",
                "text": f"Pages, or the headers of their responses, say: {statements}. The field documents/rights "
                "has the statements about each document.",
            }
        )
    return {"usageInfo": terms}


def responsible_use(metrics: Metrics) -> dict[str, Any]:
    """The RAI vocabulary: how the data was collected and processed, and its limitations."""
    summary = metrics.summary
    sources = ", ".join(f"{name} ({count})" for name, count in _first(metrics.sources))
    masked = sum(count for rule, count in summary["edits"].items() if rule.startswith("mask-"))
    edits = ", ".join(f"{rule} ({count})" for rule, count in _first(summary["edits"]))
    libraries = _libraries(metrics)
    return {
        "rai:dataCollection": (
            f"{plural(summary['documents'], 'scraped article')}, kept byte for byte in the table raw. "
            f"By source: {sources}."
        ),
        "rai:dataCollectionType": ["Web Scraping"],
        "rai:dataCollectionRawData": "The table raw has the texts and hashes of the files as delivered.",
        "rai:dataCollectionMissingData": (
            f"{plural(sum(summary['dropped'].values()), 'document')} dropped on purpose; manifest.json lists each "
            "with the reason. Unknown metadata is null."
        ),
        "rai:dataImputationProtocol": "No value is imputed.",
        "rai:dataPreprocessingProtocol": [
            "Texts are cleaned by an ordered list of rules; every change is a row of the table edits and can be "
            "undone. Sentences are spans of the clean text. Exact duplicates and near-duplicates are marked."
        ],
        "rai:dataManipulationProtocol": f"Edits by rule: {edits}." if edits else "No text was changed.",
        "rai:dataAnnotationProtocol": [
            "Language, quality signals, flags and duplicates are computed; "
            + (_LABELLED if summary.get("labels") else "no person annotated the texts.")
        ],
        "rai:machineAnnotationTools": [
            "copydesk: sentences, quality signals and flags",
            f"pycld2 {libraries['pycld2']}: languages",
            f"rensa {libraries['rensa']}: near-duplicates",
        ],
        "rai:dataUseCases": [
            "Training and evaluation of language models",
            "Research on text cleaning and segmentation",
        ],
        "rai:dataLimitations": [
            "The rules repair defects of form; they do not check facts and do not improve translations.",
            "Languages are identified by a statistical model; near-duplicates are estimated with MinHash.",
        ],
        "rai:dataBiases": [
            "Topics, outlets, places and dates are those of the scraped pages; the card has the numbers of documents "
            "by language and source."
        ],
        "rai:personalSensitiveInformation": [
            "Names of persons appear as published. E-mail addresses, telephone numbers and public IP addresses are "
            f"flagged; {masked} of them are masked."
        ],
        "rai:dataReleaseMaintenancePlan": (
            "The version number follows from the data: PATCH for the same data in other files, MINOR for additions "
            "only, MAJOR if anything was changed or removed. A document that is taken down is missing from the next "
            "release."
        ),
    }


def _libraries(metrics: Metrics) -> dict[str, str | None]:
    return libraries_of(metrics.summary["edits"])


def _first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The most frequent names with their counts."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST]
