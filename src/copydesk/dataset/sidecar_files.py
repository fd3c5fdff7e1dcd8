"""The files of a dataset beside the data: card, plots, license, Croissant, citation, manifests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from copydesk.core.config import Params
from copydesk.dataset import citation, croissant, license_file, manifest
from copydesk.dataset.card_metadata import Config
from copydesk.dataset.card_plots import render_plots
from copydesk.dataset.card_text import render_card
from copydesk.dataset.metrics import Metrics


def described(
    params: Params,
    configs: list[Config],
    metrics: Metrics,
    schemas: Path,
    *,
    dropped: list[dict[str, Any]],
    withheld: Iterable[str] = (),
    plugins: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """Render the files beside the data, by file name; arguments as for :func:`manifest.manifest_json`."""
    settings = params["corpus"]
    plots = render_plots(metrics)
    rules = metrics.summary["edits"]
    listing = manifest.manifest_json(
        params, configs, schemas, dropped, withheld=withheld, rules=rules, plugins=plugins
    )
    written = {
        "README.md": render_card(params, configs, metrics, plots),
        **plots,
        license_file.NAME: license_file.render_license(metrics),
        croissant.NAME: croissant.render_croissant(settings, configs, metrics),
        citation.NAME: citation.render_citation(settings),
        manifest.LISTING: listing,
    }
    return {**written, manifest.NAME: manifest.manifest_text(written, configs)}
