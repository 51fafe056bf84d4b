"""Faces: the share of them that pictures hide, by how tall they are, in light, in the dark, and badly compressed.

The pictures come out of packages (scikit-image, @vladmandic/face-api and @vladmandic/human), which pip and npm fetch
into artifacts/faces when they are not there yet; nothing of them is kept here but where their faces are. The boxes
were suggested by the finder at four scales and a low bound, then looked at one by one: what is no face was taken out,
what was missed was added, what was askew was drawn anew. 108 of the faces are portraits that another detector had cut
out, all are of people near a camera: a street is harder. A face is hidden where half of it, or more, lies in what is
blurred. Each picture is shown at several sizes, in frames as large as pictures are kept; in the dark it has a fifth of
its light and the noise of a sensor, compressed it is a JPEG of quality 30.
"""

import json
import subprocess
import sys
import tarfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from ingest.vision.faces.blurring import covered
from ingest.vision.faces.finder import FaceFinder
from ingest.vision.frame import Pixels

ROOT: Final = Path(__file__).resolve().parents[2]
CACHE: Final = ROOT / "artifacts" / "faces"
FRAME: Final = (960, 540)
THREADS: Final = 2
HEIGHTS: Final = (18, 26, 32, 44, 60, 75, 110)
"""Pixels that most faces of a picture are tall when it is shown."""

EDGES: Final = (16, 24, 32, 48, 64, 96, 128)
SCIKIT_IMAGE: Final = "scikit-image==0.26.0"
FACE_API: Final = "@vladmandic/face-api@1.7.15"
HUMAN: Final = "@vladmandic/human@3.3.6"
COUNTED: Final = 24
"""Pixels from which on faces are counted in the last line; smaller ones are shown for what becomes of them."""

TARGET: Final = 0.95

Corners = tuple[float, float, float, float]
"""Left, top, right, bottom of a face, pixels."""

FACES: Final = {
    (SCIKIT_IMAGE, "skimage/data/astronaut.png"): "182 59 270 177",
    (FACE_API, "package/demo/sample1.jpg"): "1458 208 1682 428; 420 373 596 594; 823 432 1037 659",
    (FACE_API, "package/demo/sample2.jpg"): "362 147 527 419; 903 240 1069 455; 1434 165 1646 386",
    (FACE_API, "package/demo/sample3.jpg"): "1081 236 1300 514; 584 324 796 606; 1482 280 1702 590",
    (FACE_API, "package/demo/sample4.jpg"): """
        657 67 840 303; 247 192 433 444; 987 169 1169 425; 1280 150 1452 408""",
    (FACE_API, "package/demo/sample5.jpg"): """
        785 108 950 329; 1110 193 1283 434; 592 415 777 673; 1405 399 1591 669; 367 874 570 1167""",
    (FACE_API, "package/demo/sample6.jpg"): """
        1482 268 1709 572; 674 324 871 644; 1170 316 1375 594; 257 493 470 764""",
    (HUMAN, "package/assets/screenshot-facematch.jpg"): """
        23 297 88 372; 128 298 194 371; 240 299 299 369; 345 298 410 373; 453 301 511 371;
        557 300 616 372; 660 296 731 373; 772 298 831 370; 876 300 942 377; 989 301 1048 375;
        1090 298 1153 374; 1196 302 1256 369; 1304 301 1365 371; 1406 297 1471 368; 1515 300 1575 372;
        1619 294 1689 378; 1722 299 1785 373; 1833 301 1899 371; 24 413 83 481; 131 409 194 485;
        247 415 301 480; 340 405 406 481; 453 412 511 482; 552 409 620 485; 659 405 730 489;
        780 411 847 486; 876 405 943 489; 990 413 1046 489; 1088 408 1148 479; 1200 414 1253 481;
        1301 411 1360 483; 1417 411 1475 484; 1530 419 1571 469; 1619 411 1690 491; 1738 411 1793 483;
        1831 410 1893 491; 24 521 87 594; 133 521 192 596; 243 526 297 591; 346 523 407 601;
        456 521 515 596; 560 522 620 595; 662 521 729 602; 777 533 828 591; 870 523 938 601;
        979 524 1041 600; 1088 519 1155 596; 1192 519 1257 596; 1300 518 1367 599; 1386 520 1474 606;
        1513 522 1575 593; 1620 520 1679 595; 1725 526 1784 595; 1827 521 1898 603; 25 637 91 710;
        130 634 194 709; 239 635 294 706; 339 631 409 717; 449 631 515 709; 565 638 631 709;
        659 633 724 709; 778 634 840 713; 874 639 939 716; 985 632 1046 701; 1098 639 1154 708;
        1196 631 1263 717; 1301 637 1360 710; 1404 635 1468 708; 1518 639 1581 708; 1615 628 1686 712;
        1730 639 1787 704; 1831 629 1901 718; 17 742 94 829; 132 751 194 829; 240 748 298 823;
        355 757 408 821; 451 744 516 826; 559 745 622 825; 667 745 733 826; 770 746 836 824;
        870 746 939 824; 984 744 1044 818; 1084 745 1151 826; 1196 745 1253 816; 1298 747 1364 823;
        1409 745 1474 825; 1515 752 1581 828; 1616 743 1683 819; 1730 748 1787 821; 1835 745 1892 825;
        24 857 87 932; 129 855 198 934; 340 853 412 935; 556 857 623 936; 771 858 836 931;
        983 858 1044 934; 1093 857 1160 935; 1404 857 1468 931; 1726 855 1788 937; 1831 855 1901 938;
        228 859 301 940; 450 859 517 939; 663 859 726 933; 879 860 940 932; 1189 860 1259 938;
        1301 859 1366 934; 1517 860 1580 929; 1619 863 1674 930; 20 35 163 196; 303 33 371 118;
        424 38 446 70; 522 51 560 96; 742 148 767 181; 767 191 788 218; 1582 155 1612 191;
        1719 152 1739 177; 1607 164 1634 199;
        """,
}


