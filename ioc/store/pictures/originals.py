"""Unblurred pictures, encrypted: only where the city asks for them, and only whoever has the key file can read one."""

import hashlib
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from ioc.model.faults import Fault
from ioc.store.pictures.files import read_whole, write_whole
from ioc.store.pictures.folder import PictureFolder, PictureGone
from ioc.store.pictures.names import PictureName
from ioc.store.pictures.settings import PictureSettings

KEY_BYTES: Final = 32
"""AES-256."""

_NONCE_BYTES: Final = 12
"""As NIST SP 800-38D, section 8.2 asks for; drawn anew for each picture, which holds for 2³² pictures a key."""

_FORM: Final = b"IOC1"
_MARK_BYTES: Final = 4


class Originals:
    """Reads and writes originals beside the blurred pictures of a folder.

    A file is the form's name, a mark of the key, the nonce, and what AES-GCM (NIST SP 800-38D) made of the picture; the
    picture's id goes into its seal, so that no file can be put in another's place.
    """

    def __init__(self, folder: PictureFolder, key: bytes, days: float) -> None:
        """Take what is needed.

        Args:
            folder: of the blurred pictures.
            key: `KEY_BYTES` long, as `read_key` gives it.
            days: for how many days originals are kept; the folder enforces it.
        """
        # Only where a city keeps originals does a process pay for this library's memory.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        self._folder = folder
        self._days = days
        self._seal = AESGCM(key)
        self._mark = hashlib.sha256(b"ioc key of originals" + key).digest()[:_MARK_BYTES]

    @classmethod
    def of(cls, settings: PictureSettings, folder: PictureFolder) -> "Originals | None":
        """Take what is set; None where no originals are kept.

        Raises:
            Fault: the key file cannot be used.
            ValueError: no key file is set.
        """
        if not settings.originals:
            return None
        if settings.key_file is None:
            raise ValueError("the key file of the originals is not settled")
        return cls(folder, read_key(settings.key_file), settings.keep_original_days)

    def write(self, picture_id: str, jpeg: bytes) -> None:
        """Write the original of a picture that the folder has.

        Raises:
            ValueError: that is no picture's id.
            OSError: the disk is full or cannot be written.
        """
        name = PictureName.read(picture_id)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._seal.encrypt(nonce, jpeg, str(name).encode())
        write_whole(self._folder.original_path(name), _FORM + self._mark + nonce + sealed)

    def read(self, picture_id: str) -> bytes:
        """Read an original. Nobody calls this but `ioc.store.pictures.viewing`, which writes down who looked.

        Raises:
            ValueError: that is no picture's id.
            PictureGone: there is none, any more or at all.
            Fault: it was written with another key, or changed since.
            OSError: it is there and cannot be read.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as above

        name = PictureName.read(picture_id)
        path = self._folder.original_path(name)
        try:
            data = read_whole(path)
        except (FileNotFoundError, NotADirectoryError):
            raise PictureGone(f"The original was kept for {self._days:g} days and is gone.", self._days) from None
        head = len(_FORM) + _MARK_BYTES
        changed = f"{path}: this original was changed or damaged since it was written"
        if not data.startswith(_FORM):
            raise Fault(changed, wrong_use=False)
        if data[len(_FORM) : head] != self._mark:
            raise Fault(f"{path}: this original was encrypted with another key; put the key file back that was used")
        try:
            return self._seal.decrypt(data[head : head + _NONCE_BYTES], data[head + _NONCE_BYTES :], str(name).encode())
        except (InvalidTag, ValueError):
            raise Fault(changed, wrong_use=False) from None


def read_key(path: Path) -> bytes:
    """Read the key of the originals; make it where there is none.

    Raises:
        Fault: the file cannot be read or made, others may read it, or it holds no key.
    """
    try:
        _make_key(path)
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(1_000)
    except OSError as error:
        raise Fault(f"{path}: the key of the originals cannot be read or made: {error.strerror}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Fault(f"{path}: others may read this key; take that from them: chmod 600 {path}")
    try:
        key = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise Fault(f"{path}: expected a key of {2 * KEY_BYTES} hexadecimal digits")
    return key


def _make_key(path: Path) -> None:
    """Make the key file, whole at once, unless somebody has: two processes that start together share one key."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, path)
    except FileExistsError:
        # Another process was quicker; its key holds.
        return
    finally:
        unfinished.unlink()
