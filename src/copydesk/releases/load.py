"""Load a past release: fetch the tables asked for, check every file, and keep them in a cache that is never stale.

For a folder, ``load_dataset`` ignores ``revision`` and may return another revision from its cache. For a DVC address,
it returns the revision that it loaded first. So a release is copied into a folder named after its manifest, and the
loaded rows must have its version.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.dataset.manifest import NAME, read_listing
from copydesk.dataset.rows_by_split import files_by_split, read_table
from copydesk.errors import InputError, ReleaseError
from copydesk.releases.release_cache import fetch_release, rows_folder
from copydesk.releases.release_tags import Release, find_release
from copydesk.releases.verify import parse_manifest
from copydesk.store.installed_from import install_extra
from copydesk.tables.table import PUBLISHED
from copydesk.text.edit_choice import edit_choice
from copydesk.validation.card_files import config_entry

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

PUBLISHED_EDITS = "published"
#: Tables whose rows depend on the chosen edits.
_CHOOSABLE = ("documents", "sentences")
_LIBRARIES = ("datasets", "pyarrow")
#: What the card says of the rows of a table.
_OF_ROWS = ("version", "description")


def load(
    config: str = "documents",
    *,
    version: str | None = None,
    repo: str | Path = ".",
    split: str | None = None,
    streaming: bool = False,
    cache: Path | None = None,
    edits: str | Collection[str] | None = PUBLISHED_EDITS,
    signals: bool = False,
    library: str = "datasets",
) -> Dataset | DatasetDict | IterableDataset | IterableDatasetDict | pa.Table | dict[str, pa.Table]:
    """Load a table of one release, and never rows of another release.

    Parameters
    ----------
    config : str
        The table: ``documents``, ``sentences``, ``raw`` or ``edits``.
    version : str, optional
        Version of the release, such as ``1.2.0``; the newest otherwise.
    repo : str or Path
        A local checkout, or any URL that git can clone.
    split : str, optional
        As for ``load_dataset``; all splits otherwise.
    streaming : bool
        Whether to read rows lazily.
    cache : Path, optional
        Folder for cached releases; by default ``copydesk`` in the user's cache folder.
    edits : str, collection of str or None
        Of ``documents`` and ``sentences``, which edits the texts have: ``published``; ``safe``, those of safe rules
        alone; a list such as ``["-read-more", "-hard-wrap"]``, all but those of these rules; None, the raw text.
        Sentences, flags, blocks, passages and offsets are mapped to the chosen text.
    signals : bool
        Whether the signals and the languages of the chosen text are computed; otherwise their columns are absent.
    library : str
        Of which library the rows are: ``datasets``, or ``pyarrow``, beside which nothing else is needed; with it the
        edits are those that were published, and nothing is streamed.

    Returns
    -------
    Dataset, DatasetDict, their iterable kinds, pa.Table or dict of pa.Table
        What ``load_dataset`` returns for a split, or for all of them; with ``pyarrow`` the table of the split, or
        those of all splits by name.

    Raises
    ------
    InputError
        If ``library`` is neither, or cannot do what else is asked for; or if ``edits`` is no choice, names an
        unknown rule, or is not known for a document: then the message says what to leave out as well.
    ReleaseError
        If there is no such release or table, or its data is missing or does not match its manifest.

    Examples
    --------
    >>> documents = load("documents", version="1.0.0", repo=repo, split="train")  # a checkout, or a URL
    >>> str(documents.info.version), "text" in documents.column_names
    ('1.0.0', True)
    """
    if library not in _LIBRARIES:
        raise InputError(f"library: found {library!r}, expected {' or '.join(_LIBRARIES)}")
    if library != "datasets" and (streaming or signals or edits != PUBLISHED_EDITS):
        raise InputError(f"library: {library} reads the rows as published; leave out streaming, edits and signals")
    if library == "datasets" and find_spec("datasets") is None:
        raise InputError(f'datasets is not installed; {install_extra("load")}, or give library="pyarrow"')
    choice = None if edits == PUBLISHED_EDITS else edit_choice(edits)
    if choice and config not in _CHOOSABLE:
        raise InputError(
            f"edits: the table {config!r} is the same whatever edits are chosen; load {' or '.join(_CHOOSABLE)}, or "
            f"load {config!r} without edits"
        )
    if signals and (choice is None or config != "documents"):
        raise InputError("signals: they are columns of documents; ask for them only with edits")
    release = find_release(repo, version)
    folder = fetch_release(release, cache, {config} if choice is None else {config, "documents", "edits"})
    tables = _tables_of(parse_manifest((folder / NAME).read_bytes(), f"{release}: {NAME}"))
    if config not in tables:
        raise ReleaseError(f"{release}: no table {config!r}; it has {', '.join(tables)}")
    if library == "pyarrow":
        _refuse_another_version(release, {str(read_listing(folder)["version"])}, "manifest.json")
        return read_table(folder, config, split)
    rows = _rows_of(release, folder, config, split, streaming=streaming)
    if choice is None:
        return rows
    from copydesk.releases.chosen_release import ChosenRelease

    chosen = ChosenRelease(folder, choice, str(release))
    if config == "documents":
        return _of_splits(rows, lambda rows: chosen.documents(rows, with_signals=signals))
    features = next(iter(rows.values())).features if isinstance(rows, dict) else rows.features
    documents = _rows_of(release, folder, "documents", split, streaming=streaming)
    return _of_splits(documents, lambda rows: chosen.sentences(rows, features))


def _of_splits(rows: Any, change: Callable[[Any], Any]) -> Any:
    """Change the rows of a split, or those of all splits."""
    return (
        type(rows)({name: change(of_split) for name, of_split in rows.items()})
        if isinstance(rows, dict)
        else change(rows)
    )


def _rows_of(release: Release, folder: Path, config: str, split: str | None, *, streaming: bool) -> Any:
    """The rows of a table as published, checked to be of this release."""
    from datasets import load_dataset

    given, settings = _asked(folder, config, str(release))
    try:
        dataset = load_dataset(*given, **settings, split=split, streaming=streaming)
    except Exception as error:  # datasets passes on the exceptions of many libraries
        raise ReleaseError(f"{release}: {config}, split {split!r}: {error}") from error
    splits = dataset.values() if isinstance(dataset, dict) else [dataset]
    _refuse_another_version(release, {str(rows.info.version) for rows in splits}, "the card of the loaded rows")
    return dataset


def _refuse_another_version(release: Release, versions: set[str], where: str) -> None:
    if versions != {release.version}:
        raise ReleaseError(
            f"{release}: {where} says version {', '.join(sorted(versions))}; the tag and "
            "corpus.version in params.yaml must agree: release it again"
        )


def _asked(folder: Path, config: str, where: str) -> tuple[tuple[str, str], dict[str, Any]]:
    """What ``load_dataset`` is given for a table.

    ``datasets`` wants files of the first table of the card, whichever is loaded. Where these were not fetched, it is
    given the files of the table, and what the card says of it.
    """
    if (folder / "data" / PUBLISHED[0]).is_dir():
        return (str(folder), config), {}
    files = {split: [str(path) for path in paths] for split, paths in files_by_split(folder, config).items()}
    said = {key: value for key, value in config_entry(folder, config, where).items() if key in _OF_ROWS}
    return ("parquet", config), {"data_files": files, **said, "cache_dir": str(rows_folder(folder))}


def _tables_of(names: Iterable[str]) -> list[str]:
    return sorted({name.split("/")[1] for name in names if name.startswith("data/")})
