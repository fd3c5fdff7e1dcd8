"""Build the package: pure Python, or with its hot modules compiled.

    python -m pip wheel .                      # pure Python: needs no compiler and no mypy
    COPYDESK_COMPILE=1 python -m pip wheel .   # mypyc compiles the modules that [tool.copydesk.compile] lists

The sources of compiled modules stay in the wheel beside them: fingerprints, tracebacks and readers need them, and an
interpreter that cannot load the machine code runs them instead.

This file is the build backend that pyproject.toml names and, run by setuptools, the script of the build.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import sys
import sysconfig
import tomllib
from pathlib import Path
from typing import Any

from setuptools import build_meta, setup
from setuptools.build_meta import *  # noqa: F403
from setuptools.command.build_ext import build_ext

VARIABLE = "COPYDESK_COMPILE"
PACKAGE = Path("src", "copydesk")
#: In the package: SHA-256 of the source of each compiled module.
RECORD = "compiled_modules.json"
#: Types are inferred from this package alone, so the C code does not depend on what else is installed.
MYPY_OPTIONS = (
    "--config-file=",
    "--no-site-packages",
    "--ignore-missing-imports",
    "--disable-error-code=import-untyped",
    "--follow-imports=silent",
    f"--cache-dir={os.devnull}",
)


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """What a wheel needs to be built: more than setuptools only if modules are to be compiled."""
    required = list(build_meta.get_requires_for_build_wheel(config_settings))
    if not _is_requested():
        return required
    return [*required, _settings()["mypy"], *([] if _has_compiler() else [_settings()["compiler"]])]


def build_editable(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """An editable install, which is never compiled."""
    if _is_requested():
        raise SystemExit(
            f"{VARIABLE} is set, but an editable install cannot be compiled: after a change of a source Python would "
            f"go on running the old machine code; install without -e, or unset {VARIABLE}"
        )
    built: str = build_meta.build_editable(wheel_directory, config_settings, metadata_directory)
    return built


class CompileModules(build_ext):
    """Compile the modules, and record the sources that they were made from."""

    def run(self) -> None:
        """Compile afresh: build/ may hold modules that are no longer listed."""
        for suffix in (".so", ".pyd"):
            for left in Path(self.build_lib).rglob(f"*{suffix}"):
                left.unlink()
        super().run()
        hashes = {name: hashlib.sha256((PACKAGE / name).read_bytes()).hexdigest() for name in _settings()["modules"]}
        Path(self.build_lib, "copydesk", RECORD).write_text(json.dumps(hashes, indent=1) + "\n", "utf-8")


def _is_requested() -> bool:
    value = os.environ.get(VARIABLE, "")
    if value not in ("", "0", "1"):
        raise SystemExit(f"{VARIABLE}: found {value!r}, expected 1 to compile, 0 or nothing for pure Python")
    return value == "1"


def _settings() -> dict[str, Any]:
    settings: dict[str, Any] = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["tool"]["copydesk"]["compile"]
    return settings


def _has_compiler() -> bool:
    """Whether there is a C compiler: the one that CC names, else the one that built this Python."""
    command = os.environ.get("CC") or sysconfig.get_config_var("CC")
    # On Windows setuptools looks for the compiler, and says what to install.
    return command is None or shutil.which(shlex.split(command)[0]) is not None


def _extensions() -> list[Any]:
    from mypyc.build import mypycify

    if not _has_compiler():
        os.environ["CC"] = shlex.join([sys.executable, "-m", "ziglang", "cc"])
    return mypycify(
        [*MYPY_OPTIONS, *(str(PACKAGE / name) for name in _settings()["modules"])],
        opt_level=os.environ.get("MYPYC_OPT_LEVEL", "3"),
        debug_level="0",
        target_dir=str(Path("build", "mypyc")),
        group_name="copydesk",
    )


if __name__ == "__main__":
    # Metadata are the same for both, and are asked for before mypy is installed.
    if _is_requested() and "bdist_wheel" in sys.argv:
        options = {"build_ext": {"parallel": True}}
        setup(ext_modules=_extensions(), cmdclass={"build_ext": CompileModules}, options=options)
    else:
        setup()
