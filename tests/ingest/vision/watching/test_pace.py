"""When figures are told."""

from ingest.vision.watching.pace import Pace
from ioc.model.instant import SECOND


def test_the_first_figures_are_told_and_the_same_again_after_a_minute():
    pace = Pace()
    told = [second for second in range(1, 200) if pace.due(second * SECOND, (3, 4))]
    assert told == [1, 61, 121, 181]


def test_what_changes_all_the_time_is_told_once_a_second():
    pace = Pace()
    told = [tenth for tenth in range(10, 50) if pace.due(tenth * SECOND // 10, (tenth,))]
    assert told == [10, 20, 30, 40]


def test_a_change_that_was_too_early_is_told_when_it_is_time():
    pace = Pace()
    assert pace.due(1 * SECOND, (1,))
    assert not pace.due(1 * SECOND + 1, (2,))
    assert pace.due(2 * SECOND, (2,))


def test_a_small_change_is_told_only_from_and_to_nothing():
    pace = Pace(5.0)
    figures = [0.0, 3.0, 6.0, 9.0, 4.0, 0.0]
    assert [pace.due((second + 1) * SECOND, (value,)) for second, value in enumerate(figures)] == [
        True,
        True,
        False,
        True,
        True,
        True,
    ]
