"""`python -m simulators.cameras`: serves the pretend cameras until it is told to stop."""

import argparse
import signal
import sys
import threading
from typing import Any

import cv2

from simulators.cameras.scenes import SCENES
from simulators.cameras.serving import CameraServer


def main(arguments: list[str] | None = None) -> int:
    """Serve; the first line on standard output says where."""
    parser = argparse.ArgumentParser(
        prog="python -m simulators.cameras", description="Pretend cameras: a crossing, a market's gate and a hill."
    )
    parser.add_argument("--port", type=int, default=8088, help="port on 127.0.0.1; 0 for any that is free (8088)")
    parser.add_argument("--seed", type=int, default=7, help="another seed, other people (7)")
    parser.add_argument("--rate", type=float, default=5.0, help="pictures a second (5)")
    wanted = parser.parse_args(arguments)
    if not 0.1 <= wanted.rate <= 60:
        parser.error("--rate must be 0.1 to 60 pictures a second")
    # Three small pictures, five times a second: threads would only cost.
    cv2.setNumThreads(1)
    scenes = {name: make(wanted.seed) for name, make in SCENES.items()}
    try:
        server = CameraServer(scenes, port=wanted.port, rate=wanted.rate)
    except OSError as error:
        sys.stderr.write(f"port {wanted.port}: {error.strerror}; give another with --port\n")
        return 1

    def stop(*_: Any) -> None:
        # `shutdown` waits for the loop that this handler interrupts.
        threading.Thread(target=server.shutdown, daemon=True).start()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    addresses = " ".join(f"http://127.0.0.1:{server.port}/{name}" for name in scenes)
    sys.stdout.write(f"pretend cameras: {addresses}\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.5)
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
