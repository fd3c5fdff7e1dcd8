"""Commands start without pandas, which nothing of this package needs; whoever imports it gets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import articles, run_python, write_seeds

OUT = "from copydesk.tables.without_pandas import keep_pandas_out; keep_pandas_out([])"
ARRAYS = "import numpy as np, pyarrow as pa; pa.array(np.arange(3)); pa.table({'a': ['b']}).to_pylist()"
WITH_PANDAS = "import sys; print('pandas' in sys.modules)"


@pytest.mark.parametrize(
    ("code", "imported"),
    [
        (ARRAYS, True),  # if this is no longer so, the module can go
        (f"{OUT}\n{ARRAYS}", False),
        (f"{OUT}\n{ARRAYS}\nimport pandas; assert len(pa.table({{'a': [1]}}).to_pandas()) == 1", True),
        (f"import pandas\n{OUT}\n{ARRAYS}\nassert pa.array(pandas.Series([1, None])).null_count == 1", True),
    ],
)
def test_who_imports_pandas_gets_it(code: str, imported: bool) -> None:
    assert run_python(f"{code}\n{WITH_PANDAS}").stdout.split() == [str(imported)]


@pytest.mark.parametrize("plugins", [[], ["desk.rules"]])
def test_a_build_runs_without_it_unless_there_are_plugins(tmp_path: Path, plugins: list[str]) -> None:
    write_seeds(tmp_path / "seeds", articles(2))
    write_seeds(tmp_path, {"params.yaml": f"plugins: {plugins}\nengine: {{workers: 1}}\n", "desk/rules.py": ""})
    command = f"sys.argv = ['copydesk', 'build', '--root', {str(tmp_path)!r}]"
    code = f"import sys\nfrom copydesk.cli import main\n{command}\ntry: main()\nexcept SystemExit as end: assert not end.code"
    assert run_python(f"{code}\n{WITH_PANDAS}").stdout.splitlines()[-1] == str(bool(plugins))
