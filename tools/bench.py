"""`make bench`: run every benchmark, one after the other; figures as NDJSON, the machine's description first."""

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
BENCHMARKS: Final = ROOT / "tests" / "benchmarks"


def machine() -> dict[str, object]:
    """Describe what the figures were measured on."""
    with Path("/proc/cpuinfo").open() if Path("/proc/cpuinfo").exists() else open(os.devnull) as info:  # noqa: PTH123
        models = {line.split(":", 1)[1].strip() for line in info if line.startswith("model name")}
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "machine": {
            "processor": ", ".join(sorted(models)) or platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "memory_gib": round(memory / 2**30, 1),
            "system": platform.platform(),
            "python": platform.python_version(),
            "polars": version("polars"),
            "load_before": round(os.getloadavg()[0], 2),
        }
    }


def main() -> int:
    """Run the named benchmarks (file names without .py), or all of them; exit 1 where one failed."""
    chosen = sys.argv[1:] or sorted(path.stem for path in BENCHMARKS.glob("*.py"))
    sys.stdout.write(json.dumps(machine()) + "\n")
    sys.stdout.flush()
    failed = [name for name in chosen if _run(name) != 0]
    for name in failed:
        sys.stderr.write(f"bench: {name} failed\n")
    return 1 if failed else 0


def _run(name: str) -> int:
    sys.stderr.write(f"bench: {name}\n")
    return subprocess.run([sys.executable, str(BENCHMARKS / f"{name}.py")], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
