"""Noticing that a folder of files has changed, by asking now and then."""

from pathlib import Path

from ioc.runtime.marked_yaml import yaml_files

_Seen = tuple[tuple[str, int, int], ...]


class FolderWatch:
    """Remembers names, sizes and times of a folder's YAML files."""

    def __init__(self, folder: Path) -> None:
        """Remember the folder as it is now."""
        self._folder = folder
        self._seen = self._look()

    def changed(self) -> bool:
        """Whether anything is different from the last time somebody asked."""
        now = self._look()
        different = now != self._seen
        self._seen = now
        return different

    def _look(self) -> _Seen:
        seen = []
        try:
            for path in yaml_files(self._folder):
                status = path.stat()
                seen.append((str(path), status.st_mtime_ns, status.st_size))
        except OSError:
            # A file that goes while it is looked at is a change; the next look shows the rest.
            seen.append(("", 0, len(seen)))
        return tuple(seen)
