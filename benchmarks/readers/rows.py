"""What each script says of the rows that its tool read, as one line of JSON on standard output."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


def tell(documents: Iterable[Any], sentences: Iterable[Any], **more: Any) -> None:
    """Say how many rows there are, how many of them are in ``train``, and how many sentences stand where they say.

    ``documents`` have id, text and split; ``sentences`` id, text, start, end and split.
    """
    texts, in_train = {}, 0
    for doc_id, text, split in documents:
        texts[doc_id] = text
        in_train += split == "train"
    count = train = good = 0
    for doc_id, text, start, end, split in sentences:
        count += 1
        train += split == "train"
        good += texts[doc_id][start:end] == text
    print(
        json.dumps(
            {
                "documents": len(texts),
                "documents in train": in_train,
                "sentences": count,
                "sentences in train": train,
                "sentences in their place": good,
                **more,
            }
        )
    )
