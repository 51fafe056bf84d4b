"""What the page asks of codecs: what they would make of a message. Who starts the server says how it is found out."""

from typing import Any, Protocol

from ioc.model.events import RawMessage


class TryCodec(Protocol):
    """Shows what codecs make of a message, step by step; nothing is kept and nobody is told.

    The answer is plain data, ready to be written as JSON, in the form of `ui.server.schemas.CodecTrial`.
    It is called in a thread of its own, one call at a time.
    """

    def __call__(self, message: RawMessage, codec: str | None) -> dict[str, Any]:
        """Try what ingest has installed, and before it the given codec.

        Args:
            message: what is to be read.
            codec: a codec as YAML, which replaces an installed one of the same name; None for the installed ones.

        Raises:
            Fault: the codec cannot be used; the sentence says why, with line and column.
        """
        ...
