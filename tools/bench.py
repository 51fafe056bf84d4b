"""Runs every benchmark under tests/benchmarks; each line printed is a JSON object, the first describes the machine."""

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent


def machine() -> dict[str, object]:
    """Describe what the figures were measured on."""
    processor = platform.processor() or platform.machine()
    described = Path("/proc/cpuinfo")
    if described.exists():
        names = [line.split(":", 1)[1].strip() for line in described.read_text().splitlines() if "model name" in line]
        processor = names[0] if names else processor
    return {
        "machine": platform.platform(),
        "processor": processor,
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "polars": version("polars"),
    }


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; return 0 where all of them ran."""
    sys.stdout.write(json.dumps(machine()) + "\n")
    sys.stdout.flush()
    status = 0
    # What finds and starts the programs that are measured against.
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tools")}
    for script in sorted((ROOT / "tests" / "benchmarks").glob("*.py")):
        if not names or script.stem in names:
            status |= subprocess.run([sys.executable, str(script)], cwd=ROOT, env=environment, check=False).returncode
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
