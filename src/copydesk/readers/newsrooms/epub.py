"""Books in EPUB: each text in the order of reading is a document, and is read as a web page."""

from __future__ import annotations

import io
import posixpath
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import unquote

from copydesk.errors import UnreadableError
from copydesk.readers.base import Record, RecordOptions
from copydesk.readers.newsrooms.documents import as_html, first_license
from copydesk.readers.newsrooms.xml_items import XmlElement, read_items
from copydesk.readers.newsrooms.zip_members import ZipMembers
from copydesk.readers.skipped_records import say_skipped

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_LARGEST_PART = 16 << 20  # bytes of the package document and of tables of contents
_PACKAGE_KIND = "application/oebps-package+xml"
_PAGES = frozenset(("application/xhtml+xml", "text/html"))
_OPF = "http://www.idpf.org/2007/opf"
#: Fonts are not encrypted but made unusable outside of the book; everybody can read the texts of such a book.
_OF_FONTS = frozenset(("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"))
_READ = frozenset("title creator date publisher language rights identifier link".split())
_NOT_IN_IDS = re.compile(r"[^\w.:-]")
_LONGEST_ID = 150
_HEAD = re.compile(rb"<body[\s>]", re.IGNORECASE)
_TAG = re.compile(rb"<[^<>]*>")
_ENDS_ITSELF = re.compile(rb"<(?:script|style|title|textarea|iframe)\b[^<>]*/>", re.IGNORECASE)


class _Part(NamedTuple):
    """An entry of the manifest."""

    id: str
    path: str
    kind: str
    properties: list[str]


def read_epub(file: BinaryIO, options: RecordOptions) -> Iterator[Record]:
    """Yield the texts of a book in the order of its spine; the table of contents and pages of pictures are skipped.

    Raises
    ------
    UnreadableError
        If it is no EPUB, or its texts are encrypted.
    """
    with tempfile.TemporaryFile() as unpacked:
        if not file.seekable():
            shutil.copyfileobj(file, unpacked, 1 << 20)
            file = unpacked
        yield from _texts(ZipMembers(file), options)


def _texts(members: ZipMembers, options: RecordOptions) -> Iterator[Record]:
    package_path, package = _package(members)
    manifest = {part.id: part for part in _parts(package_path, package)}
    spine = list(dict.fromkeys(itemref.attribute("idref") for itemref in package.all("spine", "itemref")))
    parts = [manifest[name] for name in spine if name in manifest]
    _refuse_encrypted(members, parts)
    metadata, passed_over = _metadata(package)
    titles = _titles(members, package, manifest)
    skipped: Counter[str] = Counter()
    number = 0
    for number, part in enumerate(parts, start=1):
        if "nav" in part.properties:
            skipped["table of contents"] += 1
        elif part.kind not in _PAGES:
            skipped[f"of type {part.kind[:40]}"] += 1
        else:
            try:
                page = members.read(part.path, options.max_bytes)
            except UnreadableError as error:
                if error.reason == "bomb":
                    raise
                yield Record(number, None, (error.reason, error.detail))
                continue
            if not _has_text(page):
                skipped["page without a text"] += 1
                continue
            doc_id = f"{options.stem}-{_NOT_IN_IDS.sub('_', part.id)[:_LONGEST_ID]}"
            fields = {options.id: doc_id, options.text: _as_page(page), **metadata, "title": titles.get(part.path)}
            yield Record(number, fields, page=True, passed_over=passed_over)
    say_skipped(options.stem, "part", number, skipped)


def _package(members: ZipMembers) -> tuple[str, XmlElement]:
    """The package document, which lists the parts of the book, and its path."""
    if _CONTAINER not in members:
        raise UnreadableError("bad-container", f"no {_CONTAINER}; expected an EPUB")
    container = _tree(members, _CONTAINER, "container")
    files = list(container.all("rootfiles", "rootfile"))
    packages = [file for file in files if file.attribute("media-type") == _PACKAGE_KIND] or files
    path = packages[0].attribute("full-path") if packages else ""
    return path, _tree(members, path, "package")


def _tree(members: ZipMembers, name: str, root: str) -> XmlElement:
    """The root element of an XML file in the book.

    Raises
    ------
    UnreadableError
        With reason ``bad-container``, if it cannot be read.
    """
    try:
        data = members.read(name, _LARGEST_PART)
        item = next(read_items(io.BytesIO(data), (root,), (), _LARGEST_PART))
    except UnreadableError as error:
        if error.reason == "bomb":
            raise
        detail = error.detail if error.reason == "bad-record" else f"{name[:200]}: {error.detail}"
        raise UnreadableError("bad-container", detail) from None
    if item.is_large:
        raise UnreadableError("bad-container", f"{name[:200]}: too large, at most {_LARGEST_PART:,} bytes are read")
    return item.element


