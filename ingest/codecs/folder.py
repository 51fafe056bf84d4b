"""The codecs that are at work: those that ship and those of a folder that may change at any time."""

from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from ingest.codecs.changes import Pseudonymiser
from ingest.codecs.memory import Memory
from ingest.codecs.messages import Message
from ingest.codecs.registry import SHIPPED, Codecs, compile_codec
from ingest.codecs.topics import Claim
from ioc.model.faults import Fault
from ioc.model.quantities import Catalogue
from ioc.runtime.folder_watch import FolderWatch
from ioc.runtime.marked_yaml import read_marked_file, yaml_files


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A codec's file as it was when it was compiled."""

    digest: bytes
    name: str
    claims: tuple[Claim[Message], ...]


class CodecFolder:
    """Loads all codecs, and again those whose files have changed.

    What has not changed is not compiled anew, and what readers in code remember (the aliases of a Sparkplug node, what
    Home Assistant's discovery announced) outlives every change.
    """

    def __init__(
        self,
        user_dir: Path | None,
        catalogue: Catalogue,
        *,
        shipped: Path = SHIPPED,
        pseudonyms: Pseudonymiser | None = None,
    ) -> None:
        """Take where they are; nothing is read before `load`.

        Args:
            user_dir: folder of the user's own; None for none.
            catalogue: the known quantities.
            shipped: folder of the shipped codecs, which nobody changes while the program runs.
            pseudonyms: stands in for the addresses of people's devices; None: they are dropped.
        """
        self._user_dir = user_dir
        self._shipped = shipped
        self._catalogue = catalogue
        self._pseudonyms = pseudonyms
        self._memory = Memory()
        self._compiled: dict[Path, _Compiled] = {}
        self._watch: FolderWatch | None = None

    def load(self) -> Codecs:
        """Read all codecs; the user's come before those that ship where priorities are equal.

        Raises:
            Misplaced: a mistake in a codec, with file, line and column.
            Fault: the user's folder is not there.
        """
        if self._user_dir is not None:
            if not self._user_dir.is_dir():
                raise Fault(f"the folder of codecs {self._user_dir} is not there; create it, or change codecs_dir")
            # Before the reading, so that what changes meanwhile is seen the next time.
            self._watch = self._watch or FolderWatch(self._user_dir)
        compiled: dict[Path, _Compiled] = {}
        owners: dict[str, Path] = {}
        claims: list[Claim[Message]] = []
        for folder in (self._user_dir, self._shipped):
            for path in yaml_files(folder) if folder is not None else ():
                codec = self._compile(path, owners, own=folder is self._user_dir)
                if codec is None:
                    continue
                compiled[path] = codec
                rank = len(owners)
                owners[codec.name] = path
                claims += [replace(claim, rank=(claim.rank[0], rank, *claim.rank[2:])) for claim in codec.claims]
        self._compiled = compiled
        return Codecs(claims, owners, self._memory)

    def reload(self) -> Codecs | None:
        """Load anew where a file was added, changed or removed since the last time; None where none was.

        Raises:
            Misplaced: a mistake in a codec, with file, line and column; said once, until something changes again.
            Fault: the user's folder is not there any more.
        """
        if self._watch is None or not self._watch.changed():
            return None
        return self.load()

    def _compile(self, path: Path, owners: dict[str, Path], *, own: bool) -> _Compiled | None:
        """Give the codec of a file; None where there is none in it, or a user's replaces it."""
        known = self._compiled.get(path)
        if known is not None and not own:
            return None if known.name in owners else known
        document = read_marked_file(path)
        if document is None:
            return None
        digest = blake2b(document.document.encode("utf-8", "surrogatepass")).digest()
        name_node = document.mapping(required=("codec",))["codec"]
        name = name_node.text()
        if name in owners:
            if own:
                raise name_node.wrong(f"the codec {name!r} stands in {owners[name]} already")
            return None
        if known is not None and known.digest == digest:
            return known
        claims = tuple(compile_codec(document, 0, self._catalogue, self._pseudonyms, self._memory))
        return _Compiled(digest, name, claims)
