"""A release as SPDX 3.0.1: a ``DatasetPackage`` with its files, in JSON-LD.

As the profile Dataset asks: one declared and one concluded license, an originator, a location, times of build and
release. No license is concluded: nobody has judged what the documents state.
"""

from __future__ import annotations

from typing import Any

from copydesk.proofs.release_facts import ReleaseFacts

VERSION = "3.0.1"
CONTEXT = f"https://spdx.org/rdf/{VERSION}/spdx-context.jsonld"
NO_ASSERTION = f"https://spdx.org/rdf/{VERSION}/terms/Core/NoAssertion"
_INFO = "_:creationinfo"


def spdx(facts: ReleaseFacts) -> dict[str, Any]:
    """Make the document."""
    base = f"urn:uuid:{facts.identifier()}#"

    def element(kind: str, fragment: str, **values: Any) -> dict[str, Any]:
        return {"type": kind, "spdxId": f"{base}{fragment}", "creationInfo": _INFO, **values}

    def relationship(fragment: str, kind: str, start: dict[str, Any], *ends: str) -> dict[str, Any]:
        return element("Relationship", fragment, relationshipType=kind, to=list(ends), **{"from": start["spdxId"]})

    agents = [element("Agent", f"creator-{n}", name=name) for n, name in enumerate(facts.creators, start=1)]
    tool = element("Tool", "copydesk", name="copydesk")
    files = [
        element("software_File", f"file-{n}", name=path, verifiedUsing=[_hash(file.sha256)])
        for n, (path, file) in enumerate(facts.files.items(), start=1)
    ]
    package = element(
        "dataset_DatasetPackage",
        "dataset",
        name=facts.corpus["name"],
        summary=facts.title,
        software_packageVersion=facts.version,
        software_primaryPurpose="data",
        software_downloadLocation=facts.corpus["url"] or NO_ASSERTION,
        originatedBy=[agent["spdxId"] for agent in agents[:1]],
        builtTime=facts.moment,
        releaseTime=facts.moment,
        dataset_datasetType=["text"],
        dataset_datasetSize=facts.size,
        dataset_dataPreprocessing=[f"copydesk clean: rules of the tiers {', '.join(facts.rules) or 'none'}"],
        dataset_hasSensitivePersonalInformation="noAssertion",
    )
    declared = element(
        "simplelicensing_LicenseExpression", "license", simplelicensing_licenseExpression=facts.license
    )
    elements = [
        *agents,
        tool,
        package,
        *files,
        declared,
        relationship("contains", "contains", package, *(file["spdxId"] for file in files)),
        relationship("declared", "hasDeclaredLicense", package, declared["spdxId"]),
        relationship("concluded", "hasConcludedLicense", package, NO_ASSERTION),
    ]
    document = element(
        "SpdxDocument",
        "document",
        profileConformance=["core", "software", "simpleLicensing", "dataset"],
        rootElement=[package["spdxId"]],
        element=[entry["spdxId"] for entry in elements],
    )
    info = {
        "type": "CreationInfo",
        "@id": _INFO,
        "specVersion": VERSION,
        "created": facts.moment,
        "createdBy": [agents[0]["spdxId"]],
        "createdUsing": [tool["spdxId"]],
    }
    return {"@context": CONTEXT, "@graph": [info, document, *elements]}


def _hash(sha256: str) -> dict[str, str]:
    return {"type": "Hash", "algorithm": "sha256", "hashValue": sha256}
