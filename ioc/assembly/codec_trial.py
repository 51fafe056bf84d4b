"""Tries codecs on a message for the page, as ingest would read it; nothing is kept.

It happens in a process of its own: a regular expression that goes back and forth for ever cannot be interrupted, and
the web server must not stand still for it.
"""

import multiprocessing
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Final

from ioc.model.events import RawMessage
from ioc.model.faults import Fault

LONGEST_S: Final = 5.0
"""Seconds for one trial; ingest reads a message in some millionths of one."""

STARTING_S: Final = 10.0
"""Seconds more for the first trial, which loads the codecs."""

IDLE_S: Final = 120.0
"""Seconds after which a process that nobody asks any more ends, and gives its memory back."""


@dataclass
class CodecTrial:
    """Starts the process when somebody first asks, and anew after one that had to be ended.

    Attributes:
        codecs_dir: folder of the user's own; None for none.
        timezone: IANA zone of device times that say none.
    """

    codecs_dir: Path | None
    timezone: str
    _child: SpawnProcess | None = field(default=None, init=False)
    _line: "Connection[Any, Any] | None" = field(default=None, init=False)

    def __call__(self, message: RawMessage, codec: str | None) -> dict[str, Any]:
        """Try what is installed, and before it the given codec; see `ui.server.codec_trial.TryCodec`.

        Raises:
            Fault: the codec, or one that is installed, cannot be used, or does not come to an end.
        """
        patience = LONGEST_S
        if self._child is None or self._line is None or not self._child.is_alive():
            self._start()
            patience += STARTING_S
        try:
            assert self._line is not None  # noqa: S101 - says what `_start` has just done
            self._line.send((message, codec))
            if not self._line.poll(patience):
                self._end()
                raise Fault(
                    f"The codec was not done with this message after {LONGEST_S:.0f} s. Look for a regular expression "
                    "in which a repetition repeats itself."
                )
            answer, fault = self._line.recv()
        except (EOFError, OSError):
            self._end()
            raise Fault("The codec could not be tried: its process ended. Try again.", wrong_use=False) from None
        if fault is not None:
            raise Fault(fault)
        return answer  # type: ignore[no-any-return]

    def _start(self) -> None:
        self._end()
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self._child = context.Process(target=_serve, args=(theirs, self.codecs_dir, self.timezone), daemon=True)
        self._child.start()
        # Where the server dies, the process reads the end of the line and ends too.
        theirs.close()

    def _end(self) -> None:
        if self._line is not None:
            self._line.close()
        if self._child is not None:
            self._child.kill()
            self._child.join()
        self._child = self._line = None


def _serve(line: "Connection[Any, Any]", codecs_dir: Path | None, timezone: str) -> None:
    """Answer trials until nobody asks any more."""
    from ingest.codecs.tracing import ThrowawayPseudonyms, load_watched, trace  # noqa: PLC0415 - the server has no use
    from ingest.reader import Reader  # noqa: PLC0415
    from ioc.runtime.folder_watch import FolderWatch  # noqa: PLC0415
    from ioc.store.catalogue import load_catalogue  # noqa: PLC0415

    catalogue = load_catalogue()
    watch = None if codecs_dir is None else FolderWatch(codecs_dir)
    installed = None
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while line.poll(IDLE_S):
            message, codec = line.recv()
            try:
                if installed is None or (watch is not None and watch.changed()):
                    # Not before all is well, so that a mistake is told again to whoever asks next.
                    installed = None
                    installed = load_watched(codecs_dir, catalogue, pseudonyms=ThrowawayPseudonyms())
                watched = installed
                if codec is not None:
                    watched = watched.with_codec(codec, catalogue, pseudonyms=ThrowawayPseudonyms())
                answer = trace(watched, message, Reader(watched.codecs, catalogue, timezone=timezone))
            except Fault as fault:
                line.send((None, str(fault)))
            else:
                line.send((answer, None))
