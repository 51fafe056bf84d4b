"""The functions that rules may call, each of one event only, and why those of other languages are not among them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from ioc.model.geo import EARTH_RADIUS_M
from ioc.runtime.marked_yaml import expected
from rules.expressions_scope import Scope, Type


@dataclass(frozen=True, slots=True)
class Function:
    """A row-wise function.

    Attributes:
        takes, gives: types.
        make: makes it of its arguments; None where the compiler does it itself.
        varargs: whether it takes any number of what it takes.
    """

    takes: tuple[Type, ...]
    gives: Type
    make: Callable[[list[pl.Expr], Scope], pl.Expr] | None
    varargs: bool = False


def _distance(arguments: list[pl.Expr], _: Scope) -> pl.Expr:
    """Haversine in metres, as in ioc.model.geo."""
    lat, lon, other_lat, other_lon = (argument.radians() for argument in arguments)
    half = (((other_lat - lat) / 2).sin() ** 2) + lat.cos() * other_lat.cos() * (((other_lon - lon) / 2).sin() ** 2)
    return 2 * EARTH_RADIUS_M * half.sqrt().clip(upper_bound=1.0).arcsin()


def _all_known(arguments: list[pl.Expr], value: pl.Expr) -> pl.Expr:
    return pl.when(pl.all_horizontal([argument.is_not_null() for argument in arguments])).then(value)


def _local(time: pl.Expr, scope: Scope) -> pl.Expr:
    return time.dt.convert_time_zone(scope.timezone)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "abs": Function((Type.NUMBER,), Type.NUMBER, lambda a, _: a[0].abs()),
    "round": Function((Type.NUMBER,), Type.NUMBER, lambda a, _: a[0].round()),
    "floor": Function((Type.NUMBER,), Type.NUMBER, lambda a, _: a[0].floor()),
    "ceil": Function((Type.NUMBER,), Type.NUMBER, lambda a, _: a[0].ceil()),
    "sqrt": Function((Type.NUMBER,), Type.NUMBER, lambda a, _: pl.when(a[0] >= 0).then(a[0].sqrt())),
    "least": Function((Type.NUMBER,), Type.NUMBER, lambda a, _: _all_known(a, pl.min_horizontal(a)), varargs=True),
    "greatest": Function((Type.NUMBER,), Type.NUMBER, lambda a, _: _all_known(a, pl.max_horizontal(a)), varargs=True),
    "lower": Function((Type.TEXT,), Type.TEXT, lambda a, _: a[0].str.to_lowercase()),
    "upper": Function((Type.TEXT,), Type.TEXT, lambda a, _: a[0].str.to_uppercase()),
    "length": Function((Type.TEXT,), Type.NUMBER, lambda a, _: a[0].str.len_chars().cast(pl.Int64)),
    "starts_with": Function((Type.TEXT, Type.TEXT), Type.BOOLEAN, lambda a, _: a[0].str.starts_with(a[1])),
    "hour": Function((Type.TIME,), Type.NUMBER, lambda a, s: _local(a[0], s).dt.hour().cast(pl.Int64)),
    "weekday": Function((Type.TIME,), Type.NUMBER, lambda a, s: _local(a[0], s).dt.weekday().cast(pl.Int64)),
    "distance_m": Function((Type.NUMBER,) * 4, Type.NUMBER, _distance),
    "inside": Function((Type.TEXT,), Type.BOOLEAN, None),
}
"""Every function a rule may call; `hour` 0–23 and `weekday` 1 (Monday)–7 in the city's zone."""

COALESCE: Final = "coalesce"

_MANY = "it looks at many events, and a condition sees one; a `window` rule counts, sums and compares over time"
_ORDER = "it looks at other events than the one at hand; a `sequence` or `window` rule does that"
_FILES = "it reads or writes files, and a rule sees nothing but the event"
_MACHINE = "it acts on the machine, and a rule sees nothing but the event"
_CLOCK = "it asks a clock, and rules know no time but that of events: hour(at), weekday(at)"
_CHANCE = "it rolls dice, and the same events must always make the same alerts"
_LARGE = "it makes something large out of something small"
_CODE = "it runs a program of its own"

