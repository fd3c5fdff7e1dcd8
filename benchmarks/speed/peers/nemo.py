"""NeMo Curator on CPU: repair of characters and line ends, its heuristic and repetition scores, Parquet, on Ray.

    python -P nemo.py clean FILE OUT

No sentences; its near duplicates and its language need a GPU or a model from the network. Ray gets one core.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_ENABLE_UV_RUN_RUNTIME_ENV="0")

import pyarrow.parquet as pq
import ray
from nemo_curator.backends.ray_data import RayDataExecutor
from nemo_curator.pipeline import Pipeline
from nemo_curator.stages.text.filters import Score
from nemo_curator.stages.text.filters.heuristic import repetition, string
from nemo_curator.stages.text.io.reader import JsonlReader
from nemo_curator.stages.text.io.writer import ParquetWriter
from nemo_curator.stages.text.modifiers import Modify
from nemo_curator.stages.text.modifiers.string import NewlineNormalizer
from nemo_curator.stages.text.modifiers.unicode import UnicodeReformatter

SCORES = [
    string.NonAlphaNumericFilter(),
    string.SymbolsToWordsFilter(),
    string.NumbersFilter(),
    string.UrlsFilter(),
    string.BulletsFilter(),
    string.WhiteSpaceFilter(),
    string.ParenthesesFilter(),
    string.LongWordFilter(),
    string.WordCountFilter(),
    string.MeanWordLengthFilter(),
    string.PunctuationFilter(),
    string.EllipsisFilter(),
    string.CommonEnglishWordsFilter(),
    string.WordsWithoutAlphabetsFilter(),
    repetition.RepeatedLinesFilter(),
    repetition.RepeatedParagraphsFilter(),
    repetition.RepeatedLinesByCharFilter(),
    repetition.RepeatedParagraphsByCharFilter(),
    repetition.RepeatingTopNGramsFilter(),
    repetition.RepeatingDuplicateNGramsFilter(),
]


def main() -> None:
    given, out = Path(sys.argv[2]), Path(sys.argv[3])
    ray.init(address="local", num_cpus=1, include_dashboard=False, logging_level="error", log_to_driver=False)
    pipeline = Pipeline(
        name="benchmark",
        stages=[
            JsonlReader(file_paths=str(given)),
            Modify([UnicodeReformatter(), NewlineNormalizer()]),
            Score(SCORES, [type(each).__name__ for each in SCORES]),
            ParquetWriter(path=str(out / "kept")),
        ],
    )
    pipeline.run(RayDataExecutor())
    ray.shutdown()
    count = sum(pq.read_metadata(path).num_rows for path in (out / "kept").glob("*.parquet"))
    print(json.dumps({"documents": count}))


if __name__ == "__main__":
    main()
