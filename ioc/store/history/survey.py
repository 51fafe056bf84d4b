"""What lies in the history right now: which files count, which are damaged, and which stand in for others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ioc.store.history.footer import Damaged, Footer, read_footer
from ioc.store.history.layout import HistoryFile, Position, list_files


@dataclass(frozen=True, slots=True)
class Damage:
    """A file, or a part of one, that could not be read, and why."""

    path: Path
    why: str

    def __str__(self) -> str:
        """Write it as one line."""
        return f"{self.path}: {self.why}"


@dataclass(frozen=True, slots=True)
class Sound:
    """A file that counts, and what it says of itself."""

    file: HistoryFile
    footer: Footer


@dataclass(frozen=True, slots=True)
class Survey:
    """What lies in the history.

    Attributes:
        sound: the files that count, in order of arrival; their ranges are apart.
        damaged: those that cannot be read.
        spent: those whose events are all in a larger file that counts; they can be removed.
    """

    sound: tuple[Sound, ...]
    damaged: tuple[Damage, ...]
    spent: tuple[HistoryFile, ...]


class Footers:
    """Reads what files say of themselves, each file once: a file of the history never changes."""

    def __init__(self) -> None:
        """Begin knowing nothing."""
        self._known: dict[Path, Footer | Damaged] = {}

    def of(self, path: Path) -> Footer:
        """Give what a file says of itself.

        Raises:
            Damaged: it is no such file, or not all of it.
            FileNotFoundError: it has gone.
        """
        known = self._known.get(path)
        if known is None:
            try:
                known = read_footer(path)
            except Damaged as damaged:
                known = damaged
            self._known[path] = known
        if isinstance(known, Damaged):
            raise known
        return known

    def keep_only(self, paths: Sequence[Path]) -> None:
        """Forget all other files."""
        if len(self._known) > len(paths):
            wanted = set(paths)
            self._known = {path: known for path, known in self._known.items() if path in wanted}


def survey(folder: Path, footers: Footers, *, not_before: Position = (0, 0)) -> Survey:
    """Look at what lies in a history.

    A file whose whole range another one covers has been merged into it and was not removed yet: it is spent, if the
    larger one can be read, and takes its place if not.

    Args:
        folder: of the history.
        footers: what is known of files already.
        not_before: files that end before this position are passed over unseen.

    Raises:
        OSError: the folder cannot be read.
    """
    listed = list_files(folder)
    footers.keep_only([file.path for file in listed])
    return survey_of([file for file in listed if file.last >= not_before], footers)


def survey_of(files: Iterable[HistoryFile], footers: Footers) -> Survey:
    """Look at some files of a history; see `survey`."""
    sound: list[Sound] = []
    damaged: list[Damage] = []
    spent: list[HistoryFile] = []
    for file in sorted(files, key=lambda each: (each.first, (-each.last[0], -each.last[1]))):
        before = sound[-1].file if sound else None
        if before is not None and before.covers(file):
            spent.append(file)
            continue
        try:
            footer = footers.of(file.path)
        except FileNotFoundError:
            continue
        except Damaged as damage:
            damaged.append(Damage(file.path, str(damage)))
            continue
        if before is not None and file.first <= before.last:
            damaged.append(Damage(file.path, f"it overlaps with {before.path.name}, which is read in its place"))
            continue
        sound.append(Sound(file, footer))
    return Survey(tuple(sound), tuple(damaged), tuple(spent))
