"""Payloads and topics that nobody means well with, each with what must become of it; made here, not kept as files."""

import base64
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Becomes(StrEnum):
    """What must become of a hostile message."""

    REJECTED = "rejected, with a reason, and no event"
    ARRIVAL = "an event that goes by the time of its arrival"
    NOTHING = "nothing: neither an event nor a complaint"


@dataclass(frozen=True)
class Hostile:
    """One hostile message.

    Attributes:
        name: says what is wrong with it, and is the device's name where the topic is our own.
        topic: bytes, because some are no text.
    """

    name: str
    topic: bytes
    payload: bytes
    becomes: Becomes = Becomes.REJECTED


_DIGITS: Final = b"7" * 5_000
_DEEP: Final = 100_000

_NUMBERS: Final = {
    "nan": b"NaN",
    "minus-nan": b"-NaN",
    "infinity": b"Infinity",
    "minus-infinity": b"-Infinity",
    "1e400": b"1e400",
    "minus-1e400": b"-1e400",
    "1e-and-5000-digits": b"1e" + _DIGITS,
    "5000-digit-integer": _DIGITS,
    "minus-5000-digit-integer": b"-" + _DIGITS,
    "hexadecimal": b"0x10",
    "leading-zero": b"017",
    "leading-plus": b"+1",
    "no-digit-before-the-point": b".5",
    "no-digit-after-the-point": b"1.",
    "no-exponent": b"1e",
    "arabic-digits": "١٢٣".encode(),
    "thousands": b"1,000",
    "hot": b'"hot"',
    "true": b"true",
    "array": b"[20]",
    "object": b'{"value": 20}',
    "hotter-than-the-sun": b"1e308",
    "colder-than-nothing": b"-400",
}
"""What stands for a temperature."""

_TEXTS: Final = {
    "nul": b"a\\u0000b",
    "raw-nul": b"a\x00b",
    "raw-newline": b"a\nb",
    "escape-sequence": b"\\u001b[2J",
    "right-to-left-override": "abc\u202egnp.exe".encode(),
    "right-to-left-isolate": "abc\u2067x".encode(),
    "arabic-letter-mark": "abc\u061cx".encode(),
    "c1-control": "a\u0085b".encode(),
    "byte-order-mark": "a\ufeffb".encode(),
    "lone-high-surrogate": b"a\\ud800b",
    "lone-low-surrogate": b"a\\udc00b",
    "surrogates-the-wrong-way-round": b"\\ude00\\ud83d",
    "surrogate-in-utf-8": b"a\xed\xa0\x80b",
    "overlong-utf-8": b"a\xc0\xafb",
    "half-a-character": b"a\xe2\x82",
    "latin-1": b"caf\xe9",
    "unknown-escape": b"a\\xb",
    "half-an-escape": b"a\\u12",
    "long": b"x" * 100_000,
}
"""What stands for a text."""

