"""Rows as a dataset of MLflow, with a digest that follows from the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from copydesk.errors import InputError

if TYPE_CHECKING:
    from datasets import Dataset
    from mlflow.data.huggingface_dataset import HuggingFaceDataset

#: MLflow keeps no longer digest.
_LONGEST_DIGEST = 36


def mlflow_dataset(rows: Dataset, *, name: str | None = None, source: str | None = None) -> HuggingFaceDataset:
    """Make rows a dataset for ``mlflow.log_input``, whose digest is the logical hash of the rows.

    So two runs have the same digest if they were trained on the same rows, however these were stored and loaded.

    Parameters
    ----------
    rows : datasets.Dataset
        A split of a table, as ``copydesk.load`` or ``load_dataset`` returns it; also after a filter.
    name : str, optional
        Name of the dataset; default: configuration and version, such as ``documents 1.0.0``.
    source : str, optional
        Address of the data, such as the repository of the corpus; default: the code that runs, as MLflow knows it.

    Returns
    -------
    mlflow.data.huggingface_dataset.HuggingFaceDataset
        Its ``digest`` is the first 36 characters of ``copydesk.logical_hash(rows)``: MLflow keeps no more.

    Raises
    ------
    InputError
        If MLflow is not installed, or the rows are streamed or of several splits.
    SchemaError
        If a column has a type without a logical hash.

    Examples
    --------
    >>> documents = load("documents", split="train")  # doctest: +SKIP
    >>> mlflow.log_input(mlflow_dataset(documents), context="training")  # doctest: +SKIP
    """
    from datasets import Dataset

    from copydesk.tables.logical_hash import logical_hash

    if not isinstance(rows, Dataset):
        raise InputError(
            f"rows: found {type(rows).__name__}, expected a datasets.Dataset; load one split, not streamed"
        )
    try:
        from mlflow.data import from_huggingface
    except ImportError:
        raise InputError("MLflow is not installed; run: pip install mlflow-skinny") from None
    named = name or " ".join(filter(None, (rows.info.config_name, str(rows.info.version or "")))) or None
    return from_huggingface(rows, source=source, name=named, digest=logical_hash(rows)[:_LONGEST_DIGEST])