REFUSED: Final[Mapping[str, tuple[str, ...]]] = {
    _MANY: (
        "count", "sum", "avg", "mean", "min", "max", "median", "mode", "stddev", "stddev_pop", "stddev_samp",
        "variance", "var_pop", "var_samp", "quantile", "percentile_cont", "percentile_disc", "approx_distinct",
        "array_agg", "string_agg", "group_concat", "bool_and", "bool_or", "every", "any_value", "first", "last", "corr",
        "covar_pop", "json_agg", "json_object_agg", "jsonb_agg", "xmlagg", "bit_and", "bit_or",
    ),
    _ORDER: (
        "lag", "lead", "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "first_value",
        "last_value", "nth_value", "over", "shift", "diff", "cumsum", "rolling_mean",
    ),
    _FILES: (
        "read_csv", "read_parquet", "read_json", "read_ndjson", "read_text", "read_blob", "scan_csv", "scan_parquet",
        "scan_ndjson", "glob", "pg_read_file", "pg_read_binary_file", "pg_ls_dir", "pg_stat_file", "lo_import",
        "lo_export", "open", "load_file", "readfile", "writefile", "parquet_scan", "csv_scan", "sniff_csv",
        "bfilename", "copy",
    ),
    _MACHINE: (
        "system", "exec", "execute", "shell", "popen", "getenv", "current_setting", "set_config", "pg_sleep", "sleep",
        "benchmark", "pg_terminate_backend", "dblink", "dblink_exec", "http_get", "url", "load_extension", "install",
        "attach", "pragma", "query", "query_to_xml", "database_to_xml", "xp_cmdshell", "version", "current_user",
        "session_user", "user", "current_database", "current_schema", "inet_server_addr",
    ),
    _CODE: ("__import__", "eval", "compile", "getattr", "globals", "lambda", "map", "apply", "python", "js", "pickle"),
    _CLOCK: (
        "now", "current_timestamp", "current_time", "current_date", "localtime", "localtimestamp", "clock_timestamp",
        "statement_timestamp", "transaction_timestamp", "timeofday", "today", "getdate", "sysdate", "age",
    ),
    _CHANCE: ("random", "rand", "uuid", "gen_random_uuid", "setseed", "nextval", "txid_current", "newid"),
    _LARGE: (
        "repeat", "lpad", "rpad", "generate_series", "range", "space", "replicate", "array_fill", "unnest", "explode",
        "string_to_array", "split", "regexp_split_to_array", "format", "concat", "concat_ws", "power", "pow", "exp",
        "factorial", "hex", "to_hex", "encode", "decode", "from_base64", "zlib_decompress",
    ),
}  # fmt: skip
"""Functions that people, or those who mean ill, are likely to try, by the reason why they are none of rules."""

_WHY: Final = {name: why for why, names in REFUSED.items() for name in names}


def refusal(written: str) -> str:
    """Say that something is no function of rules: why, or which was meant."""
    name = written.lower()
    if name in _WHY:
        return f"{written[:40]!r} is not a function of rules: {_WHY[name]}"
    return f"{written[:40]!r} is not a function of rules; {expected(name, [*FUNCTIONS, COALESCE])}"


NO_PLACE: Final[Mapping[str, str]] = {
    "subquery": "it asks a table, and a condition sees one event",
    "select": "it asks a table, and a condition sees one event",
    "exists": "it asks a table, and a condition sees one event",
    "union": "it asks a table, and a condition sees one event",
    "table": "it asks a table, and a condition sees one event",
    "block": "a condition is one expression, without semicolons",
    "window": _ORDER,
    "withingroup": _MANY,
    "filter": _MANY,
    "like": "write `label ~ '^sm'` for a pattern, or starts_with(label, 'sm')",
    "ilike": "write lower(label) ~ '^sm' for a pattern",
    "dpipe": "texts are compared, not put together",
    "bracket": "quantities hold single values",
    "array": "quantities hold single values",
    "tuple": "one value is compared with one other",
    "interval": "durations stand outside of conditions, as in `for: 60 s`",
    "alias": "two things stand side by side; join them by and, or",
    "star": "name a quantity",
    "bitwiseand": "write `and`",
    "bitwiseor": "write `or`",
    "bitwisexor": "write `<>`",
    "nullsafeeq": "write `is null` or `=`",
    "similarto": "write `~` with a regular expression",
    "propertyeq": "write `=` to compare",
}
"""Other parts of SQL that are likely to be tried, and what to do instead, or why not."""


def no_place(what: str) -> str:
    """Say that a part of SQL has no place in a rule, by the name of its kind."""
    name = what.lower()
    hint = NO_PLACE.get(name, "a condition compares quantities, joined by and, or, not")
    return f"{name!r} cannot stand in a rule; {hint}"
