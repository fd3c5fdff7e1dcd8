"""A release as CycloneDX 1.6: a component of the type ``data``, with its files as components of their own."""

from __future__ import annotations

from typing import Any

from copydesk._version import __version__
from copydesk.proofs.release_facts import ReleaseFacts


def cyclonedx(facts: ReleaseFacts) -> dict[str, Any]:
    """Make the document."""
    reference = f"urn:copydesk:{facts.identifier('dataset')}"
    files = [
        {
            "type": "file",
            "bom-ref": f"urn:copydesk:{facts.identifier(path)}",
            "name": path,
            "hashes": [{"alg": "SHA-256", "content": file.sha256}],
        }
        for path, file in facts.files.items()
    ]
    properties = [("copydesk:size", facts.size), *(("copydesk:language", name) for name in facts.languages)]
    for name, table in facts.tables.items():
        properties += [(f"copydesk:rows:{name}", table["rows"])]
        properties += [(f"copydesk:logicalHash:{name}", table["logical_sha256"])]
    properties += [(f"copydesk:license:{name}", count) for name, count in sorted(facts.licenses.items())]
    component: dict[str, Any] = {
        "type": "data",
        "bom-ref": reference,
        "name": facts.corpus["name"],
        "version": facts.version,
        "description": " ".join(f"{facts.title}. {facts.corpus['summary']}".split()),
        "authors": [{"name": name} for name in facts.creators],
        "licenses": [{"expression": facts.license}],
        "data": [{"type": "dataset", "name": facts.corpus["name"], "description": facts.title}],
        "properties": [{"name": name, "value": str(value)} for name, value in properties],
    }
    if facts.corpus["publisher"]:
        component["publisher"] = facts.corpus["publisher"]
        component["data"][0]["governance"] = {"custodians": [{"organization": {"name": facts.corpus["publisher"]}}]}
    if facts.corpus["url"]:
        component["externalReferences"] = [{"type": "distribution", "url": facts.corpus["url"]}]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{facts.identifier('cyclonedx')}",
        "version": 1,
        "metadata": {
            "timestamp": facts.moment,
            "tools": {"components": [{"type": "application", "name": "copydesk", "version": __version__}]},
            "component": component,
        },
        "components": files,
        "dependencies": [
            {"ref": reference, "dependsOn": [file["bom-ref"] for file in files]},
            *({"ref": file["bom-ref"]} for file in files),
        ],
    }
