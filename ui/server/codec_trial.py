"""What the page asks of codecs: what one would make of a message. Who starts the server says how it is found out."""

from typing import Any, Protocol

from ioc.model.events import RawMessage


class TryCodec(Protocol):
    """Shows what codecs make of a message, step by step; nothing is kept and nobody is told.

    The answer is plain data, ready to be written as JSON:

    - `codec`: the name of the codec that took the message; None where none did.
    - `steps`: what was done, in order, each with `what`, `at` (where the codec says so, "file:line:column", or
      None), `found` (what it gave, or None), `error` (why it could not be done, or None) and `inner` (what was
      done for it, in the same form).
    - `events`: what came of it, as event JSON.
    - `rejected`: sentences that say what could not be read.
    - `nearest`: the codecs that came nearest where none took it, each with `codec` and `why`.

    It is called in a thread of its own, one call at a time.
    """

    def __call__(self, message: RawMessage, codec: str | None) -> dict[str, Any]:
        """Try the codec, or all installed ones.

        Args:
            message: what is to be read.
            codec: a codec as YAML, tried alone; None tries the installed ones as ingest would.

        Raises:
            Fault: the codec cannot be used; the sentence says why, with line and column.
        """
        ...