def main() -> None:
    """Print a line for each height, and one for all."""
    cv2.setNumThreads(THREADS)
    finder = FaceFinder.open()
    sights: dict[str, Callable[[Pixels], Pixels]] = {"light": lambda pixels: pixels, "dark": dark, "jpeg": compressed}
    seen: Counter[tuple[str, int]] = Counter()
    hidden: Counter[tuple[str, int]] = Counter()
    took: list[float] = []
    for frame, faces in frames():
        for sight, change in sights.items():
            changed = change(frame)
            begun = time.perf_counter()
            found = finder.find(changed)
            took.append(time.perf_counter() - begun)
            mask = np.zeros(frame.shape[:2], bool)
            for box, _ in found:
                left, top, right, bottom = covered(box, *FRAME)
                mask[top:bottom, left:right] = True
            for left, top, right, bottom in (tuple(round(side) for side in face) for face in faces):
                rung = max(edge for edge in EDGES if edge <= bottom - top)
                seen[sight, rung] += 1
                hidden[sight, rung] += int(mask[top:bottom, left:right].mean() >= 0.5)
    for low, high in zip(EDGES, (*EDGES[1:], None), strict=True):
        if seen["light", low]:
            shares = {sight: round(hidden[sight, low] / seen[sight, low], 3) for sight in sights}
            print(
                json.dumps(
                    {"benchmark": "vision_faces", "taller_than": low, "up_to": high}
                    | {"faces": seen["light", low]}
                    | shares
                )
            )
    shares = {sight: round(_of(hidden, sight) / _of(seen, sight), 3) for sight in sights}
    figure = {"benchmark": "vision_faces", "faces": _of(seen, "light"), **shares, "target_light": TARGET}
    print(
        json.dumps(
            figure
            | {"threads": THREADS, "frame": FRAME}
            | {"ms_a_frame": round(1000 * float(np.median(took)), 1)}
            | needless(finder)
        )
    )