_WHOLES: Final = {
    "empty-object": b"{}",
    "null": b"null",
    "a-number": b"20.5",
    "a-text": b'"20.5"',
    "white-space": b" \r\n\t ",
    "nul": b"\x00",
    "nuls": bytes(4_096),
    "all-bytes": bytes(range(256)),
    "truncated": b'{"temp_c": 20.5',
    "truncated-text": b'{"temp_c": "20',
    "truncated-literal": b'{"temp_c": tru',
    "trailing-comma": b'{"temp_c": 20.5,}',
    "trailing-garbage": b'{"temp_c": 20.5} rm -rf /',
    "two-documents": b'{"temp_c": 20.5}{"temp_c": 21}',
    "single-quotes": b"{'temp_c': 20.5}",
    "bare-keys": b"{temp_c: 20.5}",
    "comment": b'{"temp_c": 20.5 /* warm */}',
    "byte-order-mark": b'\xef\xbb\xbf{"temp_c": 20.5}',
    "utf-16": '{"temp_c": 20.5}'.encode("utf-16"),
    "utf-32": '{"temp_c": 20.5}'.encode("utf-32"),
    "utf-7": b"+AHsAIg-temp_c+ACI-: 20.5+AH0-",
    "invalid-utf-8": b"\xff\xfe\xfd",
    "gzip": gzip.compress(b'{"temp_c": 20.5}', mtime=0),
    "base64": base64.b64encode(b'{"temp_c": 20.5}'),
    "python": b"__import__('os').system('true')",
    "yaml-tag": b"!!python/object/apply:os.system ['true']",
    "html": b"<script>alert(1)</script>",
    "same-key-twice": b'{"temp_c": 20.5, "temp_c": 99}',
    "same-key-twice-escaped": b'{"temp_c": 20.5, "\\u0074emp_c": 99}',
    "same-key-twice-inside": b'{"temp_c": 20.5, "more": {"a": 1, "a": 2}}',
    "empty-key": b'{"": 20.5}',
    "key-with-nul": b'{"temp\\u0000": 20.5}',
    "key-turned-round": '{"temp\u202e": 20.5}'.encode(),
    "key-of-10000-characters": b'{"' + b"k" * 10_000 + b'": 1}',
    "key-that-is-a-path": b'{"../../etc/passwd": 1}',
    "key-that-is-sql": b'{"x; drop table events": 1}',
    "another-device": b'{"asset": "somebody-else"}',
    "own-id": b'{"id": "somebody-else:b:1"}',
    "own-arrival": b'{"received_at": 1}',
    "own-codec": b'{"codec": "trusted"}',
    "dunder": b'{"__class__": {"x": 1}}',
    "only-a-wrong-position": b'{"lat": 999, "lon": 1}',
    "only-half-a-position": b'{"lat": 21.0}',
    "position-in-words": b'{"lat": "north", "lon": "east"}',
    "position-that-is-true": b'{"lat": true, "lon": true}',
    "unknown-signal": b'{"signal": "on fire"}',
    "signal-that-is-a-number": b'{"signal": 7}',
    "depth-100000-arrays": b"[" * _DEEP,
    "depth-100000-arrays-closed": b"[" * _DEEP + b"]" * _DEEP,
    "depth-100000-objects": b'{"a":' * _DEEP + b"1" + b"}" * _DEEP,
    "depth-33": b'{"a":' * 33 + b"1" + b"}" * 33,
    "array-of-10001-events": b"[" + b'{"temp_c": 20.5},' * 10_000 + b'{"temp_c": 20.5}]',
    "array-of-100000-nulls": b"[" + b"null," * 99_999 + b"null]",
    "array-of-arrays": b"[[[20.5]]]",
    "10-mb": b'{"note": "' + b"x" * 10_000_000 + b'"}',
    "10-mb-of-brackets": b"[" * 10_000_000,
    "one-byte-too-long": b'{"note": "' + b"x" * (1_048_577 - 12) + b'"}',
    "xml-bomb": b"<?xml version='1.0'?><!DOCTYPE l [<!ENTITY a 'ha'>"
    + b"".join(b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 20) for n in range(9))
    + b"]><l>&j;</l>",
    "xml-external-entity": b"<!DOCTYPE l [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><l>&x;</l>",
    "xml-depth-100000": b"<a>" * _DEEP,
    "protobuf-of-a-gigabyte": b"\x08\x01\x12\xff\xff\xff\xff\x03abc",
    "protobuf-groups-100000": b"\x0b" * _DEEP,
    "protobuf-endless-number": b"\x08" + b"\xff" * 1_000,
    "cbor-of-a-gigabyte": b"\x9a\x40\x00\x00\x00",
    "messagepack-depth-100000": b"\x91" * _DEEP,
}
"""Whole payloads."""

_TIMES: Final = {
    "in-words": b'"yesterday"',
    "empty": b'""',
    "negative": b"-1",
    "zero": b"0",
    "one": b"1",
    "seconds": b"1795323600",
    "microseconds": b"1795323600000000",
    "nanoseconds": b"1795323600000000000",
    "1e18": b"1e18",
    "1e308": b"1e308",
    "2-to-the-63": b"9223372036854775808",
    "true": b"true",
    "array": b"[2026, 11, 22]",
    "object": b'{"seconds": 1795323600}',
    "null": b"null",
    "month-13": b'"2026-13-22T08:00:00Z"',
    "february-30": b'"2026-02-30T08:00:00Z"',
    "hour-25": b'"2026-11-22T25:00:00Z"',
    "second-61": b'"2026-11-22T08:00:61Z"',
    "offset-99": b'"2026-11-22T08:00:00+99:00"',
    "year-0000": b'"0000-01-01T00:00:00Z"',
    "year-1969": b'"1969-12-31T23:59:59Z"',
    "year-10000": b'"10000-01-01T00:00:00Z"',
    "year-9999": b'"9999-12-31T23:59:59Z"',
    "long-ago": b'"2001-01-01T00:00:00Z"',
    "date-only": b'"2026-11-22"',
    "week-date": b'"2026-W47-7T08:00:00Z"',
    "american": b'"11/22/2026 8:00 AM"',
    "arabic-digits": '"٢٠٢٦-١١-٢٢T٠٨:٠٠:٠٠Z"'.encode(),
    "turned-round": '"\u202e2026-11-22T08:00:00Z"'.encode(),
    "with-nul": b'"2026-11-22T08:00:00\\u0000Z"',
    "with-5000-digits": b'"2026-11-22T08:00:00.' + _DIGITS + b'Z"',
    "in-hexadecimal": b'"0x19a0"',
    "nan-in-a-text": b'"NaN"',
    "infinity-in-a-text": b'"Infinity"',
}
"""What stands for the time of a good reading."""

