"""Runs every check of the project, names each with its time, and lists at the end what could not run.

`check.py` runs all; `check.py NAME…` runs some. With CI=true whatever could not run is a failure.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

import chromium
import ffmpeg
import mosquitto
import page
import rtsp_server

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
RESULTS = ROOT / "artifacts" / "results"
WORKERS = 3


@dataclass
class Outcome:
    """What came of a step: whether it passed, and what in it could not run, with the reasons."""

    passed: bool
    not_run: list[str] = field(default_factory=list)


def command(*arguments: str) -> Outcome:
    """Run one of the environment's programs; its output is shown only where it fails."""
    done = subprocess.run(
        [str(BIN / arguments[0]), *arguments[1:]],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.stdout.write(done.stdout)
    return Outcome(done.returncode == 0)


def pytest(name: str, *arguments: str) -> Outcome:
    """Run tests, show the tables that they wrote, and collect what was skipped."""
    report = RESULTS / f"{name}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    shown = set(RESULTS.glob("*.txt"))
    outcome = command("pytest", "-q", "--no-header", f"--junitxml={report}", *arguments)
    for table in sorted(set(RESULTS.glob("*.txt")) - shown):
        sys.stdout.write(f"\n{table.read_text(encoding='utf-8')}\n")
    if report.exists():
        for case in ET.parse(report).iter("testcase"):  # noqa: S314 - we wrote it ourselves
            skipped = case.find("skipped")
            if skipped is not None:
                outcome.not_run.append(f"{case.get('name')}: {skipped.get('message')}")
    return outcome


def tests() -> Outcome:
    """Run all tests that need no browser, getting the servers that they ask for where that is possible."""
    for server in (mosquitto, ffmpeg, rtsp_server):
        server.find_or_install()
    # An extra to those who run the program, and not to those who test it.
    command("ioc", "camera", "models", "--install", "nanodet")
    # Most of them wait for processes and clocks; a file stays together, for what its tests share.
    return pytest(
        "tests", "tests", "--ignore=tests/browser", "-m", "not browser", "-n", str(WORKERS), "--dist", "loadfile"
    )


def browser() -> Outcome:
    """Run the tests in a real Chromium, getting one where that is possible."""
    found, reason = chromium.find_or_install()
    for server in (ffmpeg, rtsp_server):
        server.find_or_install()
    if found is None:
        return Outcome(passed=True, not_run=[f"browser tests: {reason}"])
    os.environ["IOC_CHROMIUM"] = str(found)
    return pytest("browser", "tests/browser", "tests/end_to_end", "-m", "browser")


STEPS: dict[str, Callable[[], Outcome]] = {
    "format": lambda: command("ruff", "format", "--check", "."),
    "lint": lambda: command("ruff", "check", "."),
    "types": lambda: command("mypy"),
    "imports": lambda: command("lint-imports"),
    "tests": tests,
    "web check": lambda: Outcome(page.run("run", "check") == 0),
    "web tests": lambda: Outcome(page.run("test") == 0),
    "browser": browser,
}


def main(names: list[str]) -> int:
    """Run the named steps, or all; return 0 where everything passed."""
    for table in RESULTS.glob("*.txt"):
        table.unlink()
    failed: list[str] = []
    not_run: list[str] = []
    for name in names or STEPS:
        began = time.monotonic()
        outcome = STEPS[name]()
        not_run += outcome.not_run
        if not outcome.passed:
            failed.append(name)
        word = "ok" if outcome.passed else "FAILED"
        sys.stdout.write(f"{name:<12}{word:<8}{time.monotonic() - began:6.1f} s\n")
        sys.stdout.flush()
    if not_run:
        sys.stdout.write("\ncould not run:\n" + "".join(f"  {reason}\n" for reason in not_run))
    if failed:
        sys.stdout.write(f"\nfailed: {', '.join(failed)}\n")
    return 1 if failed or (not_run and os.environ.get("CI") == "true") else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
