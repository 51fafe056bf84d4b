"""Pictures from strangers: a child decodes them, and whatever becomes of it, its parent lives and has an answer."""

import os
import random
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from ingest.vision.pictures import checks
from ingest.vision.pictures.checks import checked_picture
from ingest.vision.pictures.headers import PictureRefused

ROOT = Path(__file__).parents[2]
CHILD = Path(__file__).with_name("decoding_child.py")
COUNT = 10_000
DIED = "died"
AT_ONCE = 200
"""Pictures that are sent before answers are read: the answers to so many fit into a pipe."""


class Decoder:
    """The child, started anew when it dies.

    Attributes:
        deaths: the exit statuses of those that died.
        most: kilobytes that the present one has had at most.
    """

    def __init__(self) -> None:
        self.deaths: list[int] = []
        self.most = 0
        self._process = self._start()

    def decode(self, pictures: Sequence[bytes]) -> list[str]:
        """Send pictures, and say of each: "+" (decoded), "-" (refused) or "died" (the child, of it)."""
        words: list[str] = []
        while len(words) < len(pictures):
            left = pictures[len(words) :][:AT_ONCE]
            self._send(left)
            answers = list(self._answers(len(left)))
            words += answers
            if len(answers) < len(left):
                words.append(DIED)
                self.deaths.append(self.end())
                self._process = self._start()
        return words

    def end(self) -> int:
        """Let it end, and say how it did."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()
        return self._process.wait()

    def _send(self, pictures: Sequence[bytes]) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            for data in pictures:
                self._process.stdin.write(struct.pack(">I", len(data)) + data)
            self._process.stdin.flush()

    def _answers(self, count: int) -> Iterator[str]:
        assert self._process.stdout is not None
        for line in islice(self._process.stdout, count):
            word, most = line.split()
            self.most = int(most)
            yield str(word, "ascii")

    def _start(self) -> "subprocess.Popen[bytes]":
        # libpng and libjpeg write to standard error what they think of a picture.
        return subprocess.Popen(
            [sys.executable, str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    decoder = Decoder()
    yield decoder
    decoder.end()


def drawn(width: int, height: int) -> "np.ndarray":
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x * 3, y * 3, (x ^ y) * 2], axis=2) % 256
    return cv2.circle(pixels.astype(np.uint8), (width // 2, height // 2), height // 3, (40, 90, 230), -1)


def sound_pictures() -> list[bytes]:
    """Give pictures of every form that is read, as large as is quick to decode."""
    ways: list[tuple[str, list[int]]] = [
        (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 80]),
        (".jpg", [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
        (".jpg", [cv2.IMWRITE_JPEG_RST_INTERVAL, 2]),
        (".png", []),
        (".png", [cv2.IMWRITE_PNG_COMPRESSION, 0]),
        (".webp", [cv2.IMWRITE_WEBP_QUALITY, 70]),
        (".webp", [cv2.IMWRITE_WEBP_QUALITY, 101]),
    ]
    pictures = [drawn(96, 64), cv2.cvtColor(drawn(96, 64), cv2.COLOR_BGR2GRAY), drawn(9, 200)]
    return [cv2.imencode(ending, pixels, way)[1].tobytes() for pixels in pictures for ending, way in ways]


def mutated(data: bytes, dice: random.Random) -> bytes:
    """Bend a picture in one of the ways in which pictures break, or are broken."""
    bent = bytearray(data)
    place = dice.randrange(len(bent))
    match dice.randrange(7):
        case 0:
            for _ in range(dice.randint(1, 8)):
                bent[dice.randrange(len(bent))] ^= 1 << dice.randrange(8)
        case 1:
            # Heads, where sizes and tables stand.
            for _ in range(dice.randint(1, 4)):
                bent[dice.randrange(min(len(bent), 700))] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
        case 2:
            del bent[place : place + dice.randint(1, 200)]
        case 3:
            bent[place:place] = bent[dice.randrange(len(bent)) :][: dice.randint(1, 400)]
        case 4:
            end = min(len(bent), place + 4)
            bent[place:end] = dice.choice((b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff"))[
                : end - place
            ]
        case 5:
            bent[place:] = dice.randbytes(len(bent) - place)
        case _:
            # Cut off, with the end that a whole one has.
            bent[place:] = data[-12:]
    return bytes(bent)


def test_ten_thousand_mutated_pictures_leave_the_parent_alive(
    decoder: Decoder, show_table: Callable[[str, Sequence[str]], None]
) -> None:
    dice = random.Random(20_260_105)
    sound = sound_pictures()
    became = Counter(decoder.decode([mutated(dice.choice(sound), dice) for _ in range(COUNT)]))
    show_table(
        "mutated_pictures",
        [
            f"Mutated pictures: {COUNT:,} through a child that decodes them; 0 crashes of the parent",
            f"  decoded {became['+']:,}, refused {became['-']:,}, children that died {became[DIED]:,}",
        ],
    )
    assert became.total() == COUNT
    assert became["+"] > COUNT // 20
    assert became["-"] > COUNT // 4
    assert decoder.decode(sound) == ["+"] * len(sound)


def test_a_child_that_dies_is_a_word_and_not_the_end(decoder: Decoder) -> None:
    decoder._process.kill()
    decoder._process.wait()
    assert decoder.decode(sound_pictures()[:3]) == [DIED, "+", "+"]
    assert decoder.deaths == [-9]


def jpeg_bomb() -> bytes:
    """Give a JPEG of 256 megapixels and 1 MB: its head says so, and libjpeg would believe it."""
    data = cv2.imencode(".jpg", np.zeros((64, 64, 3), np.uint8))[1].tobytes()
    place = data.index(b"\xff\xc0") + 5
    head = data[:place] + struct.pack(">HH", 16_000, 16_000) + data[place + 4 : -2]
    return head + bytes(1_000_000 - len(head) - 2) + b"\xff\xd9"


def test_a_jpeg_of_256_megapixels_is_refused_before_it_is_decoded(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = jpeg_bomb()
    assert len(bomb) == 1_000_000
    with monkeypatch.context() as watched:
        watched.setattr(checks.cv2, "imdecode", lambda *_: pytest.fail("it was decoded"))
        with pytest.raises(PictureRefused, match=r"16000 × 16000 pixels; at most 25 megapixels"):
            checked_picture(bomb)
    decoder.decode(sound_pictures())
    before = decoder.most
    assert decoder.decode([bomb]) == ["-"]
    assert decoder.most - before < 50_000
