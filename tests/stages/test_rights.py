"""What pages and archives say of text and data mining is kept, and publish.respect obeys it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq
import pytest

from copydesk.dataset.public_export import export
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.releases.preconditions import refuse_unlicensed
from copydesk.validation import validate
from support import file_bytes, run_stages

TEXT = (
    "<p>The mayor opened bridge {0} on Monday, and many people came to see it in the rain. "
    + "It had cost {0} million. " * 9
)


def page(number: int, head: str = "") -> str:
    body = f"<article><h1>Bridge {number} opens</h1>{TEXT.format(number)}</article>"
    return f"<!DOCTYPE html><html><head><title>Bridge</title>{head}</head><body>{body}</body></html>"


def response(number: int, html: str, fields: str = "") -> bytes:
    block = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{fields}\r\n{html}".encode()
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{number:012x}>\r\n"
        f"WARC-Date: 2024-05-06T07:08:09Z\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


RSL = "<link rel='License nofollow' type='application/rsl+xml' href='/license.xml'>"
SEEDS: dict[str, bytes | str] = {
    "free.html": page(1, "<meta name=robots content='index, follow'><meta name=tdm-reservation content=0>"),
    "meta.html": page(2, "<meta name=TDM-Reservation content=1><meta name=tdm-policy content='/policy.json'>"),
    "noai.html": page(3, "<meta name=robots content='NoAI, noimageai, follow'>"),
    "rsl.html": page(4, RSL + "<link rel=license href='https://creativecommons.org/licenses/by/4.0/'>"),
    "a.warc": response(5, page(5), "tdm-reservation: 1\r\nX-Robots-Tag: somebot: noindex\r\n")
    + response(6, page(6, "<meta name=robots content=noarchive>")),
    "plain.txt": "A text.",
}
WARC = "00000000-0000-4000-8000-00000000000"
DATE = "2024-05-06T07:08:09Z"
RIGHTS = {
    "free": [("tdm-reservation", "0", "meta tdm-reservation", None)],
    "meta": [("tdm-reservation", "1", "meta tdm-reservation", None), ("tdm-policy", "/policy.json", "meta tdm-policy", None)],
    "noai": [("robots", "noai, noimageai", "meta robots", None)],
    "rsl": [("rsl", "/license.xml", "link license", None), ("license", "https://creativecommons.org/licenses/by/4.0/", "link license", None)],
    f"{WARC}5": [("tdm-reservation", "1", "header tdm-reservation", DATE), ("robots", "noindex", "header x-robots-tag", DATE)],
    f"{WARC}6": [("robots", "noarchive", "meta robots", DATE)],
    "plain": [],
}  # fmt: skip
RESERVED = {"meta", "noai", "rsl", f"{WARC}5"}


def documents(project: Project) -> dict[str, dict[str, Any]]:
    files = sorted((project.corpus / "data" / "documents").glob("*.parquet"))
    return {row["doc_id"]: row for file in files for row in pq.read_table(file).to_pylist()}


@pytest.mark.parametrize("respect", [[], ["tdm"]])
def test_rights_are_kept_and_respected(
    make_project: Callable[..., Project], respect: list[str], tmp_path: Any
) -> None:
    project = run_stages(make_project(SEEDS, {"publish": {"respect": respect}}))
    assert not validate(project.corpus, load=False).findings
    rows = documents(project)
    assert {i: [tuple(right.values()) for right in row["rights"]] for i, row in rows.items()} == RIGHTS
    not_public = {doc_id for doc_id, row in rows.items() if not row["public"]}
    assert not_public == (RESERVED if respect else set())
    if not respect:
        refuse_unlicensed(project)
        return
    with pytest.raises(ReleaseError, match="4 documents that reserve rights") as caught:
        refuse_unlicensed(project)
    assert "noai: robots noai, noimageai, meta robots" in str(caught.value)
    export(project.corpus, tmp_path / "out", project.params, project.schemas)
    exported = sorted((tmp_path / "out" / "data" / "documents").glob("*.parquet"))
    assert {i for file in exported for i in pq.read_table(file)["doc_id"].to_pylist()} == set(RIGHTS) - RESERVED


def test_a_changed_header_is_a_changed_document(make_project: Callable[..., Project]) -> None:
    after = {**SEEDS, "a.warc": response(5, page(5)) + response(6, page(6, "<meta name=robots content=noarchive>"))}
    built = run_stages(make_project(SEEDS))
    (built.seeds / "a.warc").write_bytes(bytes(after["a.warc"]))  # type: ignore[arg-type]
    clean = make_project(after, name="clean")
    assert file_bytes(run_stages(built).corpus) == file_bytes(run_stages(clean).corpus)
    assert documents(built)[f"{WARC}5"]["rights"] == []
    assert json.loads((built.corpus / "manifest.json").read_text())
