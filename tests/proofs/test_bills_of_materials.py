"""Bills of materials of a release: valid by their own schemas, and what they say is what the manifest says."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from typer.testing import CliRunner

from copydesk.cli import app
from copydesk.dataset.manifest import read_manifest
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.proofs.cyclonedx import cyclonedx
from copydesk.proofs.release_facts import ReleaseFacts, release_facts
from copydesk.proofs.spdx import spdx
from stated_releases import Stated
from support import ROOT

#: Where make formats installs the libraries of these formats.
SITE = ROOT / "build" / "formats"


@pytest.fixture(scope="module")
def facts(stated: Stated) -> ReleaseFacts:
    return release_facts(Project.open(stated.root))


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The libraries of the formats, from their own folder, behind everything that is installed."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(SITE)])


def with_everything(facts: ReleaseFacts) -> ReleaseFacts:
    corpus = {
        **facts.corpus,
        "url": "https://example.org/corpus",
        "publisher": "The desk",
        "creators": ["A. Person", "An organisation"],
        "summary": "Two\nlines.",
    }
    return facts._replace(corpus=corpus, licenses={"MIT": 2, "CC0-1.0 OR MIT": 1, "LicenseRef-unknown": 1})


def files_of(document: dict[str, Any], kind: str) -> dict[str, str]:
    if kind == "spdx":
        listed = [element for element in document["@graph"] if element["type"] == "software_File"]
        return {file["name"]: file["verifiedUsing"][0]["hashValue"] for file in listed}
    return {file["name"]: file["hashes"][0]["content"] for file in document["components"]}


@pytest.mark.parametrize("change", [lambda f: f, with_everything], ids=["plain", "everything"])
def test_cyclonedx_is_valid(facts: ReleaseFacts, change: Any) -> None:
    document = cyclonedx(change(facts))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document)) is None
    wrong = {**document, "metadata": {**document["metadata"], "component": {"type": "dataset", "name": "x"}}}
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(wrong)) is not None


@pytest.mark.parametrize("change", [lambda f: f, with_everything], ids=["plain", "everything"])
def test_spdx_is_valid(facts: ReleaseFacts, change: Any, others: None) -> None:
    bindings = pytest.importorskip("spdx_python_model.bindings.v3_0_1", reason="make formats installs it")
    document = spdx(change(facts))

    def read(document: dict[str, Any]) -> Any:
        objects = bindings.SHACLObjectSet()
        bindings.JSONLDDeserializer().read(io.BytesIO(json.dumps(document).encode()), objects)
        return objects

    objects = read(document)
    (package,) = objects.foreach_type(bindings.dataset_DatasetPackage)
    assert package.software_packageVersion == "1.0.0" and package.dataset_datasetSize == facts.size
    assert list(package.dataset_datasetType) == [bindings.dataset_DatasetType.text]
    licenses = {bindings.RelationshipType.hasDeclaredLicense, bindings.RelationshipType.hasConcludedLicense}
    of_package = [r.relationshipType for r in objects.foreach_type(bindings.Relationship) if r.from_ is package]
    assert {kind for kind in of_package if kind in licenses} == licenses and len(of_package) == 3
    assert len(list(objects.foreach_type(bindings.software_File))) == len(facts.files)
    assert objects.missing_ids <= {"https://spdx.org/rdf/3.0.1/terms/Core/NoAssertion"}
    wrong = json.loads(
        json.dumps(document).replace('"dataset_datasetType": ["text"]', '"dataset_datasetType": ["prose"]')
    )
    with pytest.raises(ValueError, match="prose"):
        read(wrong)


def test_spdx_says_what_the_profile_asks_for(facts: ReleaseFacts) -> None:
    """Each restriction of the class DatasetPackage and of the profile Dataset, as the model states them."""
    document = spdx(facts)
    elements = {element.get("spdxId"): element for element in document["@graph"]}
    assert len(elements) == len(document["@graph"])  # no identifier twice
    (package,) = (element for element in document["@graph"] if element["type"] == "dataset_DatasetPackage")
    once = "software_downloadLocation software_primaryPurpose releaseTime builtTime originatedBy dataset_datasetType"
    assert all(package[name] for name in once.split()) and len(package["originatedBy"]) == 1
    related = [e for e in document["@graph"] if e["type"] == "Relationship" and e["from"] == package["spdxId"]]
    kinds = sorted(e["relationshipType"] for e in related)
    assert kinds == ["contains", "hasConcludedLicense", "hasDeclaredLicense"]
    outside = "https://spdx.org/rdf/3.0.1/terms/Core/NoAssertion"
    assert all(end in elements or end == outside for e in related for end in e["to"])
    (collection,) = (element for element in document["@graph"] if element["type"] == "SpdxDocument")
    assert {*collection["element"]} == elements.keys() - {None, collection["spdxId"]}


@pytest.mark.parametrize("kind", ["spdx", "cyclonedx"])
def test_a_bill_names_the_files_of_the_manifest(
    stated: Stated, facts: ReleaseFacts, kind: str, tmp_path: Path
) -> None:
    out = tmp_path / "bom.json"
    written = CliRunner().invoke(app, ["bom", "--format", kind, "--root", str(stated.root), "--out", str(out)])
    assert written.exit_code == 0, written.exception
    printed = CliRunner().invoke(app, ["bom", "--format", kind, "--root", str(stated.root)])
    document = json.loads(out.read_text("utf-8"))
    assert json.loads(printed.stdout) == document  # the same each time
    files = files_of(document, kind)
    listed = read_manifest(stated.corpus)
    assert {name: files[name] for name in listed} == listed
    assert files.keys() - listed.keys() == {"MANIFEST.sha256"}
    assert str(stated.root.parent) not in out.read_text("utf-8")


def test_what_cyclonedx_says_of_the_tables(stated: Stated, facts: ReleaseFacts) -> None:
    listing = json.loads((stated.corpus / "manifest.json").read_text("utf-8"))
    component = cyclonedx(with_everything(facts))["metadata"]["component"]
    assert component["type"] == "data" and component["version"] == "1.0.0"
    told = {entry["name"]: entry["value"] for entry in component["properties"]}
    for name, table in listing["tables"].items():
        assert told[f"copydesk:rows:{name}"] == str(table["rows"])
        assert told[f"copydesk:logicalHash:{name}"] == table["logical_sha256"]
    assert component["licenses"] == [{"expression": "(CC0-1.0 OR MIT) AND LicenseRef-unknown AND MIT"}]
    assert facts.licenses == {"LicenseRef-unknown": 4} and told["copydesk:language"] == "en"


def test_two_releases_have_other_identifiers(facts: ReleaseFacts) -> None:
    other = facts._replace(
        files={**facts.files, "MANIFEST.sha256": facts.files["MANIFEST.sha256"]._replace(sha256="0" * 64)}
    )
    assert spdx(facts)["@graph"][1]["spdxId"] != spdx(other)["@graph"][1]["spdxId"]
    assert cyclonedx(facts)["serialNumber"] != cyclonedx(other)["serialNumber"] == cyclonedx(other)["serialNumber"]


def test_only_a_release_has_a_date(two_articles: Project) -> None:
    with pytest.raises(ReleaseError, match=r"manifest\.json: date: found nothing, expected the date of a release"):
        release_facts(two_articles)


def test_a_statement_is_one_of_in_toto(stated: Stated, others: None) -> None:
    """By the protocol buffers of in-toto, which refuse an unknown field or a wrong type."""
    pytest.importorskip("in_toto_attestation", reason="make formats installs it")
    from google.protobuf import json_format
    from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
    from in_toto_attestation.v1 import statement_pb2
    from in_toto_attestation.v1.statement import Statement

    text = (stated.corpus / "provenance.intoto.json").read_text("utf-8")
    statement = Statement.copy_from_pb(json_format.Parse(text, statement_pb2.Statement()))
    statement.validate()
    predicate = json.dumps(json.loads(text)["predicate"])
    provenance = json_format.Parse(predicate, provenance_pb2.Provenance())
    assert provenance.build_definition.build_type == "urn:copydesk:build:v1"
    assert len(provenance.build_definition.resolved_dependencies) > 8
    with pytest.raises(json_format.ParseError):
        json_format.Parse(predicate.replace("buildType", "buildKind"), provenance_pb2.Provenance())
