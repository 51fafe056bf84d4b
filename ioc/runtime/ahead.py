"""Reading ahead: the next item is made in a thread while the one before it is worked on."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

Item = TypeVar("Item")

_END: Final = object()


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Give the items of an iterator, one of them made in advance.

    Worth it where making an item is done outside of Python's lock, as polars reads files: both cores have work then.
    Whoever stops early waits for the item that is being made, and no other is begun.

    Args:
        items: advanced in a thread, never by two at once; what it raises is raised here, in its place.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        coming = thread.submit(next, items, _END)
        while (item := coming.result()) is not _END:
            coming = thread.submit(next, items, _END)
            yield item  # type: ignore[misc]
