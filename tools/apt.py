"""Installs a program that only the tests need from Debian's packages, where that is possible."""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def install(*packages: str) -> bool:
    """Install packages with apt-get; say False where this is no Debian, we are not root, or it failed."""
    if not (Path("/etc/debian_version").exists() and os.geteuid() == 0 and shutil.which("apt-get")):
        return False
    sys.stdout.write(f"installing {packages[0]} with apt-get\n")
    sys.stdout.flush()
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    status = 0
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        status = subprocess.run(["apt-get", *command], env=quiet, capture_output=True, check=False).returncode
    return status == 0
