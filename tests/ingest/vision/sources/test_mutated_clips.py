import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

CLIPS = 120
SEED = 20261122

READ_ALL = """
import sys, json
from pathlib import Path
from ingest.vision.sources.capture import CaptureSource, prepare_opencv
from ingest.vision.sources.contract import PictureLost, SourceFailed, SourceRefused
from ingest.vision.sources.files import _FileStream

prepare_opencv()
for path in sorted(Path(sys.argv[1]).iterdir()):
    frames, lost, problem = 0, 0, ""
    try:
        source = CaptureSource("file", path.name, _FileStream(path.open("rb")))
        while source.grab() and frames < 100:
            frames += 1
            try:
                source.take()
            except PictureLost:
                lost += 1
        source.close()
    except (SourceFailed, SourceRefused) as refusal:
        problem = type(refusal).__name__
    print(json.dumps([path.name, frames, lost, problem]), flush=True)
"""


def mutated(data: bytes, dice: random.Random) -> bytes:
    """Change a clip in one of the ways in which networks, disks and ill will do."""
    changed = bytearray(data)
    match dice.randrange(5):
        case 0:
            return data[: dice.randrange(len(data))]
        case 1:
            for _ in range(dice.randrange(1, 200)):
                changed[dice.randrange(len(changed))] = dice.randrange(256)
        case 2:
            start = dice.randrange(len(changed))
            del changed[start : start + dice.randrange(1, 5000)]
        case 3:
            start, length = dice.randrange(len(changed)), dice.randrange(1, 5000)
            changed[start:start] = dice.randbytes(length)
        case _:
            # Heads are where sizes stand.
            for _ in range(dice.randrange(1, 20)):
                changed[dice.randrange(min(600, len(changed)))] = dice.choice((0, 255, 127, 128))
    return bytes(changed)


def test_mutated_clips_end_in_frames_or_a_sentence_and_never_in_a_crash(
    drawn_clip: Callable[..., Path], tmp_path: Path
) -> None:
    sound = [drawn_clip(name, "160x120", 30, 0.5).read_bytes() for name in ("a.mp4", "a.ts", "a.mkv", "a.avi")]
    dice = random.Random(SEED)
    for number in range(CLIPS):
        (tmp_path / f"{number:04}").write_bytes(mutated(sound[number % len(sound)], dice))
    done = subprocess.run([sys.executable, "-c", READ_ALL, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    became = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(became) == CLIPS
    kinds = Counter("frames" if frames else problem or "nothing" for _, frames, _, problem in became)
    # Else the mutations would be too gentle or too coarse to say anything.
    assert kinds["frames"] > CLIPS // 4
    assert kinds["SourceBroken"] > 0
    assert done.stderr == ""
