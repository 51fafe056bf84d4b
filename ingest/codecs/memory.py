"""What readers in code remember from one message to a later one."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, TypeVar

T = TypeVar("T")


class Memory:
    """One part for each class that asks for one: plain data, and each part sees to its own bound.

    It lives as long as the process: codecs that are loaded anew are given the memory of those whose place they take.
    After a restart it is empty; what filled it (births, discovery) is retained by the broker or sent again on request.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._parts: dict[type, Any] = {}

    def of(self, part: type[T]) -> T:
        """Give the one part of this class, made when it is first asked for."""
        found = self._parts.get(part)
        if found is None:
            found = self._parts[part] = part()
        return found

    @contextmanager
    def forgetting(self) -> Iterator[None]:
        """Let everything be as it was when this block ends: what was read in it was only tried."""
        before = {kind: deepcopy(vars(part)) for kind, part in self._parts.items()}
        try:
            yield
        finally:
            for kind, part in self._parts.items():
                attributes = before.get(kind) or vars(kind())
                vars(part).clear()
                vars(part).update(attributes)
