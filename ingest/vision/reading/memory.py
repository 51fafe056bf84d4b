"""How much memory a process that decodes strangers' streams may take, and when it gives it back."""

import ctypes
import resource
from contextlib import suppress
from typing import Final

_M_MMAP_THRESHOLD: Final = -3
_FRAME_BYTES: Final = 262_144
"""What is larger gets memory of its own: mallopt(3)."""
_BASE_BYTES: Final = 1_500_000_000
_CAMERA_BYTES: Final = 100_000_000


def return_memory_soon() -> None:
    """Let whole frames go back to the system when they are done with; kept in the heap, they tear holes into it.

    Only glibc can be told so.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _FRAME_BYTES)


def limit_memory(cameras: int) -> None:
    """Let a stream that asks for the machine's memory fail, and not the machine.

    Args:
        cameras: how many this process reads.
    """
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    wished = _BASE_BYTES + cameras * _CAMERA_BYTES
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (wished if most < 0 else min(wished, most), most))
