"""Whether a source had anything to read, and for how long something held."""

from typing import Final

import numpy as np
import polars as pl

from ioc.model.instant import SECOND, Duration, Instant
from rules.bench.explaining.case import Case
from rules.bench.explaining.conditions import judge
from rules.bench.explaining.findings import Finding, Nearest
from rules.bench.explaining.words import Lasting, lasting, say
from rules.watches.contract import Source

SILENT_AFTER: Final[Duration] = 60 * SECOND
"""A silence is not worth a word before it has lasted so long, and three times as long as is usual."""


def heard(case: Case, source: Source, events: pl.DataFrame, name: str = "") -> list[Finding]:
    """Say whether a source had anything to read: events of its kinds, lately, and such as satisfy its condition.

    Args:
        case: the question.
        source: whose.
        events: those of the key, or of an asset.
        name: what the rule calls the source, where it has several.
    """
    prefix = f"{name}: " if name else ""
    kinds = ", ".join(map(str, source.kinds)) or "any"
    text = f"{prefix}from: {kinds}"
    found = case.of(source, events)
    if not found.height:
        sentence = say(
            "{name}không có gì đến từ {key} trong {look} trước đó",
            "{name}nothing came from {key} in the {look} before",
            name=prefix,
            key=case.key,
            look=_looked(case),
        )
        return [Finding(text, False, sentence)]
    times = np.sort(found["at"].cast(pl.Int64).to_numpy())
    silence = case.at - int(times[-1])
    usual = int(np.median(np.diff(times))) if len(times) > 2 else 0
    spoke = silence < max(SILENT_AFTER, 3 * usual)
    sentence = (
        say(
            "{name}lần cuối {silence} trước",
            "{name}the last reading was {silence} before",
            name=prefix,
            silence=Lasting(max(silence, 0)),
        )
        if spoke
        else say(
            "{name}không có số đo trong {silence}",
            "{name}no reading for {silence}",
            name=prefix,
            silence=Lasting(silence),
        )
    )
    findings = [Finding(text, spoke, sentence, Nearest(silence / SECOND, None, "s", int(times[-1])))]
    if source.where is not None:
        recent = case.lately(found)
        for finding in judge(case, source.where, recent if recent.height else found, of_any=True):
            sentence = {language: prefix + words for language, words in finding.sentence.items()}
            findings.append(Finding(f"{prefix}where: {finding.text}", finding.holds, sentence, finding.nearest))
    return findings


def _looked(case: Case) -> dict[str, str]:
    first = case.events["received_at"].cast(pl.Int64).min() if case.events.height else None
    span = case.at - first if isinstance(first, int) else 0
    return {language: lasting(max(span, case.look), language) for language in ("vi", "en")}


def held(case: Case, key: str, ran: Duration, ended: Instant | None, wanted: Duration, *, enough: bool) -> Finding:
    """Say how long something held, of how long it had to."""
    text = f"{key}: {lasting(wanted, 'en')}"
    if ended is None:
        return Finding(
            text, False, say("chưa lúc nào đúng", "it was never true"), Nearest(0.0, wanted / SECOND, "s", None)
        )
    nearest = Nearest(ran / SECOND, wanted / SECOND, "s", ended)
    sentence = say(
        "kéo dài {ran} trên {wanted}, đến {at}",
        "held {ran} of {wanted}, until {at}",
        ran=Lasting(ran),
        wanted=Lasting(wanted),
        at=case.clock(ended),
    )
    return Finding(text, enough or ran >= wanted, sentence, nearest)
