"""Topic patterns: what they catch, and that the index forgets nothing but what it may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.codecs import topics
from ingest.codecs.topics import Claim, TopicIndex, compile_topic
from ioc.runtime.marked_yaml import YamlNode, read_marked


def pattern(text: str) -> topics.TopicPattern:
    node = read_marked(f'"{text}"', "test.yaml")
    assert isinstance(node, YamlNode)
    return compile_topic(node)


@pytest.mark.parametrize(
    ("text", "topic", "captures"),
    [
        ("a/b", "a/b", {}),
        ("a/b", "a/b/c", None),
        ("a/{x}", "a/b", {"x": "b"}),
        ("a/{x}", "a/b/c", None),
        ("a/{x}", "a/", None),
        ("a/{x+}", "a/b/c", {"x": "b/c"}),
        ("{x+}/state", "a/b/state", {"x": "a/b"}),
        ("{x+}/state", "state", None),
        ("a/{x}_{y}", "a/b_c", {"x": "b", "y": "c"}),
        ("a/dev-{x}.json", "a/dev-7.json", {"x": "7"}),
        ("a/dev-{x}.json", "a/dev-7xjson", None),
        ("a/+/c", "a/b/c", {}),
        ("a/+/c", "a//c", {}),
        ("a/#", "a", {}),
        ("a/#", "a/b/c", {}),
        ("a/#", "ab", None),
        ("#", "anything/at/all", {}),
        ("#", "", {}),
        ("/a/{x}", "/a/b", {"x": "b"}),
        ("/{x+}", "/a/b", {"x": "a/b"}),
        ("{x}/a", "/a", None),
        ("$SYS/{x}", "$SYS/uptime", {"x": "uptime"}),
        ("$in-{x}/a", "$in-7/a", {"x": "7"}),
        ("#", "$SYS/uptime", None),
        ("+/uptime", "$SYS/uptime", None),
        ("{x}/uptime", "$SYS/uptime", None),
        ("{x+}", "$SYS/uptime", None),
        ("{x1}/{x2}", "a/b", {"x1": "a", "x2": "b"}),
        ("tele/{x+}/STATE", "tele/a/b/STATE", {"x": "a/b"}),
        ("{x+}/tele/STATE", "a/tele/tele/STATE", {"x": "a/tele"}),
        ("a/{x}", "a/đèn đường", {"x": "đèn đường"}),
        ("a/{x}", "a/b\n", {"x": "b\n"}),
    ],
)
def test_a_pattern_catches_what_it_says(text: str, topic: str, captures: dict[str, str] | None) -> None:
    assert pattern(text).match(topic) == captures


def claim(text: str, rank: int, *excluded: str) -> Claim[str]:
    return Claim(pattern(text), text, tuple(pattern(each) for each in excluded), {}, (rank,))


INDEX = [claim("a/{x}", 2), claim("+/b", 1), claim("#", 9), claim("a/b", 3), claim("{x}/{y}", 4, "a/#")]


def test_the_claims_on_a_topic_come_in_their_order() -> None:
    index = TopicIndex(INDEX)
    assert [target for target, _ in index.find("a/b")] == ["+/b", "a/{x}", "a/b", "#"]
    assert [target for target, _ in index.find("c/d")] == ["{x}/{y}", "#"]
    assert index.find("a/b") is index.find("a/b")


@given(st.lists(st.text(st.sampled_from("ab/"), max_size=5), max_size=20))
def test_what_the_index_remembers_is_what_it_would_find(asked: list[str]) -> None:
    index = TopicIndex(INDEX)
    for topic in [*asked, *asked]:
        assert index.find(topic) == TopicIndex(INDEX).find(topic)


def test_the_memory_of_topics_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "MAX_REMEMBERED", 10)
    index = TopicIndex(INDEX)
    for number in range(100):
        index.find(f"a/{number}")
        index.find("a/" + "x" * 1000 + str(number))
    assert len(index.remembered) <= 10