_READING: Final = b'{"temp_c": 20.5}'

_TOPICS: Final = {
    "wildcard-plus": b"ioc/+/x/events",
    "wildcard-hash": b"ioc/sensor/x/#",
    "only-hash": b"#",
    "only-plus": b"+",
    "plus-in-a-level": b"ioc/sensor/x+y/events",
    "hash-in-a-level": b"ioc/sensor/x#/events",
    "no-asset": b"ioc/sensor//events",
    "leading-slash": b"/ioc/sensor/x/events",
    "trailing-slash": b"ioc/sensor/x/events/",
    "only-slashes": b"/" * 200,
    "one-level-more": b"ioc/sensor/x/y/events",
    "below": b"ioc/sensor/x/events/more",
    "unknown-kind": b"ioc/toaster/x/events",
    "kind-in-capitals": b"ioc/SENSOR/x/events",
    "in-capitals": b"IOC/sensor/x/EVENTS",
    "asset-of-65-characters": b"ioc/sensor/" + b"a" * 65 + b"/events",
    "asset-with-a-space": b"ioc/sensor/a b/events",
    "asset-up-the-path": b"ioc/sensor/..%2f..%2fetc/events",
    "asset-that-is-markup": b"ioc/sensor/<img src=x>/events",
    "asset-in-emoji": "ioc/sensor/🔥/events".encode(),
    "asset-turned-round": "ioc/sensor/a\u202eb/events".encode(),
    "asset-with-a-byte-order-mark": "ioc/sensor/\ufeffa/events".encode(),
    "nul": b"ioc/sensor/a\x00b/events",
    "newline": b"ioc/sensor/a\nb/events",
    "escape": b"ioc/sensor/a\x1b[2Jb/events",
    "invalid-utf-8": b"ioc/sensor/\xff\xfe/events",
    "surrogate": b"ioc/sensor/\xed\xa0\x80/events",
    "overlong": b"ioc/sensor/\xc0\xaf/events",
    "2000-characters": b"ioc/sensor/" + b"a" * 2_000 + b"/events",
    "65535-bytes": b"x" * 65_535,
    "nobody-s": b"somebody/else/entirely",
    "formula": b"=cmd|'/c calc'!A1",
    "number-format": b"%s%n%d/{}/${jndi:ldap://x}",
}
"""What a good reading comes on; on none of them is it an event of our own topic."""


def hostile_payloads() -> Iterator[Hostile]:
    """Give every hostile payload, each on our own topic under a device's name of its own."""
    for name, value in _NUMBERS.items():
        yield _own(f"number-{name}", b'{"temp_c": ' + value + b"}")
    for name, text in _TEXTS.items():
        yield _own(f"text-{name}", b'{"note": "' + text + b'"}')
        if name != "long":
            yield _own(f"zone-{name}", b'{"zone": "' + text + b'"}')
    for name, payload in _WHOLES.items():
        yield _own(f"payload-{name}", payload)
    yield _own("payload-empty", b"", Becomes.NOTHING)
    yield _own("payload-array-of-no-events", b"[]", Becomes.NOTHING)


def hostile_times() -> Iterator[Hostile]:
    """Give a good reading with every wrong time: the reading counts, the time does not."""
    for name, value in _TIMES.items():
        yield _own(f"time-{name}", b'{"temp_c": 20.5, "at": ' + value + b"}", Becomes.ARRIVAL)


def hostile_topics() -> Iterator[Hostile]:
    """Give a good reading on every hostile topic."""
    for name, topic in _TOPICS.items():
        yield Hostile(f"topic-{name}", topic, _READING)


def good(asset: str, number: int) -> Hostile:
    """Make a message that means well."""
    body = json.dumps({"boot": "good", "seq": number, "temp_c": 20.5}).encode()
    return Hostile(f"good-{number}", f"ioc/sensor/{asset}/events".encode(), body)


def _own(name: str, payload: bytes, becomes: Becomes = Becomes.REJECTED) -> Hostile:
    return Hostile(name, f"ioc/sensor/{name}/events".encode(), payload, becomes)
