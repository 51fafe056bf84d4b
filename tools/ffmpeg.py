"""FFmpeg's program for tests: found or installed, and the clips that are made with it."""

import shutil
import subprocess
import sys
from pathlib import Path

import apt


def find() -> Path | None:
    """Find the program."""
    found = shutil.which("ffmpeg")
    return Path(found) if found else None


def find_or_install() -> tuple[Path | None, str]:
    """Give the program, or None and the reason why there is none."""
    found = find()
    if found is None and apt.install("ffmpeg"):
        found = find()
    return (found, "") if found else (None, "no FFmpeg on this machine; Debian has it as 'ffmpeg'")


def convert(program: Path, source: str, target: Path, *options: str, before: tuple[str, ...] = ()) -> Path:
    """Make a clip of another one, or of what FFmpeg draws.

    Args:
        program: FFmpeg.
        source: a file, or a filter such as testsrc=size=640x360:rate=5 where `before` holds -f lavfi.
        target: is written over.
        options: of the output.
        before: options of the input.

    Raises:
        RuntimeError: FFmpeg said no; the text is its own.
    """
    command = [program, "-nostdin", "-v", "error", "-y", *before, "-i", source, *options, target]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"FFmpeg could not make {target.name}: {done.stderr.decode(errors='replace')[-500:]}")
    return target


def camera_stream(size: str = "640x360", rate: float = 5, seconds: float = 10) -> tuple[str, ...]:
    """Give the options that write what a camera sends: H.264 without B-frames, a key frame a second.

    Written to a name that ends in .h264, it is what `rtsp_server` serves.
    """
    width, _, height = size.partition("x")
    return (
        *("-t", str(seconds), "-an", "-vf", f"fps={rate},scale={width}:{height},format=yuv420p"),
        *("-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-g", str(max(1, round(rate))), "-threads", "1"),
    )


if __name__ == "__main__":
    ffmpeg, why_not = find_or_install()
    sys.stdout.write(f"{ffmpeg or why_not}\n")
