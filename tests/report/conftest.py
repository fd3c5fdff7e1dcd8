"""A corpus whose every text tries to get out of its page, its report, and the server in a thread."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from copydesk.project import Project
from copydesk.report.server import Desk
from copydesk.report.static_site import write_site
from support import run_stages, write_seeds

EVIL = '</script></style><script>document.title="owned"</script><img src=x onerror=alert(1)><!--'
PLAIN = "The outcome of the war?Russia  does not say. Nobody there knows how long it can last.\n"
SEEDS = {
    f"a<b>&\"'{'x' * 60}.txt": f"{EVIL} said  the minister.\n\n&lt;b&gt; is what he wrote?It \u202eis\u202c so.\x07\n",
    "plain.txt": PLAIN,
    "twin.txt": PLAIN,
    "second-of-two.txt": "A word that was struck ** out.  Another  one follows here,and more.\r\nThe end of it.\r\n",
    "sources.jsonl": json.dumps(
        {
            **{"doc_id": "plain", "title": EVIL, "byline": f"By {EVIL}", "publisher": f"House {EVIL}"},
            **{"source": f"Paper {EVIL}", "url": "javascript:alert(1)"},
        }
    )
    + "\n",
}


def lay_out(root: Path) -> Project:
    """A project in which safe rules are applied and others suggest."""
    write_seeds(root / "seeds", SEEDS)
    (root / "params.yaml").write_text("clean: {apply: [safe]}\nengine: {workers: 1}\n")
    return Project.open(root)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The corpus; tests read it and do not change it."""
    return run_stages(lay_out(tmp_path_factory.mktemp("hostile")))


@pytest.fixture(scope="session")
def site(hostile: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its report on disk."""
    folder = tmp_path_factory.mktemp("site") / "report"
    write_site(hostile, folder)
    return folder


@pytest.fixture
def project(hostile: Project, tmp_path: Path) -> Project:
    """A copy in which a test may decide and build."""
    root = tmp_path / "copy"
    shutil.copytree(hostile.corpus.parent, root)
    return Project.open(root)


@pytest.fixture
def start() -> Iterator[Callable[[Project], Desk]]:
    """Return a function that serves a project until the test ends."""
    desks: list[Desk] = []

    def begin(project: Project) -> Desk:
        desk = Desk(project, 0)
        desks.append(desk)
        threading.Thread(target=desk.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return desk

    yield begin
    for desk in desks:
        desk.shutdown()
        desk.server_close()
