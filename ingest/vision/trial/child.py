"""Runs a trial's process and hands on what it tells; knows no OpenCV, so that nothing in a stream can end it."""

import os
import selectors
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Final, cast

from ingest.vision.trial.telling import Ended, Message, TrialSettings, read, written
from ioc.runtime.children import python

SILENT_S: Final = 60.0
"""Seconds of silence after which the process hangs; opening a stream takes some tens of seconds at most."""

_PARTING_S: Final = 40.0
"""Seconds in which it writes the rest of a clip after it was asked to end."""


def run_trial(settings: TrialSettings, tell: Callable[[Message], None], *, silent_s: float = SILENT_S) -> Ended:
    """Try a camera; Ctrl-C ends it early.

    Args:
        settings: which camera, for how long.
        tell: is called with every message.
        silent_s: seconds of silence after which it is given up.

    Returns:
        What came of it, also where the process was killed by what it read.
    """
    with _process(settings) as (process, asking, telling):
        try:
            for message in _messages(telling, silent_s):
                tell(message)
                if isinstance(message, Ended):
                    return message
        except KeyboardInterrupt:
            asking.close()
            return _parting(telling)
        except TimeoutError:
            return Ended(problem=f"the stream made its reader hang: nothing was heard of it for {silent_s:.0f} s")
        status = process.wait()
    if status < 0:
        name = signal.Signals(-status).name
        return Ended(problem=f"what the stream sent ended its reader ({name}); nothing else was harmed")
    return Ended(problem=f"the stream's reader ended with status {status} and said nothing")


def _parting(telling: IO[bytes]) -> Ended:
    with suppress(KeyboardInterrupt, TimeoutError):
        for message in _messages(telling, _PARTING_S):
            if isinstance(message, Ended):
                return message
    return Ended(problem="it was ended before anything could be told")


@contextmanager
def _process(settings: TrialSettings) -> "Iterator[tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]]":
    # A session of its own: the terminal's Ctrl-C is for its parent only.
    process = subprocess.Popen(
        python("ingest.vision.trial"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    # Both are there, for they were asked for.
    asking, telling = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
    try:
        with suppress(BrokenPipeError):
            asking.write(written(settings))
            asking.flush()
        yield process, asking, telling
    finally:
        process.kill()
        process.wait()
        telling.close()
        with suppress(BrokenPipeError):
            asking.close()


def _messages(pipe: IO[bytes], silent_s: float) -> Iterator[Message]:
    """Give its messages as they come, until it ends.

    Raises:
        TimeoutError: nothing came for too long.
    """
    waiting = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while selector.select(silent_s):
            chunk = os.read(pipe.fileno(), 65_536)
            if not chunk:
                return
            *lines, waiting = (waiting + chunk).split(b"\n")
            yield from map(read, lines)
    raise TimeoutError
