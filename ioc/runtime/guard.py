"""Runs one command and kills it when the pipe from its parent closes: `python -m ioc.runtime.guard COMMAND…`.

Only needed where the kernel has no parent-death signal.
"""

import os
import signal
import subprocess
import sys
import threading


def main(arguments: list[str]) -> int:
    """Run the command to its end; pass SIGTERM and SIGINT on to it; return its exit status."""
    child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: child.send_signal(received))

    def watch() -> None:
        # Nothing is ever written to the pipe: reading ends when the parent is gone.
        while os.read(0, 1):
            pass
        child.kill()

    threading.Thread(target=watch, daemon=True).start()
    status = child.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
