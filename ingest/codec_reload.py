"""Takes up codecs that change while ingest runs; where one has a mistake, the last good ones stay at work."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from ingest.codecs.folder import CodecFolder
from ingest.codecs.registry import Codecs
from ioc.model.faults import Fault
from ioc.runtime.logging import Log

LOOK_S: Final = 1.0
"""Seconds between two looks at the folder: what is dropped into it is live within two."""

_LOG = Log("ingest")


class ReadsWithCodecs(Protocol):
    """Whoever reads messages; from one message to the next it may be given other codecs."""

    codecs: Codecs


async def follow_codecs(folder: CodecFolder, reader: ReadsWithCodecs, note: Callable[[str | None], None]) -> None:
    """Look at the folder, again and again, until cancelled.

    Args:
        folder: the codecs, loaded already.
        reader: is given the new ones, all at once, between two batches.
        note: takes what is wrong, with file, line and column; None where all is well again.
    """
    while True:
        await asyncio.sleep(LOOK_S)
        try:
            # Compiling takes milliseconds that the message loop should not wait for.
            codecs = await asyncio.to_thread(folder.reload)
        except Fault as mistake:
            _LOG.error("a codec cannot be used; the last good ones stay at work", mistake=str(mistake))
            note(str(mistake))
        else:
            if codecs is not None:
                reader.codecs = codecs
                _LOG.info("codecs have changed and are at work", codecs=len(codecs.names))
                note(None)
