"""Keeps LiteRT's greeting out of what people read: it writes a line to standard error for each network it loads."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import Final

_GREETING: Final = b"INFO: Created TensorFlow Lite XNNPACK delegate"


@contextmanager
def without_greeting() -> Iterator[None]:
    """Hold back standard error of the whole process while the block runs; then let all but the greeting pass.

    LiteRT knows no setting for it, and writes to the descriptor itself.
    """
    sys.stderr.flush()
    real = os.dup(2)
    try:
        with TemporaryFile() as held:
            os.dup2(held.fileno(), 2)
            try:
                yield
            finally:
                os.dup2(real, 2)
                held.seek(0)
                for line in held:
                    if not line.startswith(_GREETING):
                        os.write(2, line)
    finally:
        os.close(real)
