"""A trial's own process: `python -m ingest.vision.trial`, settings on standard input, lines of JSON on standard output.

It ends early, and tells what it has seen, when its standard input is closed.
"""

import os
import signal
import sys
from threading import Lock, Thread

from ingest.vision.reading.memory import limit_memory
from ingest.vision.sources.opening import open_source, prepare_opencv
from ingest.vision.trial.running import Trial
from ingest.vision.trial.telling import Message, read_settings, written
from ioc.runtime import clock
from ioc.runtime.children import stop_with_parent


def main() -> None:
    """Run the process."""
    stop_with_parent()
    # Ctrl-C is the parent's business, which then closes the input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told = os.dup(1)
    # Libraries that write to standard output do not come between the lines.
    os.dup2(2, 1)
    lock = Lock()

    def tell(message: Message) -> None:
        try:
            with lock:
                os.write(told, written(message))
        except BrokenPipeError:
            os._exit(0)

    prepare_opencv()
    limit_memory(1)
    trial = Trial(read_settings(sys.stdin.buffer.readline()), open_source, clock.now, tell)

    def end_with_input() -> None:
        sys.stdin.buffer.read()
        trial.stop()

    Thread(target=end_with_input, daemon=True).start()
    trial.run()
    # A reader may hang in a library for ever.
    os._exit(0)


if __name__ == "__main__":
    main()
