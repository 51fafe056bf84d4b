"""Pins all requirements anew, by version and hash, for every system and every Python from 3.11 on."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Later files keep to the versions of earlier ones, so that installing one does not undo another.
FILES = {
    "runtime": ["pyproject.toml"],
    "development": ["pyproject.toml", "--group", "dev", "--constraint", "requirements/runtime.txt"],
    "bootstrap": ["requirements/bootstrap.in", "--constraint", "requirements/development.txt"],
    "node": ["requirements/node.in"],
}


def main() -> None:
    """Write requirements/*.txt; no file names a package registry."""
    for name, sources in FILES.items():
        subprocess.run(
            [
                *(".venv/bin/uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--upgrade"),
                *("--no-emit-index-url", "--python-version", "3.11"),
                *("--custom-compile-command", "make lock", *sources, "--output-file", f"requirements/{name}.txt"),
            ],
            cwd=ROOT,
            check=True,
        )


if __name__ == "__main__":
    main()
