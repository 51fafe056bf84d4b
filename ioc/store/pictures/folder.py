"""The folder of pictures: writes, reads and lists them, and removes each when its time is over."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ioc.model.instant import DAY, HOUR, MINUTE, SECOND, Instant
from ioc.store.pictures.files import UNFINISHED, KeptFile, read_whole, remove, walk, write_whole
from ioc.store.pictures.names import LIVE, ORIGINALS, PictureName, checked_asset
from ioc.store.pictures.settings import PictureSettings

LIVE_FOR: Final = 2 * MINUTE
"""How long a live picture stays that nobody has replaced or taken away."""

_JPEG: Final = b"\xff\xd8"
_GIGABYTE: Final = 1_000_000_000


class PictureGone(Exception):
    """A picture that is not there any more, or never was; its text is a sentence for people.

    Attributes:
        kept_days: for how many days pictures of its class are kept.
    """

    def __init__(self, sentence: str, kept_days: float) -> None:
        """Take the sentence, and how long such pictures are kept."""
        super().__init__(sentence)
        self.kept_days = kept_days


@dataclass(frozen=True, slots=True)
class Usage:
    """What lies in the folder.

    Attributes:
        pictures: how many, by class; unblurred ones are counted as "originals".
        bytes: of all of them.
    """

    pictures: Mapping[str, int]
    bytes: int


@dataclass(slots=True)
class Tidied:
    """What one round of tidying did.

    Attributes:
        expired: pictures removed because their time was over.
        crowded_out: pictures removed before their time, the oldest first, because the folder was full.
        originals: unblurred pictures removed, for either reason.
        held: pictures whose time is over and that an open incident holds.
        bytes: what is left.
        over: bytes above the limit that only open incidents hold; somebody must close some, or raise the limit.
        failed: files that could not be removed, and files and folders that could not be looked at.
    """

    expired: int = 0
    crowded_out: int = 0
    originals: int = 0
    held: int = 0
    bytes: int = 0
    over: int = 0
    failed: int = 0


@dataclass(slots=True)
class _Listed:
    """What a walk over the folder found, and what it could not look at."""

    pictures: list[tuple[PictureName, KeptFile]] = field(default_factory=list)
    originals: list[tuple[PictureName, KeptFile]] = field(default_factory=list)
    others: list[KeptFile] = field(default_factory=list)
    unreadable: list[Path] = field(default_factory=list)


class PictureFolder:
    """Blurred pictures by class and day, one live picture a camera, and originals where the city keeps any.

    Several processes may use one folder: one writes, others read, any may tidy. All methods block on the disk.

    Attributes:
        root: where it is.
    """

    def __init__(
        self, root: Path, keep: Mapping[str, float], most_gb: float, *, original_days: float | None = None
    ) -> None:
        """Say what is kept; nothing is touched yet.

        Args:
            root: the folder; made with the first picture, for its owner only.
            keep: days for which pictures are kept, by class; the classes that can be written.
            most_gb: gigabytes (10⁹ bytes) of everything that is kept, originals included.
            original_days: days for which originals are kept; None: none are, and such as are found go at once.
        """
        self.root = root
        self._keep = dict(keep)
        self._most = round(most_gb * _GIGABYTE)
        self._original_days = original_days

    @classmethod
    def of(cls, settings: PictureSettings) -> "PictureFolder":
        """Take what is set; the folder must be.

        Raises:
            ValueError: no folder is set.
        """
        if settings.folder is None:
            raise ValueError("the folder of pictures is not settled")
        original_days = settings.keep_original_days if settings.originals else None
        return cls(settings.folder, settings.keep_days, settings.keep_gb, original_days=original_days)

    def write(self, picture_class: str, asset: str, at: Instant, jpeg: bytes) -> str:
        """Write a picture.

        Args:
            picture_class: one of those that are kept.
            asset: the camera.
            at: when it was taken, µs since 1970.
            jpeg: without faces, without metadata: whoever calls answers for that.

        Returns:
            Its id, by which `read` finds it.

        Raises:
            ValueError: no such class, no such asset.
            OSError: the disk is full or cannot be written.
        """
        if picture_class not in self._keep:
            raise ValueError(
                f"nothing says how long pictures of {picture_class!r} are kept; known: {', '.join(self._keep)}"
            )
        name = PictureName.new(picture_class, asset, at)
        write_whole(self.root / name.path, jpeg)
        return str(name)

    def read(self, picture_id: str) -> bytes:
        """Read a picture.

        Raises:
            ValueError: that is no picture's id.
            PictureGone: there is none of that id, any more or at all.
            OSError: it is there and cannot be read.
        """
        name = PictureName.read(picture_id)
        days = self.days_kept(name.picture_class)
        try:
            data = read_whole(self.root / name.path)
        except (FileNotFoundError, NotADirectoryError):
            data = b""
        if not data.startswith(_JPEG):
            raise PictureGone(f"The picture was kept for {days:g} days and is gone.", days)
        return data

    def days_kept(self, picture_class: str) -> float:
        """Say for how many days pictures of a class are kept; of one that nobody speaks of, as the shortest."""
        return self._keep.get(picture_class, min(self._keep.values(), default=0.0))

    def original_path(self, name: PictureName) -> Path:
        """Say where the encrypted original of a picture lies."""
        return self.root / ORIGINALS / f"{name}.sealed"

    def write_live(self, asset: str, jpeg: bytes) -> None:
        """Replace the live picture of a camera; blurred, without metadata, as all others.

        Raises:
            ValueError: no such asset.
            OSError: the disk is full or cannot be written.
        """
        write_whole(self._live(asset), jpeg)

    def read_live(self, asset: str) -> bytes | None:
        """Read the live picture of a camera; None where there is none.

        Raises:
            ValueError: no such asset.
            OSError: it is there and cannot be read.
        """
        path = self._live(asset)
        try:
            return read_whole(path)
        except FileNotFoundError:
            return None

    def forget_live(self, asset: str) -> None:
        """Remove the live picture of a camera that nobody watches any more.

        Raises:
            ValueError: no such asset.
        """
        remove(self._live(asset))

    def usage(self) -> Usage:
        """Count what lies here.

        Raises:
            OSError: the folder itself cannot be listed.
        """
        listed = self._list()
        counts: dict[str, int] = {}
        for name, _ in listed.pictures:
            counts[name.picture_class] = counts.get(name.picture_class, 0) + 1
        if listed.originals:
            counts[ORIGINALS] = len(listed.originals)
        return Usage(counts, sum(file.size for _, file in (*listed.pictures, *listed.originals)))

    def tidy(self, now: Instant, wanted: Collection[str]) -> Tidied:
        """Remove what is not to be kept any longer.

        First what is older than its class allows, then the oldest of all while there is more than the limit. Pictures
        that open incidents hold stay for either reason; their originals do not. Several processes may tidy at the same
        time: each counts what it removed itself.

        Args:
            now: µs since 1970.
            wanted: ids of the pictures that open incidents hold.

        Raises:
            OSError: the folder itself cannot be listed.
        """
        listed = self._list()
        done = Tidied(failed=len(listed.unreadable))
        for file in listed.others:
            self._sweep(file, now, done)
        left: list[tuple[PictureName, KeptFile, bool]] = []
        for name, file in listed.originals:
            if self._original_days is None or now - name.at >= self._original_days * DAY:
                done.originals += bool(_removed(file, done))
            else:
                left.append((name, file, True))
        held_bytes = 0
        for name, file in listed.pictures:
            over = now - name.at >= self.days_kept(name.picture_class) * DAY
            if str(name) in wanted:
                done.held += over
                held_bytes += file.size
            elif over:
                done.expired += bool(_removed(file, done))
            else:
                left.append((name, file, False))
        done.bytes = held_bytes + sum(file.size for _, file, _ in left)
        # Of one moment, the original goes first.
        for _, file, original in sorted(left, key=lambda each: (each[0].at, not each[2])):
            if done.bytes <= self._most:
                break
            removed = _removed(file, done)
            if removed is None:
                continue
            # Also where another round took it: else newer pictures would go in its place.
            done.bytes -= file.size
            done.originals += removed and original
            done.crowded_out += removed and not original
        done.over = max(0, done.bytes - self._most)
        self._remove_empty_days()
        return done

    def _sweep(self, file: KeptFile, now: Instant, done: Tidied) -> None:
        """Remove live pictures of which nobody takes care, and what a process left half written when it died."""
        age = now - int(file.modified * SECOND)
        is_live = file.path.parent == self.root / LIVE and file.path.suffix == ".jpg"
        if (is_live and age >= LIVE_FOR) or (file.path.name.endswith(UNFINISHED) and age >= HOUR):
            _removed(file, done)

    def _list(self) -> _Listed:
        listed = _Listed()
        for file in walk(self.root, listed.unreadable.append):
            parts = file.path.relative_to(self.root).as_posix()
            try:
                if parts.startswith(f"{ORIGINALS}/") and parts.endswith(".sealed"):
                    name = PictureName.read(parts.removeprefix(f"{ORIGINALS}/").removesuffix(".sealed"))
                    listed.originals.append((name, file))
                else:
                    listed.pictures.append((PictureName.read(parts), file))
            except ValueError:
                listed.others.append(file)
        return listed

    def _remove_empty_days(self) -> None:
        """Remove folders of days of which nothing is left; today's is made again with its next picture."""
        for pattern in ("*/????-??-??", f"{ORIGINALS}/*/????-??-??"):
            try:
                days = list(self.root.glob(pattern))
            except OSError:
                # What cannot be looked at is counted already; empty folders cost nothing.
                continue
            for day in days:
                with suppress(OSError):
                    # Most are not empty.
                    day.rmdir()

    def _live(self, asset: str) -> Path:
        return self.root / LIVE / f"{checked_asset(asset)}.jpg"


def _removed(file: KeptFile, done: Tidied) -> bool | None:
    """Remove a file, and say whether this round did it and not another; None where it stays, which is counted."""
    try:
        return remove(file.path)
    except OSError:
        done.failed += 1
        return None
