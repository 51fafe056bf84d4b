"""Files that hold one picture each: written whole or not at all, readable by their owner only, and counted."""

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LEAST_FREE: Final = 500_000_000
"""Bytes that pictures leave free on their disk, which often is the store's as well."""

UNFINISHED: Final = ".part"
"""What the name of a file ends with until it is whole."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file as the folder lists it.

    Attributes:
        size: bytes.
        modified: when it was written by the file system's clock, seconds since 1970.
    """

    path: Path
    size: int
    modified: float


def write_whole(path: Path, data: bytes) -> None:
    """Write a file such that whoever opens it finds all of it; what was there before is replaced.

    It is not forced onto the disk: a power cut may lose the last seconds' pictures, and forcing each would cost the
    process that looks at all cameras some 10 ms of waiting a picture.

    Raises:
        OSError: the disk is full, nearly full, or cannot be written; nothing is left behind then.
    """
    folder = path.parent
    try:
        _write(folder, path, data)
    except FileNotFoundError:
        # Whoever tidies took the folder away, empty as it was, the moment after it was made.
        _write(folder, path, data)


def _write(folder: Path, path: Path, data: bytes) -> None:
    _make(folder)
    if shutil.disk_usage(folder).free < LEAST_FREE + len(data):
        raise OSError(errno.ENOSPC, f"less than {LEAST_FREE // 1_000_000} MB are free", str(folder))
    unfinished = folder / f".{secrets.token_hex(8)}{UNFINISHED}"
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def _make(folder: Path) -> None:
    """Make a folder and those above it, each for its owner only, which `parents=True` does not say of the latter."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def read_whole(path: Path) -> bytes:
    """Read a file, unless it is a link to another.

    Raises:
        OSError: it is not there, is a link, or cannot be read.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        return file.read()


def remove(path: Path) -> bool:
    """Remove a file, and say whether this call did it."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def walk(folder: Path, unreadable: Callable[[Path], None] = lambda _: None) -> Iterator[KeptFile]:
    """List all files below a folder; what goes away meanwhile is passed over, links are not followed.

    Args:
        folder: where to look; none is there: nothing is listed.
        unreadable: is told of each folder and file below that cannot be looked at, such as a file system's lost+found;
            the rest is listed.

    Raises:
        OSError: the folder itself cannot be listed.
    """
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            path = Path(entry.path)
            try:
                if entry.is_dir(follow_symlinks=False):
                    yield from walk(path, unreadable)
                    continue
                state = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            except OSError:
                unreadable(path)
                continue
            yield KeptFile(path, state.st_size, state.st_mtime)
