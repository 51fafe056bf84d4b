"""Tries codecs on a message for the page, as ingest would read it; nothing is kept."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ioc.model.events import RawMessage
from ioc.runtime.folder_watch import FolderWatch

if TYPE_CHECKING:
    from ingest.codecs.tracing import WatchedCodecs
    from ioc.model.quantities import Catalogue


@dataclass
class CodecTrial:
    """Loads the codecs when somebody first asks, and again when those of the user's folder have changed.

    Attributes:
        codecs_dir: folder of the user's own; None for none.
        timezone: IANA zone of device times that say none.
    """

    codecs_dir: Path | None
    timezone: str
    _loaded: "tuple[WatchedCodecs, Catalogue] | None" = field(default=None, init=False)
    _watch: FolderWatch | None = field(default=None, init=False)

    def __call__(self, message: RawMessage, codec: str | None) -> dict[str, Any]:
        """Try what is installed, and before it the given codec; see `ui.server.codec_trial.TryCodec`.

        Raises:
            Fault: the codec, or one that is installed, cannot be used.
        """
        # A server of which nobody asks this does not carry the codecs.
        from ingest.codecs.tracing import ThrowawayPseudonyms, trace  # noqa: PLC0415
        from ingest.reader import Reader  # noqa: PLC0415

        watched, catalogue = self._codecs()
        if codec is not None:
            watched = watched.with_codec(codec, catalogue, pseudonyms=ThrowawayPseudonyms())
        return trace(watched, message, Reader(watched.codecs, catalogue, timezone=self.timezone))

    def _codecs(self) -> "tuple[WatchedCodecs, Catalogue]":
        from ingest.codecs.tracing import ThrowawayPseudonyms, load_watched  # noqa: PLC0415
        from ioc.store.catalogue import load_catalogue  # noqa: PLC0415

        if self._watch is None and self.codecs_dir is not None:
            self._watch = FolderWatch(self.codecs_dir)
        if self._loaded is None or (self._watch is not None and self._watch.changed()):
            catalogue = load_catalogue()
            # Not before all is well, so that a mistake is told again to whoever asks next.
            self._loaded = None
            self._loaded = load_watched(self.codecs_dir, catalogue, pseudonyms=ThrowawayPseudonyms()), catalogue
        return self._loaded
