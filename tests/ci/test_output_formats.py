"""What hosts are told, whatever a document says."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.ci.output_formats import CHECKS, SHOWN, as_github, as_junit, as_lines, as_sarif
from copydesk.core.escaping import log_line, plain
from copydesk.core.findings import Report

HOSTILE = "x\n::set-env name=A::b\r\x1b]0;t\x07\u202e]]>%0A<a&\ud800\ufffe"

#: Elements of JUnit's XML with their attributes and what may stand in them, in this order: the schema that Jenkins
#: publishes, on which readers agree.
ALLOWED = {
    "testsuites": ({"name", "time", "tests", "failures", "disabled", "errors"}, ["testsuite"]),
    "testsuite": (
        {
            "name",
            "tests",
            "failures",
            "errors",
            "time",
            "disabled",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
        },
        ["properties", "testcase", "system-out", "system-err"],
    ),
    "testcase": (
        {"name", "assertions", "time", "classname", "status"},
        ["skipped", "error", "failure", "system-out", "system-err"],
    ),
    "failure": ({"type", "message"}, []),
    "system-out": (set(), []),
}
NEEDED = {"testsuite": {"name", "tests"}, "testcase": {"name"}}


def report(*messages: str, file: str = "seeds/a b.txt") -> Report:
    made = Report()
    for message in messages:
        made.add("content", file, message, document="doc", field="[3].text", line=7)
    made.checked["documents"] = 2
    return made


def check_junit(data: bytes) -> ET.Element:
    def walk(element: ET.Element) -> None:
        attributes, children = ALLOWED[element.tag]
        assert NEEDED.get(element.tag, set()) <= set(element.attrib) <= attributes, element.tag
        order = [children.index(child.tag) for child in element]
        assert order == sorted(order)
        for child in element:
            walk(child)

    root = ET.fromstring(data)
    walk(root)
    for suite in root:
        assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
    return root


def check_sarif(text: str) -> list[dict]:
    made = json.loads(text)
    assert (made["version"], made["$schema"]) == ("2.1.0", "https://json.schemastore.org/sarif-2.1.0.json")
    (run,) = made["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"]
    for result in run["results"]:
        assert result["ruleId"] == driver["rules"][result["ruleIndex"]]["id"]
        assert result["level"] in {"none", "note", "warning", "error"}
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert re.fullmatch(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]+", place["artifactLocation"]["uri"])
        assert place["region"]["startLine"] >= 1
    return run["results"]


def test_a_finding_in_every_format() -> None:
    made = report("found 1, expected 2")
    assert list(as_lines(made)) == ["content: seeds/a b.txt:7 doc [3].text: found 1, expected 2"]
    assert list(as_github(made, "copydesk validate")) == [
        "::error file=seeds/a b.txt,line=7,title=copydesk validate%3A content::doc: [3].text: found 1, expected 2"
    ]
    root = check_junit(as_junit(made, "copydesk validate"))
    case, passed = root.iter("testcase")
    assert dict(case.attrib) == {"classname": "content", "name": "seeds/a b.txt:7 doc [3].text", "time": "0"}
    assert case[0].attrib == {"type": "content", "message": "found 1, expected 2"}
    assert passed.attrib["name"] == "2 documents"
    (result,) = check_sarif(as_sarif(made, "copydesk validate"))
    place = result["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "seeds/a%20b.txt"
    assert place["logicalLocations"] == [{"fullyQualifiedName": "doc [3].text"}]
    assert result["message"]["text"] == "doc: [3].text: found 1, expected 2"


def test_no_findings() -> None:
    made = report()
    assert list(as_lines(made)) == list(as_github(made, "x")) == check_sarif(as_sarif(made, "x")) == []
    assert check_junit(as_junit(made, "x")).attrib == {"tests": "1", "failures": "0", "errors": "0"}


@given(st.text(st.characters(), max_size=20) | st.just(HOSTILE), st.sampled_from(["message", "file"]))
def test_no_document_can_speak_to_the_host(text: str, where: str) -> None:
    made = report(text) if where == "message" else report("m", file=text or "f")
    (command,) = as_github(made, "copydesk")
    properties, _, data = command.removeprefix("::error ").partition("::")
    assert command.isprintable() or not re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e]", command)
    assert [part.partition("=")[0] for part in properties.split(",")] == ["file", "line", "title"]
    assert not re.search("%(?!25)", data)
    check_junit(as_junit(made, "copydesk"))
    check_sarif(as_sarif(made, "copydesk"))
    for line in map(log_line, as_lines(made)):
        assert len(line.encode().splitlines()) == 1


def test_a_hostile_message_is_readable_still() -> None:
    (command,) = as_github(report(HOSTILE), "c")
    assert r"x\n::set-env name=A::b\r\x1b]0;t\x07\u202e]]>%250A<a&\ud800\ufffe" in command


@pytest.mark.parametrize("text", ["naïve “quotes” — 文\u00a0😀", ""])
def test_plain_text_stays(text: str) -> None:
    assert plain(text) == text


def test_very_many_are_cut_and_counted() -> None:
    made = report(*map(str, range(1_200)))
    *shown, last = as_lines(made)
    assert (len(shown), last) == (SHOWN, "1,150 more")
    assert list(as_github(made, "copydesk"))[-1] == "::error title=copydesk::1,150 more, 1,200 in all"
    root = check_junit(as_junit(made, "copydesk"))
    assert root.attrib["failures"] == "1000"
    assert root.find("testsuite/system-out").text == "200 more findings"
    assert json.loads(as_sarif(made, "copydesk"))["runs"][0]["properties"]["violations"] == 1_200


def test_every_check_is_described() -> None:
    from support import ROOT

    used = set()
    for path in [*(ROOT / "src/copydesk/validation").glob("*.py"), ROOT / "src/copydesk/ci/hand_written_files.py"]:
        used |= set(re.findall(r'(?:report\.add\(|add\(\s*)"(\w+)"', path.read_text("utf-8")))
    assert used
    assert used <= CHECKS.keys()
