"""YAML that remembers where everything stands."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc.runtime.marked_yaml import MAX_BYTES, Misplaced, YamlNode, expected, read_marked, read_marked_file, yaml_files


def node_of(text: str) -> YamlNode:
    node = read_marked(text, "x.yaml")
    assert node is not None
    return node


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: [1, 2", (2, 1)),
        ("a: 1\n b: 2", (2, 3)),
        ("a: 1\nb: \x00", (2, 4)),
        ("a: &x 1\nb: *x", (2, 4)),
        ("[" * 50, (1, 41)),
        ("a: 1\n---\nb: 2", (2, 1)),
        ("x" * (MAX_BYTES + 1), (1, 1)),
        ("a: \ud800", (1, 1)),
    ],
    ids=["open bracket", "indent", "control", "alias", "deep", "two documents", "huge", "half a surrogate"],
)
def test_what_is_not_one_plain_document_is_refused_with_its_place(text: str, place: tuple[int, int]) -> None:
    with pytest.raises(Misplaced) as refusal:
        read_marked(text, "x.yaml")
    assert (refusal.value.line, refusal.value.column) == place
    assert str(refusal.value).startswith(f"x.yaml:{place[0]}:{place[1]}: ")
    assert "\n" not in str(refusal.value)


def test_an_empty_document_is_nothing() -> None:
    assert read_marked("# only a comment\n", "x.yaml") is None


def test_a_quoted_text_begins_after_its_quotation_mark() -> None:
    parts = node_of("plain: one\nquoted: 'two'\nblock: |\n  three\n").mapping()
    assert [str(part.wrong("no")) for part in parts.values()] == ["x.yaml:1:8: no", "x.yaml:2:10: no", "x.yaml:4:3: no"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: one two", (1, 8)),
        ("a: 'one two'", (1, 9)),
        ("a: 'it''s one two'", (1, 15)),
        ('a: "\\"one two"', (1, 11)),
        ("a: |\n   one\n   two", (3, 4)),
        ("a: >-\n\n  one\n  two", (4, 3)),
        ("a: one\n    two", (2, 5)),
        ("a: 'one\n\n   two'", (3, 4)),
    ],
)
def test_a_place_inside_a_text_is_found_however_the_text_is_written(text: str, place: tuple[int, int]) -> None:
    node = node_of(text).mapping()["a"]
    complaint = node.wrong("no", offset=node.text().index("two"))
    assert (complaint.line, complaint.column) == place


def test_a_key_that_is_not_known_is_met_with_the_nearest_that_is() -> None:
    with pytest.raises(Misplaced, match=r"x.yaml:2:1: 'severty' is not known here; did you mean 'severity'\?"):
        node_of("title: x\nseverty: y").mapping(("title", "severity"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: 1\na: 2", "x.yaml:2:1: 'a' stands here twice"),
        ("b: 1", "x.yaml:1:1: 'a' is missing"),
        ("[1]", "x.yaml:1:1: expected keys and values here, found a list"),
        ("hello", "x.yaml:1:1: expected keys and values here, found 'hello'"),
    ],
)
def test_a_mapping_has_each_key_once_and_those_that_must_be(text: str, sentence: str) -> None:
    with pytest.raises(Misplaced) as refusal:
        node_of(text).mapping(required=("a",))
    assert str(refusal.value) == sentence


def test_texts_are_taken_as_they_are_written() -> None:
    assert [item.text() for item in node_of("[on, 1.50, 0x1F, ~, 'no']").sequence()] == [
        "on",
        "1.50",
        "0x1F",
        "~",
        "no",
    ]


@pytest.mark.parametrize("text", ["yes please", "true", ".nan", ".inf", "''", "[1]", "1_0x"])
def test_a_number_is_a_finite_number(text: str) -> None:
    with pytest.raises(Misplaced, match="expected a number here"):
        node_of(text).number()


@pytest.mark.parametrize(
    "text",
    ["!!bool xyz", "!!int ''", "!!float ''", "!!timestamp foo", "? [a]\n: c", "!!omap [a]", "2001-99-99", "!x 1"],
)
def test_what_a_tag_promises_and_the_text_does_not_keep_is_refused(text: str) -> None:
    with pytest.raises(Misplaced, match="this cannot be read"):
        node_of(text).plain()


def test_tags_make_no_objects() -> None:
    with pytest.raises(Misplaced, match="this cannot be read"):
        node_of("!!python/object/apply:os.system ['true']").plain()


@given(st.text(alphabet=st.characters(), max_size=60) | st.text(alphabet="{}[]:,-!&*|>'\"#? \n\tab1", max_size=60))
def test_no_text_raises_anything_but_a_misplaced(text: str) -> None:
    with suppress(Misplaced):
        node = read_marked(text, "x.yaml")
        if node is not None:
            node.plain()


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("a: Đà Lạt".encode("utf-16"))
    with pytest.raises(Misplaced, match=r"latin.yaml:1:1: the file is not UTF-8 \(byte 0\)"):
        read_marked_file(tmp_path / "latin.yaml")


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misplaced, match=r"gone.yaml:1:1: the file cannot be read: No such file"):
        read_marked_file(tmp_path / "gone.yaml")


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "c.txt", ".d.yaml", "sub/e.yaml", ".git/f.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x: 1")
    assert [str(path.relative_to(tmp_path)) for path in yaml_files(tmp_path)] == ["a.yml", "b.yaml", "sub/e.yaml"]


def test_few_known_words_are_all_named_and_many_are_counted() -> None:
    assert expected("zzz", ["b", "a"]) == "expected one of: a, b"
    assert expected("zzz", [f"a-rather-long-word-{n}" for n in range(100)]) == "expected one of 100 known words"
