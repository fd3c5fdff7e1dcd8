"""The files of a new repository, derived from the files of this one.

``template/`` links to the pipeline and the settings of this repository, so that there is no second copy to maintain;
a wheel contains the files themselves. Two files are rewritten: the stages of dvc.yaml depend on toolkit.json instead
of the toolkit's code, and params.yaml describes the new corpus.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from copydesk._version import __version__
from copydesk.core.hand_written import LABEL_FOLDER, SPLIT_LIST
from copydesk.core.json_schema import PACKAGED
from copydesk.revisions.toolkit_lock import NAME, WITH_PLUGINS, stage_hashes
from copydesk.store.installed_from import action, requirements

_TEMPLATE = Path(__file__).parent / "template"
#: Paths in the new repository, by the name of the file in the template.
_PATHS = {
    "gitattributes": ".gitattributes",
    "gitignore": ".gitignore",
    "dvcignore": ".dvcignore",
    "dvc-yaml": "dvc.yaml",  # under its own name DVC would run it as a pipeline
    "dvc-config": ".dvc/config",
    "dvc-gitignore": ".dvc/.gitignore",
    "ci-run": ".ci/run",
    "pre-commit": ".githooks/pre-commit",
    "pre-commit-config.yaml": ".pre-commit-config.yaml",
    "workflow.yml": ".github/workflows/corpus.yml",
    "labels-readme.md": f"{LABEL_FOLDER}/README.md",
}
_LABELS = f"{LABEL_FOLDER}/README.md"
#: Files on which stages depend, so that they must exist.
DEPENDED_ON = (SPLIT_LIST, _LABELS)
#: Files that belong to the steward: upgrade never touches them, but makes those that stages depend on.
OWNED = ("README.md", "params.yaml", "seeds/.gitkeep", ".dvc/config", *DEPENDED_ON)
EXECUTABLE = (".ci/run", ".githooks/pre-commit")
_CORPUS = re.compile(r"^corpus:\n(?:  .*\n)+", re.MULTILINE)
_PUBLISH = re.compile(r"^publish:\n(?:  .*\n)+", re.MULTILINE)
_NOTHING_ALLOWED = """\
publish:
  allow: []  # licenses of documents that may be public, such as CC-BY-4.0; "*" allows all, also unknown ones
"""
_PARAMS = "    params: ["


def files(name: str, plugins: Sequence[str] | None = ()) -> dict[str, bytes]:
    """The content of every file of a new repository, by path; toolkit.json comes last.

    ``plugins`` are the paths that stages must depend on; None if params.yaml has no such setting.
    """
    made = {_PATHS.get(path, path): (_TEMPLATE / path).read_bytes() for path in _template_paths()}
    made |= {f"schemas/{path.name}": path.read_bytes() for path in sorted(PACKAGED.glob("*.schema.json"))}
    made["README.md"] = made["README.md"].replace(b"NAME", name.encode())
    made["dvc.yaml"] = pipeline(made["dvc.yaml"].decode(), plugins).encode()
    made["params.yaml"] = settings(made["params.yaml"].decode(), name).encode()
    made["requirements.txt"] = requirements().encode()
    made[_PATHS["workflow.yml"]] = _workflow(made[_PATHS["workflow.yml"]].decode()).encode()
    made |= {"seeds/.gitkeep": b"", SPLIT_LIST: b"\n"}  # DVC warns of a file that is empty
    return made | {NAME: toolkit_file(made)}


def toolkit_file(made: dict[str, bytes]) -> bytes:
    """toolkit.json: the version, a hash of the code of each stage, hashes of the files that upgrade maintains."""
    hashes = {path: hashlib.sha256(data).hexdigest() for path, data in sorted(made.items()) if path not in OWNED}
    content = {"copydesk": __version__, "files": hashes, "stages": stage_hashes()}
    return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode()


def pipeline(ours: str, plugins: Sequence[str] | None = ()) -> str:
    """A dvc.yaml whose stages depend on their line in toolkit.json, where ours lists code, and on plug-ins."""
    lines: list[str] = []
    name, dependency, has_params = "", "", False
    for line in ours.splitlines(keepends=True):
        if stage := re.match(r"  ([a-z]+):\n", line):
            name, has_params = stage[1], False
            dependency = f"{{{NAME}: [stages.{name}]}}"
        if line.startswith("      - src/copydesk/"):
            continue
        if line.startswith(_PARAMS):
            has_params = True
            params = line.removeprefix(_PARAMS)
            if plugins is None:  # DVC refuses a setting that params.yaml does not have
                params = params.replace(", plugins]", "]")
            lines.append(f"{_PARAMS}{dependency}, {params}")
        elif line == f"      - scripts/{name}.py\n" and name in WITH_PLUGINS:
            lines += [line, *(f"      - {path}\n" for path in plugins or ())]
        elif line == "    outs:\n" and not has_params:
            lines += [f"    params: [{dependency}]\n", line]
        else:
            lines.append(line)
    return "".join(lines)


def settings(ours: str, name: str) -> str:
    """A params.yaml with our settings, a section ``corpus`` that has only the new name, and no license allowed."""
    title = json.dumps(name.replace("-", " ").replace("_", " ").strip() or name)
    # In quotes, because a name may look like a number to YAML.
    section = f'corpus:\n  name: "{name}"\n  title: {title}\n  summary: ""\n  version: 0.0.0\n'
    made, times = _CORPUS.subn(lambda _: section, ours)
    assert times == 1, "params.yaml has one section corpus"
    made, times = _PUBLISH.subn(lambda _: _NOTHING_ALLOWED, made)
    assert times == 1, "params.yaml has one section publish"
    return made


def _workflow(ours: str) -> str:
    """A workflow with the action of the repository that copydesk was installed from; without it if none is known."""
    known = action()
    job = ours.index("  # What changed")
    return ours.replace("ACTION", known) if known else ours[:job]


def _template_paths() -> list[str]:
    files_found = (path for path in _TEMPLATE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    # Not in all versions of Python does rglob follow a link to a folder.
    scripts = (_TEMPLATE / "scripts").glob("*.py")
    return sorted({path.relative_to(_TEMPLATE).as_posix() for path in (*files_found, *scripts)})
