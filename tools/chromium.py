"""Finds a Chromium for the browser tests: the system's, else Debian's by apt, else Playwright's own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import apt

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

ROOT = Path(__file__).resolve().parent.parent
FLAGS = (
    "--no-sandbox",
    # Machines that test have no graphics card.
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    # Nothing that the page did not ask for goes over the network.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> Path | None:
    """Find the browser that IOC_CHROMIUM names, or one on the path."""
    named = os.environ.get("IOC_CHROMIUM")
    found = named or next((path for name in NAMES if (path := shutil.which(name))), None)
    return Path(found) if found else None


def launch(playwright: "Playwright") -> "Browser":
    """Start the browser without a window: the one that was found, else Playwright's own.

    Raises:
        playwright.sync_api.Error: there is none.
    """
    return playwright.chromium.launch(executable_path=find(), args=list(FLAGS))


def find_or_install() -> tuple[Path | None, str]:
    """Give a browser, or None and the reason why there is none."""
    found = find()
    if found is not None:
        return found, ""
    if apt.install("chromium", "fonts-dejavu-core") and (found := find()) is not None:
        return found, ""
    sys.stdout.write("installing Playwright's Chromium\n")
    python = str(ROOT / ".venv" / "bin" / "python")
    done = subprocess.run(
        [python, "-m", "playwright", "install", "chromium"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return None, "no Chromium on this machine, and Playwright's could not be installed"
    asked = subprocess.run([python, "-c", _ASK], capture_output=True, text=True, check=False)
    path = Path(asked.stdout.strip())
    return (path, "") if path.is_file() else (None, "Playwright's Chromium was installed but cannot be found")


_ASK = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""

if __name__ == "__main__":
    browser, why_not = find_or_install()
    sys.stdout.write(f"{browser or why_not}\n")
