"""Originals: only with the key, only where they were put, only as long as is said, and not without a word in the log."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ioc.model.faults import Fault
from ioc.model.instant import DAY
from ioc.store.audit import AuditLog
from ioc.store.connection import StoreUnavailable
from ioc.store.opening import Store, open_store
from ioc.store.pictures import files
from ioc.store.pictures.folder import PictureFolder, PictureGone
from ioc.store.pictures.originals import KEY_BYTES, Originals, read_key
from ioc.store.pictures.settings import PictureSettings
from ioc.store.pictures.viewing import WHAT, view_original

NOW = 1_795_309_200_123_000
KEEP = {"person": 7.0, "scene": 30.0}
BLURRED = b"\xff\xd8blurred\xff\xd9"
FACES = b"\xff\xd8all faces are to be seen here\xff\xd9"


@pytest.fixture
def folder(tmp_path: Path) -> PictureFolder:
    return PictureFolder(tmp_path / "pictures", KEEP, 1.0, original_days=3)


@pytest.fixture
def originals(folder: PictureFolder) -> Originals:
    return Originals(folder, bytes(range(KEY_BYTES)), 3)


@pytest.fixture
def picture(folder: PictureFolder, originals: Originals) -> str:
    picture = folder.write("person", "cam-1", NOW, BLURRED)
    originals.write(picture, FACES)
    return picture


def sealed(folder: PictureFolder) -> list[Path]:
    return [file.path for file in files.walk(folder.root / "originals")]


def test_an_original_is_read_as_it_was_written_and_the_picture_stays_blurred(
    folder: PictureFolder, originals: Originals, picture: str
) -> None:
    assert originals.read(picture) == FACES
    assert folder.read(picture) == BLURRED


def test_nothing_of_an_original_stands_in_its_file(folder: PictureFolder, originals: Originals, picture: str) -> None:
    (first,) = sealed(folder)
    assert b"faces" not in first.read_bytes()
    assert first.stat().st_mode & 0o077 == 0
    before = first.read_bytes()
    originals.write(picture, FACES)
    assert sealed(folder)[0].read_bytes() != before


def test_no_bit_of_an_original_can_be_changed(folder: PictureFolder, originals: Originals, picture: str) -> None:
    (path,) = sealed(folder)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(Fault, match=r"changed or damaged|another key"):
            originals.read(picture)
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(Fault, match=r"changed or damaged|another key"):
            originals.read(picture)


def test_no_original_can_be_put_in_the_place_of_another(
    folder: PictureFolder, originals: Originals, picture: str
) -> None:
    other = folder.write("person", "cam-1", NOW, BLURRED)
    originals.write(other, b"\xff\xd8somebody else\xff\xd9")
    first, second = sealed(folder)
    first.write_bytes(second.read_bytes())
    second.unlink()
    (moved,) = {picture, other} - {str(second.relative_to(folder.root / "originals")).removesuffix(".sealed")}
    with pytest.raises(Fault, match="changed or damaged"):
        originals.read(moved)


def test_another_key_opens_nothing_and_the_sentence_says_so(folder: PictureFolder, picture: str) -> None:
    with pytest.raises(Fault, match="another key; put the key file back"):
        Originals(folder, bytes(KEY_BYTES), 3).read(picture)


def test_originals_have_a_retention_of_their_own_that_no_incident_lengthens(
    folder: PictureFolder, originals: Originals, picture: str
) -> None:
    assert folder.usage().pictures == {"person": 1, "originals": 1}
    assert folder.tidy(NOW + 3 * DAY - 1_000, {picture}).originals == 0
    assert folder.tidy(NOW + 3 * DAY, {picture}).originals == 1
    assert folder.read(picture) == BLURRED
    with pytest.raises(PictureGone, match="original was kept for 3 days"):
        originals.read(picture)


def test_where_originals_are_no_longer_kept_those_that_are_left_go_at_once(folder: PictureFolder, picture: str) -> None:
    without = PictureFolder(folder.root, KEEP, 1.0)
    assert without.tidy(NOW, {picture}).originals == 1
    assert sealed(folder) == []
    assert without.read(picture) == BLURRED


def test_where_there_is_no_room_an_original_goes_before_its_picture(folder: PictureFolder, picture: str) -> None:
    narrow = PictureFolder(folder.root, KEEP, len(BLURRED) / 1e9, original_days=3)
    done = narrow.tidy(NOW, ())
    assert (done.originals, done.crowded_out) == (1, 0)
    assert narrow.read(picture) == BLURRED


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "pictures.key"
    key = read_key(path)
    assert len(key) == KEY_BYTES
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_key(path) == key
    assert list(path.parent.iterdir()) == [path]
    assert read_key(tmp_path / "other.key") != key


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pictures.key"
    read_key(path)
    path.chmod(0o640)
    with pytest.raises(Fault, match="chmod 600"):
        read_key(path)


@pytest.mark.parametrize("text", ["", "abc", "00" * 31, "zz" * 32, "\xff" * 64])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pictures.key"
    path.touch(0o600)
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(Fault, match="64 hexadecimal digits"):
        read_key(path)


def test_a_key_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Fault, match="cannot be read or made"):
        read_key(tmp_path / "file" / "pictures.key")


def test_settings_say_whether_originals_are_kept(tmp_path: Path) -> None:
    settings = PictureSettings(folder=tmp_path / "pictures", key_file=tmp_path / "pictures.key")
    assert Originals.of(settings, PictureFolder.of(settings)) is None
    assert not (tmp_path / "pictures.key").exists()
    asked = settings.model_copy(update={"originals": True})
    folder = PictureFolder.of(asked)
    originals = Originals.of(asked, folder)
    assert originals is not None
    picture = folder.write("person", "cam-1", NOW, BLURRED)
    originals.write(picture, FACES)
    again = Originals.of(asked, folder)
    assert again is not None
    assert again.read(picture) == FACES
    with pytest.raises(ValueError, match="key file"):
        Originals.of(PictureSettings(originals=True), folder)


@dataclass
class Away:
    """An audit log whose store is away."""

    async def append(self, **_: object) -> None:
        raise StoreUnavailable("The store is away.")


@pytest.fixture
async def store(embedded_store: str) -> AsyncIterator[Store]:
    async with open_store(embedded_store) as opened:
        yield opened


async def test_whoever_sees_an_original_stands_in_the_log(store: Store, originals: Originals, picture: str) -> None:
    audit = AuditLog(store.connection)
    seen = await view_original(originals, audit, picture, who="Lan", reason="Vụ 12/2026", at=NOW)
    assert seen == FACES
    (entry,) = await audit.entries()
    assert (entry.who, entry.what, entry.subject, entry.reason, entry.at) == ("Lan", WHAT, picture, "Vụ 12/2026", NOW)


async def test_where_the_log_cannot_be_written_nobody_sees_anything(originals: Originals, picture: str) -> None:
    with pytest.raises(StoreUnavailable):
        await view_original(originals, Away(), picture, who="Lan", reason="Vụ 12", at=NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(("who", "reason"), [("", "Vụ 12"), ("Lan", " "), ("Lan", "x" * 1_001)])
async def test_without_a_name_and_a_reason_nobody_sees_anything(
    store: Store, originals: Originals, picture: str, who: str, reason: str
) -> None:
    audit = AuditLog(store.connection)
    with pytest.raises(ValueError, match=r"who|reason"):
        await view_original(originals, audit, picture, who=who, reason=reason, at=NOW)
    assert await audit.entries() == []


async def test_whoever_asked_for_an_original_that_is_gone_stands_in_the_log_too(
    store: Store, folder: PictureFolder, originals: Originals, picture: str
) -> None:
    folder.tidy(NOW + 3 * DAY, ())
    audit = AuditLog(store.connection)
    with pytest.raises(PictureGone):
        await view_original(originals, audit, picture, who="Lan", reason="Vụ 12", at=NOW)
    assert len(await audit.entries()) == 1
