"""Where exports are written: what no export made stays as it is, and a path that cannot be is refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from copydesk.cli import app
from copydesk.core.atomic_files import replacing, replacing_folder
from copydesk.errors import BuildError, InputError
from copydesk.labels.annotated_text import Mark, TextRecord
from copydesk.labels.brat import write_brat
from copydesk.labels.label_studio import write_label_studio

RECORD = TextRecord("", "a", "0" * 64, "The report.", 0, [], [Mark(0, 3, "X")])


def state(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (["seeds/a.txt", "params.yaml", ".git/HEAD"], "not empty and has no annotation.conf"),
        (["annotation.conf", ".git/HEAD"], "it holds '.git', which no export wrote"),
        (["annotation.conf", "params.yaml"], "it holds 'params.yaml'"),
        (["annotation.conf", "thesis.txt"], "it holds 'thesis.txt'"),
        (["annotation.conf", "corpus/a.ann"], "it holds 'corpus'"),
    ],
)
def test_brat_replaces_no_folder_that_it_did_not_write(tmp_path: Path, files: list[str], told: str) -> None:
    out = tmp_path / "out"
    for name in files:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("mine")
    before = state(tmp_path)
    with pytest.raises(InputError, match=told):
        write_brat([RECORD], out)
    assert state(tmp_path) == before


def test_brat_replaces_no_file_and_no_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    for name in ("file", "link"):
        with pytest.raises(InputError, match=f"{name}: not a folder; expected a new folder"):
            write_brat([RECORD], tmp_path / name)
    assert (tmp_path / "file").read_text() == "mine" and (tmp_path / "link").is_symlink()


def test_brat_replaces_an_empty_folder_and_an_earlier_export(tmp_path: Path) -> None:
    write_brat([RECORD, RECORD._replace(doc_id="b")], tmp_path)
    (tmp_path / ".stats_cache").write_text("brat keeps this")
    write_brat([RECORD], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ann", "a.txt", "annotation.conf"]


def test_an_export_does_not_replace_its_own_repository(history: Path) -> None:
    before = state(history)
    with pytest.raises(InputError, match=r"has no annotation\.conf"):
        command = ["labels", "export", str(history), "--to", "brat", "--root", str(history)]
        CliRunner().invoke(app, command, catch_exceptions=False)
    assert state(history) == before


@pytest.mark.parametrize("path", [".", "/", ""])
def test_a_path_without_a_name_is_refused_in_words(path: str) -> None:
    for writing in (replacing, replacing_folder):
        with pytest.raises(BuildError, match="cannot be written: it has no name"), writing(Path(path)):
            raise AssertionError


def test_the_tasks_of_label_studio_are_not_replaced_by_their_interface(tmp_path: Path) -> None:
    for name in ("tasks.xml", "tasks.XML"):
        with pytest.raises(InputError, match="the labelling interface is written as"):
            write_label_studio([RECORD], tmp_path / name)
    with pytest.raises(InputError, match="expected the name of a file"):
        write_label_studio([RECORD], Path())
    assert not state(tmp_path)


def test_the_interface_of_label_studio_replaces_only_an_earlier_one(tmp_path: Path) -> None:
    out, interface = tmp_path / "tasks.json", tmp_path / "tasks.xml"
    write_label_studio([RECORD._replace(marks=[Mark(0, 3, 'a<"&>'), Mark(0, 3, "b")])], out)
    write_label_studio([RECORD], out)
    assert '"X"' in interface.read_text()
    edited = interface.read_text().replace('"X"', '"X" background="red"')
    for content in (edited, "<article/>", ""):
        interface.write_text(content)
        before = state(tmp_path)
        with pytest.raises(InputError, match=r"tasks\.xml: not what an export wrote"):
            write_label_studio([], out)
        assert state(tmp_path) == before
