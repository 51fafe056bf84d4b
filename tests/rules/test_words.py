"""Titles name what cameras see in the reader's own words."""

from rules.titles import Title
from rules.words import in_words


def test_a_label_is_written_in_the_language_of_the_title() -> None:
    values = {"label": "person", "smoke.label": "smoke", "line": "person", "value": 3}
    title = Title("{label} · {smoke.label} · {line}")
    assert title.fill(in_words(values, "vi")) == "người · khói · person"
    assert title.fill(in_words(values, "en")) == "person · smoke · person"


def test_a_label_that_nobody_has_put_into_words_stays_as_it_is() -> None:
    assert in_words({"label": "elephant"}, "vi") == {"label": "elephant"}
    assert in_words({"label": None}, "vi") == {"label": None}
