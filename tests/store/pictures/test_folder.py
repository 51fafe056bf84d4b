"""The folder of pictures: whole files only, each kept as long as its class says and as there is room, no longer."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ioc.model.instant import DAY, HOUR, MILLISECOND, MINUTE, SECOND
from ioc.store.pictures import files
from ioc.store.pictures.folder import LIVE_FOR, PictureFolder, PictureGone, Tidied
from ioc.store.pictures.names import PictureName
from ioc.store.pictures.settings import PictureSettings

NOW = 1_795_309_200_123_000
KEEP = {"person": 7.0, "vehicle": 30.0, "scene": 30.0}
JPEG = b"\xff\xd8picture\xff\xd9"


@pytest.fixture
def folder(tmp_path: Path) -> PictureFolder:
    return PictureFolder(tmp_path / "pictures", KEEP, 1.0)


def lying(folder: PictureFolder) -> set[str]:
    return {str(file.path.relative_to(folder.root)) for file in files.walk(folder.root)}


def test_a_picture_is_read_as_it_was_written(folder: PictureFolder) -> None:
    picture = folder.write("person", "cam-1", NOW, JPEG)
    assert picture.startswith("person/2026-11-22/cam-1-1795309200123-")
    assert folder.read(picture) == JPEG
    assert folder.usage().pictures == {"person": 1}
    assert folder.usage().bytes == len(JPEG)


def test_pictures_are_readable_by_their_owner_only(folder: PictureFolder) -> None:
    picture = folder.write("person", "cam-1", NOW, JPEG)
    assert (folder.root / picture).stat().st_mode & 0o077 == 0
    assert folder.root.stat().st_mode & 0o077 == 0


def test_settings_say_what_is_kept(tmp_path: Path) -> None:
    folder = PictureFolder.of(PictureSettings(folder=tmp_path, keep_person_days=2))
    picture = folder.write("person", "cam-1", NOW, JPEG)
    assert folder.tidy(NOW + 2 * DAY, ()).expired == 1
    with pytest.raises(PictureGone, match="kept for 2 days") as gone:
        folder.read(picture)
    assert gone.value.kept_days == 2
    with pytest.raises(ValueError, match="not settled"):
        PictureFolder.of(PictureSettings())


def test_a_class_that_nothing_says_how_long_to_keep_is_not_written(folder: PictureFolder) -> None:
    with pytest.raises(ValueError, match="known: person, vehicle, scene"):
        folder.write("animal", "cam-1", NOW, JPEG)
    assert not folder.root.exists()


@pytest.mark.parametrize("left", [b"", b"half a pict"])
def test_a_file_that_a_power_cut_emptied_is_no_picture(folder: PictureFolder, left: bytes) -> None:
    picture = folder.write("scene", "cam-1", NOW, JPEG)
    (folder.root / picture).write_bytes(left)
    with pytest.raises(PictureGone, match="kept for 30 days"):
        folder.read(picture)


def test_links_are_not_followed(folder: PictureFolder, tmp_path: Path) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(JPEG)
    picture = folder.write("scene", "cam-1", NOW, JPEG)
    (folder.root / picture).unlink()
    (folder.root / picture).symlink_to(secret)
    with pytest.raises(OSError, match="symbolic link"):
        folder.read(picture)


def test_a_write_that_fails_leaves_nothing_behind(folder: PictureFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="No space"):
        folder.write("scene", "cam-1", NOW, JPEG)
    assert lying(folder) == set()


def test_a_disk_that_is_nearly_full_takes_no_pictures(folder: PictureFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=files.LEAST_FREE))
    with pytest.raises(OSError, match="500 MB"):
        folder.write("scene", "cam-1", NOW, JPEG)
    assert lying(folder) == set()


def test_a_folder_that_is_tidied_away_while_a_picture_is_written_is_made_again(
    folder: PictureFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, tries = shutil.disk_usage, []

    def tidy_meanwhile(place: Path) -> object:
        answer = free(place)
        if not tries:
            tries.append(place)
            place.rmdir()
        return answer

    monkeypatch.setattr(shutil, "disk_usage", tidy_meanwhile)
    assert folder.read(folder.write("scene", "cam-1", NOW, JPEG)) == JPEG
    assert tries


def test_each_class_is_kept_as_long_as_is_said_and_no_longer(folder: PictureFolder) -> None:
    person, scene = (folder.write(each, "cam-1", NOW, JPEG) for each in ("person", "scene"))
    assert folder.tidy(NOW + 7 * DAY - MILLISECOND, ()).expired == 0
    done = folder.tidy(NOW + 7 * DAY, ())
    assert (done.expired, done.bytes) == (1, len(JPEG))
    with pytest.raises(PictureGone):
        folder.read(person)
    assert folder.read(scene) == JPEG
    assert folder.tidy(NOW + 30 * DAY, ()).expired == 1
    assert lying(folder) == set()


def test_days_that_are_empty_go_with_their_last_picture(folder: PictureFolder) -> None:
    folder.write("person", "cam-1", NOW, JPEG)
    folder.tidy(NOW + 30 * DAY, ())
    assert list((folder.root / "person").iterdir()) == []


def test_a_class_that_is_no_longer_set_goes_with_the_shortest(tmp_path: Path) -> None:
    before = PictureFolder(tmp_path, {"animal": 90.0}, 1.0)
    before.write("animal", "cam-1", NOW, JPEG)
    after = PictureFolder(tmp_path, KEEP, 1.0)
    assert after.tidy(NOW + 7 * DAY, ()).expired == 1


def test_pictures_of_open_incidents_stay_until_these_are_closed(folder: PictureFolder) -> None:
    held, other = (folder.write("person", "cam-1", NOW, JPEG) for _ in range(2))
    done = folder.tidy(NOW + 90 * DAY, {held})
    assert (done.expired, done.held) == (1, 1)
    assert folder.read(held) == JPEG
    with pytest.raises(PictureGone):
        folder.read(other)
    assert folder.tidy(NOW + 90 * DAY, ()).expired == 1


def test_of_more_than_there_is_room_for_the_oldest_go(tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path, KEEP, 25e-9)
    pictures = [folder.write("scene", f"cam-{n}", NOW + n * MINUTE, b"\xff\xd8" + bytes(8)) for n in range(4)]
    done = folder.tidy(NOW + HOUR, {pictures[0]})
    assert (done.crowded_out, done.bytes, done.over) == (2, 20, 0)
    assert lying(folder) == {pictures[0], pictures[3]}


@pytest.mark.parametrize("before", [0, 1, 2])
def test_two_that_tidy_at_the_same_time_remove_no_more_than_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    first, second = (PictureFolder(tmp_path, KEEP, 25e-9) for _ in range(2))
    pictures = [first.write("scene", f"cam-{n}", NOW + n * MINUTE, b"\xff\xd8" + bytes(8)) for n in range(5)]
    unlink, removed = Path.unlink, []
    others: list[Tidied] = []

    def let_the_other_in(path: Path, missing_ok: bool = False) -> None:
        # The first has listed all and removed some when the second tidies from beginning to end.
        if len(removed) == before:
            with monkeypatch.context() as alone:
                alone.setattr(Path, "unlink", unlink)
                others.append(second.tidy(NOW + HOUR, ()))
        removed.append(path)
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", let_the_other_in)
    done = first.tidy(NOW + HOUR, ())
    (other,) = others
    assert lying(first) == set(pictures[3:])
    assert (done.crowded_out, other.crowded_out) == (before, 3 - before)
    assert (done.bytes, other.bytes, done.failed) == (20, 20, 0)


def test_what_open_incidents_hold_above_the_limit_is_said(tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path, KEEP, 15e-9)
    pictures = [folder.write("scene", "cam-1", NOW, b"\xff\xd8" + bytes(8)) for _ in range(3)]
    done = folder.tidy(NOW, pictures)
    assert (done.crowded_out, done.bytes, done.over) == (0, 30, 15)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    taken=st.lists(
        st.tuples(st.sampled_from(sorted(KEEP)), st.integers(0, 60 * 24), st.integers(2, 40), st.booleans()),
        max_size=12,
    ),
    most=st.integers(0, 200),
    now=st.integers(0, 60 * 24),
)
def test_after_tidying_nothing_is_older_or_larger_than_allowed_unless_held(
    tmp_path_factory: pytest.TempPathFactory,
    taken: list[tuple[str, int, int, bool]],
    most: int,
    now: int,
) -> None:
    folder = PictureFolder(tmp_path_factory.mktemp("pictures"), KEEP, most / 1e9)
    held = set()
    for picture_class, hours, size, is_held in taken:
        picture = folder.write(picture_class, "cam-1", NOW + hours * HOUR, b"\xff\xd8" + bytes(size - 2))
        held |= {picture} if is_held else set()
    done = folder.tidy(NOW + now * HOUR, held)
    left = lying(folder)
    assert held <= left
    free = [PictureName.read(each) for each in left - held]
    assert all(NOW + now * HOUR - name.at < KEEP[name.picture_class] * DAY for name in free)
    total = sum((folder.root / each).stat().st_size for each in left)
    assert total == done.bytes
    assert total <= most or not free
    assert done.over == max(0, total - most)
    assert done.expired + done.crowded_out == len(taken) - len(left)


def test_the_live_picture_is_the_last_one_and_goes_when_nobody_takes_care_of_it(folder: PictureFolder) -> None:
    assert folder.read_live("cam-1") is None
    folder.write_live("cam-1", b"first")
    folder.write_live("cam-1", b"second")
    assert folder.read_live("cam-1") == b"second"
    assert len(lying(folder)) == 1
    folder.forget_live("cam-1")
    folder.forget_live("cam-1")
    assert folder.read_live("cam-1") is None

    folder.write_live("cam-2", b"left over")
    os.utime(folder.root / "live" / "cam-2.jpg", (NOW / SECOND, NOW / SECOND))
    folder.tidy(NOW + LIVE_FOR - SECOND, ())
    assert folder.read_live("cam-2") == b"left over"
    folder.tidy(NOW + LIVE_FOR, ())
    assert folder.read_live("cam-2") is None


@pytest.mark.parametrize("asset", ["../person", "a/b", "", "a\0b"])
def test_live_pictures_of_no_camera_are_neither_written_nor_read(folder: PictureFolder, asset: str) -> None:
    touch: list[Callable[[], object]] = [
        lambda: folder.write_live(asset, JPEG),
        lambda: folder.read_live(asset),
        lambda: folder.forget_live(asset),
    ]
    for each in touch:
        with pytest.raises(ValueError, match="no camera's id"):
            each()


def test_what_a_process_left_half_written_is_swept_and_what_is_not_ours_stays(folder: PictureFolder) -> None:
    picture = folder.write("scene", "cam-1", NOW, JPEG)
    half = (folder.root / picture).parent / f".0123{files.UNFINISHED}"
    half.write_bytes(b"\xff\xd8")
    foreign = folder.root / "README.txt"
    foreign.write_text("read me")
    for path in (half, foreign):
        os.utime(path, (NOW / SECOND, NOW / SECOND))
    folder.tidy(NOW + HOUR - SECOND, ())
    assert half.exists()
    folder.tidy(NOW + HOUR, ())
    assert not half.exists()
    assert foreign.exists()


def test_a_file_that_cannot_be_removed_is_counted_and_the_rest_is_tidied(
    folder: PictureFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        folder.write("person", "cam-1", NOW, JPEG)
    unlink, refused = Path.unlink, []

    def refuse_first(path: Path, missing_ok: bool = False) -> None:
        if not refused:
            refused.append(path)
            raise PermissionError(13, "Permission denied")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse_first)
    done = folder.tidy(NOW + 7 * DAY, ())
    assert (done.expired, done.failed) == (1, 1)


def test_a_folder_that_is_not_there_yet_is_tidy(folder: PictureFolder) -> None:
    assert folder.tidy(NOW, ()).bytes == 0
    assert folder.usage().bytes == 0


@pytest.mark.parametrize("place", ["lost+found", "person/lost+found"])
@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error")])
def test_a_folder_below_that_cannot_be_listed_is_counted_and_the_rest_is_tidied(
    folder: PictureFolder, monkeypatch: pytest.MonkeyPatch, place: str, error: OSError
) -> None:
    for picture_class in ("person", "person", "scene"):
        folder.write(picture_class, "cam-1", NOW, JPEG)
    lost = folder.root / place
    lost.mkdir()
    scandir = os.scandir

    def refuse(path: Path) -> object:
        if Path(path) == lost:
            raise error
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    done = folder.tidy(NOW + 7 * DAY, ())
    assert (done.expired, done.failed, done.bytes) == (2, 1, len(JPEG))
    assert folder.usage().pictures == {"scene": 1}


def test_a_file_that_cannot_be_looked_at_is_counted_and_the_rest_is_tidied(
    folder: PictureFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = (folder.root / folder.write("person", "cam-1", NOW, JPEG) for _ in range(2))
    scandir = os.scandir

    class Entry:
        """An entry of a folder, as a damaged file system gives it."""

        def __init__(self, entry: "os.DirEntry[str]") -> None:
            self.path = entry.path
            self.is_dir = entry.is_dir
            self._entry = entry

        def stat(self, *, follow_symlinks: bool) -> os.stat_result:
            if Path(self.path) == broken:
                raise OSError(117, "Structure needs cleaning")
            return self._entry.stat(follow_symlinks=follow_symlinks)

    @contextmanager
    def damaged(path: Path) -> Iterator[Iterator[Entry]]:
        with scandir(path) as entries:
            yield (Entry(entry) for entry in entries)

    with monkeypatch.context() as on_a_bad_disk:
        on_a_bad_disk.setattr(files.os, "scandir", damaged)
        # Empty days are looked for through the same function, but need more of an entry.
        on_a_bad_disk.setattr(folder, "_remove_empty_days", lambda: None)
        done = folder.tidy(NOW + 7 * DAY, ())
    assert (done.expired, done.failed) == (1, 1)
    assert broken.exists()
    assert not sound.exists()


def test_where_the_folder_itself_cannot_be_listed_that_is_an_error(
    folder: PictureFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError):
        folder.tidy(NOW, ())
