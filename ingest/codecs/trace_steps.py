"""A trace as a tree of steps, each with what was done, where a codec says so, and what came of it."""

from collections.abc import Iterator
from typing import Any


def steps_of(traced: dict[str, Any]) -> list[dict[str, Any]]:
    """Put what `trace` told into steps: `what`, `at`, `found`, `error` and `inner`, which holds further steps.

    Messages that are found on any topic by their payload alone, and were not found in this one, are told as one step.
    """
    steps = []
    elsewhere = 0
    for attempt in traced["tried"]:
        if attempt["anywhere"] and attempt["verdict"] != "taken":
            elsewhere += 1
        else:
            steps.append(_attempt(attempt))
    if elsewhere:
        what = f"{elsewhere} further messages, which any topic may carry"
        steps.append(_step(what, error="the payload does not look like any of them"))
    return steps


def nearest_of(traced: dict[str, Any]) -> list[dict[str, str]]:
    """Say which codecs came nearest where none took a message, and why they did not."""
    return [
        {
            "codec": each["codec"],
            "why": f"{each['message']} on {each['topic']}: {'; '.join(each['reasons'])} ({each['place']})",
        }
        for each in traced["nearest"]
    ]


def _attempt(attempt: dict[str, Any]) -> dict[str, Any]:
    inner = []
    if attempt["captures"]:
        inner.append(_step("topic", found=attempt["captures"]))
    payload = attempt["payload"]
    if payload is not None:
        inner.append(_step(f"payload as {payload['decoder']}", found=payload["gave"], error=payload["error"]))
    for each in attempt["when"]:
        error = None if each["holds"] else "does not hold"
        inner.append(_step(f"when {each['says']}", found=each["found"], error=error))
    if attempt["verdict"] == "taken":
        inner += [_step(f"each {each['name']}", at=each["place"], found=each["items"]) for each in attempt["each"]]
        inner += _fields(attempt["fields"])
        if attempt["counters"]:
            inner.append(_step("quantities that only grow", found=attempt["counters"]))
        if attempt["intervals"]:
            inner.append(_step("seconds that quantities sum up, or are reported in", found=attempt["intervals"]))
        if attempt["fields_left_out"]:
            inner.append(_step(f"and {attempt['fields_left_out']} further fields"))
    title = f"{attempt['codec']}: {attempt['message']}, topic {attempt['topic']}"
    missed = attempt["verdict"] != "taken"
    return _step(
        title,
        at=attempt["place"],
        found=None if missed else attempt["reason"] or "takes the message",
        error=attempt["reason"] if missed else None,
        inner=inner,
    )


def _fields(fields: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Give a step a field; those of one item of a fan-out are put together."""
    group: dict[str, Any] | None = None
    for number, each in enumerate(fields):
        paths = [_step(path["path"], found=path["value"]) for path in each["found"]]
        step = _step(each["name"], at=each["place"], found=each["became"], error=each["error"], inner=paths)
        if each["item"] is None:
            yield step
            continue
        if group is None or number == 0 or fields[number - 1]["item"] != each["item"]:
            group = _step(f"item {each['item']}")
            yield group
        group["inner"].append(step)


def _step(
    what: str,
    *,
    at: str | None = None,
    found: Any = None,
    error: str | None = None,
    inner: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    return {"what": what, "at": at, "found": found, "error": error, "inner": inner or []}
