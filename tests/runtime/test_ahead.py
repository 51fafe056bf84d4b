"""Reading ahead changes nothing but the time it takes."""

import threading
from collections.abc import Iterator

import pytest

from ioc.runtime.ahead import ahead


def test_all_items_come_in_their_order() -> None:
    assert list(ahead(iter(range(100)))) == list(range(100))
    assert list(ahead(iter(()))) == []


def test_what_goes_wrong_is_raised_in_its_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("no third")

    taken = ahead(items())
    assert [next(taken), next(taken)] == [1, 2]
    with pytest.raises(ValueError, match="no third"):
        next(taken)


def test_one_item_is_made_in_advance_and_not_two() -> None:
    made: list[int] = []
    first_is_worked_on = threading.Event()

    def items() -> Iterator[int]:
        for number in range(3):
            if number == 1:
                first_is_worked_on.wait(10)
            made.append(number)
            yield number

    taken = ahead(items())
    assert next(taken) == 0
    first_is_worked_on.set()
    assert next(taken) == 1
    assert next(taken) == 2
    assert made == [0, 1, 2]


def test_whoever_stops_early_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    taken = ahead(iter(range(100)))
    assert next(taken) == 0
    taken.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
