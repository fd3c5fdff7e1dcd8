"""Which engine runs the work."""

from __future__ import annotations

import pytest

from copydesk.core.config import check_params
from copydesk.core.json_schema import load_schema
from copydesk.engines import ENGINES, engine
from copydesk.engines.local import Local
from copydesk.errors import ConfigError

SETTINGS = check_params({})["engine"]


def test_the_settings_name_the_engines_that_there_are() -> None:
    assert load_schema("params")["properties"]["engine"]["properties"]["name"]["enum"] == list(ENGINES)
    assert isinstance(engine(SETTINGS), Local)
    with pytest.raises(ConfigError, match=r"engine\.name: 'slurm' is not one of \['local'"):
        check_params({"engine": {"name": "slurm"}})


def test_the_environment_goes_before_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPYDESK_ENGINE", "slurm")
    with pytest.raises(ConfigError, match=f"no engine 'slurm'; choose one of {', '.join(ENGINES)}"):
        engine(SETTINGS)
    monkeypatch.setenv("COPYDESK_ENGINE", "local")
    assert isinstance(engine({**SETTINGS, "name": "slurm"}), Local)
    monkeypatch.setenv("COPYDESK_ENGINE", "")
    assert isinstance(engine(SETTINGS), Local)