def _parts(package_path: str, package: XmlElement) -> Iterator[_Part]:
    for item in package.all("manifest", "item"):
        path = _path(package_path, item.attribute("href"))
        kind = item.attribute("media-type").lower()
        yield _Part(item.attribute("id"), path, kind, item.attribute("properties").split())


def _path(base: str, href: str) -> str:
    """The name of the member that an address in another member leads to."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(href.partition("#")[0])))


def _refuse_encrypted(members: ZipMembers, parts: list[_Part]) -> None:
    if _ENCRYPTION not in members:
        return
    encrypted = {
        _path("", reference.attribute("URI"))
        for data in _tree(members, _ENCRYPTION, "encryption").all("EncryptedData")
        if not any(method.attribute("Algorithm") in _OF_FONTS for method in data.all("EncryptionMethod"))
        for reference in data.all("CipherData", "CipherReference")
    }
    if count := sum(part.path in encrypted for part in parts):
        detail = f"{count:,} of its {len(parts):,} texts are encrypted ({_ENCRYPTION}); deliver the book without DRM"
        raise UnreadableError("bad-container", detail)


def _metadata(package: XmlElement) -> tuple[dict[str, Any], list[str]]:
    """The metadata of the book, by the names of sources.jsonl; and the names of what is not read."""
    given: dict[str, list[XmlElement]] = {}
    for element in (part for metadata in package.all("metadata") for part in metadata.elements):
        given.setdefault(element.local, []).append(element)
    lines = {name: [element.line for element in given.get(name, ()) if element.line] for name in _READ}
    roles = {
        meta.attribute("refines"): meta.line for meta in given.get("meta", ()) if meta.attribute("property") == "role"
    }
    creators = [
        creator.line
        for creator in given.get("creator", ())
        if (creator.attribute(f"{_OPF} role") or roles.get(f"#{creator.attribute('id')}", "aut")) == "aut"
    ]
    dates = sorted(given.get("date", ()), key=lambda date: date.attribute(f"{_OPF} event") == "modification")
    links = [link.attribute("href") for link in given.get("link", ()) if "license" in link.attribute("rel")]
    metadata = {
        "byline": [name for name in creators if name],
        "source": next(iter(lines["title"]), None),
        "publisher": next(iter(lines["publisher"]), None),
        "url": next((name for name in lines["identifier"] if name.startswith(("http://", "https://"))), None),
        "published": next((date.line for date in dates if date.line), None),
        "license": first_license([*links, *lines["rights"]]),
        "language": next(iter(lines["language"]), None),
    }
    return metadata, sorted(given.keys() - _READ - {"meta"})


def _titles(members: ZipMembers, package: XmlElement, manifest: dict[str, _Part]) -> dict[str, str]:
    """The titles of the parts in the table of contents, by path; none if it cannot be read."""
    titles: dict[str, str] = {}
    toc = next((spine.attribute("toc") for spine in package.all("spine")), "")
    for part in manifest.values():
        try:
            if "nav" in part.properties:
                links = _links(_tree(members, part.path, "html"))
            elif part.id == toc:
                links = _points(_tree(members, part.path, "ncx"))
            else:
                continue
        except UnreadableError as error:
            if error.reason == "bomb":
                raise
            continue  # the headings of the pages will do
        for href, title in links:
            if title:
                titles.setdefault(_path(part.path, href), title)
    return titles


def _links(element: XmlElement) -> Iterator[tuple[str, str]]:
    if element.local == "a":
        yield element.attribute("href"), element.line
    for part in element.elements:
        yield from _links(part)


def _points(element: XmlElement) -> Iterator[tuple[str, str]]:
    for part in element.elements:
        if part.local == "navPoint":
            label = next((text.line for text in part.all("navLabel", "text")), "")
            yield next((content.attribute("src") for content in part.all("content")), ""), label
        if part.local in ("navMap", "navPoint"):
            yield from _points(part)


def _has_text(page: bytes) -> bool:
    body = _HEAD.search(page)
    return b"\0" in page or bool(_TAG.sub(b" ", page[body.start() :] if body else page).strip())


def _as_page(page: bytes) -> bytes | str:
    """The bytes of a page; its text if it has elements that HTML reads in another way than XHTML."""
    if _ENDS_ITSELF.search(page):
        try:
            return as_html(page.decode("utf-8-sig"))
        except UnicodeDecodeError:
            pass
    return page
