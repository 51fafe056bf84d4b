"""Verdicts on timelines as JUnit XML, which CI systems show beside other tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from rules.timelines import Verdict

_ALLOWED = frozenset("\t\n\r")


@dataclass(frozen=True, slots=True)
class Ran:
    """One timeline that was run.

    Attributes:
        seconds: how long it took.
        hints: why what is missing did not come.
    """

    verdict: Verdict
    seconds: float
    hints: tuple[str, ...] = ()


def junit(ran: Sequence[Ran], name: str) -> str:
    """Write the document.

    Args:
        ran: in the order in which they ran.
        name: what was tested, such as the folder of the rule book.
    """
    failures = sum(bool(one.verdict.complaints) for one in ran)
    seconds = sum(one.seconds for one in ran)
    head = f"tests={_number(len(ran))} failures={_number(failures)} errors={_number(0)} time={_time(seconds)}"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites {head}>",
        f"  <testsuite name={_text(name)} {head}>",
    ]
    for one in ran:
        timeline = one.verdict.timeline
        file, _, line = timeline.where.rpartition(":")
        place = f"classname={_text(file)} file={_text(file)} line={_text(line)}"
        begin = f"    <testcase name={_text(timeline.name)} {place} time={_time(one.seconds)}"
        if not one.verdict.complaints:
            lines.append(f"{begin}/>")
            continue
        text = escape(_clean("\n".join((*one.verdict.complaints, *one.hints))))
        failure = f"<failure message={_text(one.verdict.complaints[0])} type={_text('timeline')}>{text}</failure>"
        lines += [f"{begin}>", f"      {failure}", "    </testcase>"]
    return "\n".join([*lines, "  </testsuite>", "</testsuites>", ""])


def _text(value: str) -> str:
    return quoteattr(_clean(value))


def _clean(value: str) -> str:
    """Leave out what XML cannot hold, however it is written."""
    return "".join(
        sign for sign in value if sign in _ALLOWED or (ord(sign) >= 0x20 and not 0xD800 <= ord(sign) <= 0xDFFF)
    )


def _number(count: int) -> str:
    return quoteattr(str(count))


def _time(seconds: float) -> str:
    return quoteattr(f"{seconds:.3f}")