def frames() -> Iterator[tuple[Pixels, list[Corners]]]:
    """Show each picture at each size, in as many frames as it needs; each face once, in a frame that has all of it."""
    for (package, name), text in FACES.items():
        pixels = picture(package, name)
        faces: list[Corners] = [tuple(map(float, each.split())) for each in text.split(";") if each.strip()]  # type: ignore[misc]
        usual = float(np.median([bottom - top for _, top, _, bottom in faces]))
        for height in HEIGHTS:
            scale = height / usual
            if scale > 1.02:
                continue
            shown = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            left = [scaled for face in faces if (scaled := _scaled(face, scale))[3] - scaled[1] >= EDGES[0]]
            for x, y in _windows(shown.shape[1], shown.shape[0]):
                inside = [face for face in left if _within(face, x, y)]
                if inside:
                    left = [face for face in left if face not in inside]
                    yield _framed(shown, x, y), [_moved(face, x, y, shown) for face in inside]


def dark(pixels: Pixels) -> Pixels:
    """Give a picture again as a camera has it in the dark."""
    noise = np.random.default_rng(1).normal(0, 4, pixels.shape)
    return np.clip(pixels * 0.2 + noise, 0, 255).astype(np.uint8)


def compressed(pixels: Pixels) -> Pixels:
    """Give a picture again as it is after much compression."""
    return cv2.imdecode(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], cv2.IMREAD_COLOR)  # type: ignore[return-value]


def needless(finder: FaceFinder) -> dict[str, float]:
    """Say how much is blurred of a road on which no face is to be seen, where its clip is at hand."""
    clip = ROOT.parent / "shared" / "video" / "highway" / "input.avi"
    if not clip.is_file():
        return {}
    source, found, looked = cv2.VideoCapture(str(clip)), 0, 0
    while source.grab():
        looked += 1
        if looked % 85 == 0:
            found += len(finder.find(source.retrieve()[1]))  # type: ignore[arg-type]
    return {"needless_boxes_a_frame": round(found / max(1, looked // 85), 3)}


def picture(package: str, name: str) -> Pixels:
    """Read a picture out of a package, fetching the package where it is not there yet."""
    pattern = {
        SCIKIT_IMAGE: "scikit_image-*.whl",
        FACE_API: "vladmandic-face-api-*.tgz",
        HUMAN: "vladmandic-human-*.tgz",
    }
    if not any(CACHE.glob(pattern[package])):
        CACHE.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", package]
        command = pip if package == SCIKIT_IMAGE else ["npm", "pack", "--silent", package]
        subprocess.run(command, cwd=CACHE, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    archive = next(CACHE.glob(pattern[package]))
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            data = wheel.read(name)
    else:
        with tarfile.open(archive) as packed:
            member = packed.extractfile(name)
            assert member is not None
            data = member.read()
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)  # type: ignore[return-value]


def _windows(width: int, height: int) -> Iterator[tuple[int, int]]:
    for y in range(0, max(1, height - FRAME[1] // 2), FRAME[1] // 2):
        for x in range(0, max(1, width - FRAME[0] // 2), FRAME[0] // 2):
            yield x, y


def _framed(shown: Pixels, x: int, y: int) -> Pixels:
    """Cut a frame out of a picture; what is not picture is grey, as much on either side."""
    cut = shown[y : y + FRAME[1], x : x + FRAME[0]]
    frame = np.full((FRAME[1], FRAME[0], 3), 110, np.uint8)
    top, left = (FRAME[1] - cut.shape[0]) // 2, (FRAME[0] - cut.shape[1]) // 2
    frame[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
    return frame


def _moved(face: Corners, x: int, y: int, shown: Pixels) -> Corners:
    left = (FRAME[0] - min(FRAME[0], shown.shape[1] - x)) // 2 - x
    top = (FRAME[1] - min(FRAME[1], shown.shape[0] - y)) // 2 - y
    return face[0] + left, face[1] + top, face[2] + left, face[3] + top


def _within(face: Corners, x: int, y: int) -> bool:
    return face[0] >= x and face[1] >= y and face[2] < x + FRAME[0] and face[3] < y + FRAME[1]


def _scaled(face: Corners, scale: float) -> Corners:
    return face[0] * scale, face[1] * scale, face[2] * scale, face[3] * scale


def _of(counts: Counter[tuple[str, int]], sight: str) -> int:
    return sum(count for (each, rung), count in counts.items() if each == sight and rung >= COUNTED)


if __name__ == "__main__":
    main()
