"""A child process that decodes pictures which its parent sends it, as those do that read cameras.

On its standard input each picture has its length before it, four bytes; for each it answers "+" (decoded) or "-"
(refused) and the most memory that it has had so far, in kilobytes.
"""

import resource
import struct
import sys

import cv2

from ingest.vision.pictures.checks import PictureRefused, checked_picture


def main() -> None:
    """Answer until the input ends."""
    cv2.setNumThreads(1)
    while head := sys.stdin.buffer.read(4):
        data = sys.stdin.buffer.read(struct.unpack(">I", head)[0])
        try:
            checked_picture(data)
            word = "+"
        except PictureRefused:
            word = "-"
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        sys.stdout.write(f"{word} {most}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
