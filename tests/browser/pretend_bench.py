"""A bench over a pretended month of one quantity, which answers as the real one would, for what the page draws of it."""

import asyncio
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from ioc.model.assets import Asset
from ioc.model.identity import digest
from ioc.model.instant import DAY, HOUR, MILLISECOND, MINUTE, Instant
from ui.server.rules_bench import Answer, Draft, UnknownRule, WhyQuestion

STEP: Final = 5 * MINUTE
TEXT: Final = """- rule: air-hazard
  title: {vi: "Bụi mịn {pm25:.0f} µg/m³ tại {asset.name}", en: "PM2.5 {pm25:.0f} µg/m³ at {asset.name}"}
  severity: major
  from: sensor
  per: asset
  # above this for a minute is bad for everybody
  threshold: {raise: pm25 > 150, for: 60 s, clear: pm25 <= 120, clear_for: 30 s}
"""
_RAISE: Final = re.compile(r"raise: pm25 > (-?[\d.]+)")
_NO_TITLE: Final = {"vi": "", "en": ""}


@dataclass
class PretendBench:
    """One rule, `air-hazard`, over some sensors.

    Attributes:
        sensors: whose past it is.
        until: when the past ends; it begins 30 days before.
        events: how many events the past is said to have; 0 for no past at all.
        hold: what a trial waits for before it answers; None for nothing.
        lines: whether the rule has a quantity with a threshold to show.
        asked: the texts that were tried.
        whys: what was asked about places and times.
    """

    sensors: list[Asset]
    until: Instant
    events: int = 8_640_000
    hold: asyncio.Event | None = None
    lines: bool = True
    asked: list[str] = field(default_factory=list)
    whys: list[WhyQuestion] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make up the month: a day's rhythm, slow weather, and noise, the same each time."""
        chance = np.random.default_rng(7)
        steps = 30 * DAY // STEP
        self.at = self.until - (np.arange(steps)[::-1]) * STEP
        hour = (self.at // HOUR + 7) % 24
        rhythm = 26 + 16 * np.cos((hour - 7) / 24 * 4 * np.pi)
        weather = np.convolve(chance.normal(0, 1, steps + 576), np.ones(577) / 24, mode="valid") * 14
        noise = np.array(
            [np.convolve(chance.normal(0, 1, steps + 12), np.ones(13) / 3.6, mode="valid") for _ in self.sensors]
        )
        self.values = rhythm + np.abs(weather) + noise * 5 + chance.normal(6, 4, (len(self.sensors), 1))
        for row in self.values:
            # Somebody burns rubbish beside it.
            episode = np.arange(steps)
            for middle in chance.integers(0, steps, chance.poisson(4)):
                width = chance.uniform(3, 12)
                row[:] = row + chance.uniform(40, 190) * np.exp(-(((episode - middle) / width) ** 2))
        self.values = np.clip(self.values, 2, 400)

    def _spans(self, limit: float, since: Instant, until: Instant) -> list[tuple[int, int, int | None, float]]:
        """Find `(sensor, raised, cleared, peak)` of every alert, cleared at four fifths of the limit."""
        found = []
        inside = (self.at >= since) & (self.at <= until)
        at = self.at[inside]
        for index in range(len(self.sensors)):
            row = self.values[index][inside]
            above = np.flatnonzero(row > limit)
            end = -1
            for start in (int(one) for one in above):
                if start <= end:
                    continue
                below = np.flatnonzero(row[start:] <= limit * 0.8)
                end = start + int(below[0]) if len(below) else len(row)
                cleared = int(at[end]) if end < len(row) else None
                found.append((index, int(at[start]), cleared, float(row[start:end].max())))
        return found

    def _compared(self, limit: float, since: Instant, until: Instant) -> tuple[list[Answer], list[Any], list[Any]]:
        before, after = self._spans(150.0, since, until), self._spans(limit, since, until)
        last = until + 1
        alerts = []
        taken = set()
        for number, (index, raised, cleared, _) in enumerate(after):
            was = next(
                (
                    other
                    for other, (of, begun, over, _) in enumerate(before)
                    if of == index and other not in taken and begun < (cleared or last) and raised < (over or last)
                ),
                None,
            )
            change, old = "added", None
            if was is not None:
                taken.add(was)
                same = abs(before[was][1] - raised) < STEP
                change = "same" if same else "moved"
                old = None if same else {"raised_at": _ms(before[was][1]), "cleared_at": _ms(before[was][2])}
            alerts.append(self._alert(change, after[number], old))
        alerts += [self._alert("gone", alert, None) for other, alert in enumerate(before) if other not in taken]
        return sorted(alerts, key=lambda alert: alert["raised_at"]), before, after

    def _alert(self, change: str, alert: tuple[int, int, int | None, float], was: Answer | None) -> Answer:
        sensor = self.sensors[alert[0]]
        return {
            "change": change,
            "key": sensor.id,
            "name": sensor.name,
            "asset": sensor.id,
            "lat": sensor.lat,
            "lon": sensor.lon,
            "raised_at": _ms(alert[1]),
            "cleared_at": _ms(alert[2]),
            "was": was,
            "numbers": {"pm25": round(alert[3], 1)},
        }

    def _entry(self) -> Answer:
        return {
            "name": "air-hazard",
            "kind": "threshold",
            "title": {"vi": "Bụi mịn vượt ngưỡng", "en": "PM2.5 too high"},
            "severity": "major",
            "state": "running",
            "version": digest("rule", TEXT),
            "author": None,
            "at": _ms(self.until - DAY),
            "note": None,
            "source": "file",
            "from": ["sensor"],
            "alerts_24h": 3,
            "firing": 0,
            "shadow": None,
            "mistakes": [],
        }

    async def rules(self) -> Answer:
        """One rule, and a month of history."""
        known = self.events > 0
        return {
            "rules": [self._entry()],
            "book": {"version": "b1", "error": None},
            "history": {
                "since": _ms(self.until - 30 * DAY) if known else None,
                "until": _ms(self.until) if known else None,
                "events": self.events,
            },
        }

    async def words(self) -> Answer:
        """Nothing to complete."""
        return {
            "kinds": ["threshold"],
            "rule_keys": {},
            "quantities": {},
            "functions": [],
            "columns": [],
            "severities": [],
            "zones": [],
            "sites": [],
            "areas": [],
        }

    async def rule(self, name: str) -> Answer:
        """The one rule."""
        if name != "air-hazard":
            raise UnknownRule(name)
        return self._entry() | {"text": TEXT, "timelines": [], "used_by": []}

    async def check(self, text: str) -> Answer:
        """Find the threshold."""
        found = _RAISE.search(text)
        if found is None:
            mistake = {"line": 7, "column": 3, "sentence": "there is no threshold on pm25"}
            return {"ok": False, "mistakes": [mistake], "rules": []}
        line = text[: found.start()].count("\n") + 1
        column = found.start(1) - text.rfind("\n", 0, found.start())
        number = {
            "param": "threshold.raise",
            "value": float(found[1]),
            "operator": ">",
            "unit": "µg/m³",
            "line": line,
            "column": column,
            "end_column": column + len(found[1]),
        }
        rule = {"name": "air-hazard", "kind": "threshold", "quantity": "pm25", "unit": "µg/m³", "numbers": [number]}
        return {"ok": True, "mistakes": [], "rules": [rule]}

    async def what_if(self, text: str, since: Instant, until: Instant) -> AsyncGenerator[Answer, None]:
        """Compare with 150."""
        self.asked.append(text)
        found = _RAISE.search(text)
        assert found is not None
        yield {"progress": 0.4, "doing": {"vi": "đọc lịch sử", "en": "reading history"}}
        if self.hold is not None:
            await self.hold.wait()
        limit = float(found[1])
        alerts, before, after = await asyncio.to_thread(self._compared, limit, since, until)
        inside = self.values[:, (self.at >= since) & (self.at <= until)]
        counts, edges = np.histogram(inside, bins=80)
        hours = np.arange(since, until + HOUR, HOUR)
        yield {
            "result": {
                "since": _ms(since),
                "until": _ms(until),
                "events": int(self.events * (until - since) / (30 * DAY)),
                "took_ms": 412.0,
                "rule": "air-hazard",
                "alerts": alerts[:5_000],
                "counts": {
                    change: sum(alert["change"] == change for alert in alerts)
                    for change in ("same", "added", "gone", "moved")
                },
                "before": _load(before, since, until),
                "after": _load(after, since, until),
                "by_hour": {
                    "start": _ms(since),
                    "step_ms": HOUR // MILLISECOND,
                    "before": np.histogram([alert[1] for alert in before], hours)[0].tolist(),
                    "after": np.histogram([alert[1] for alert in after], hours)[0].tolist(),
                },
                "histogram": {
                    "quantity": "pm25",
                    "unit": "µg/m³",
                    "edges": edges.tolist(),
                    "counts": (counts * 10).tolist(),
                    "lines": [{"param": "threshold.raise", "value": limit, "operator": ">"}],
                }
                if self.lines
                else None,
                "complaints": [],
            }
        }

    async def why(self, question: WhyQuestion) -> Answer:
        """Find the nearest sensor, and its highest value within an hour."""
        self.whys.append(question)
        by_id = {sensor.id: index for index, sensor in enumerate(self.sensors)}
        near = sorted(
            range(len(self.sensors)),
            key=lambda index: (
                abs((self.sensors[index].lat or 0) - (question.lat or 0))
                + abs((self.sensors[index].lon or 0) - (question.lon or 0))
            ),
        )
        index = by_id.get(question.key or "", near[0])
        inside = (self.at >= question.at - HOUR) & (self.at <= question.at)
        row, at = self.values[index][inside], self.at[inside]
        best = int(row.argmax()) if len(row) else 0
        value, when = (float(row[best]), int(at[best])) if len(row) else (0.0, question.at)
        sensor = self.sensors[index]
        return {
            "rule": "air-hazard",
            "key": sensor.id,
            "at": _ms(question.at),
            "fired": False,
            "sentence": {
                "vi": f"Không báo tại {sensor.name}: pm25 chỉ lên đến {value:.1f} trên 150.",
                "en": f"It did not fire at {sensor.name}: pm25 reached {value:.1f} of 150.",
            },
            "conditions": [
                {
                    "text": "from: sensor",
                    "holds": True,
                    "sentence": {"vi": "12 sự kiện trong 1 giờ qua", "en": "12 events within the last hour"},
                    "nearest": None,
                },
                {
                    "text": "pm25 > 150",
                    "holds": False,
                    "sentence": {
                        "vi": f"pm25 cao nhất là {value:.1f} trên 150 µg/m³",
                        "en": f"pm25 reached {value:.1f} of 150 µg/m³",
                    },
                    "nearest": {"value": round(value, 1), "limit": 150.0, "unit": "µg/m³", "at": _ms(when)},
                },
                {
                    "text": "for: 60 s",
                    "holds": None,
                    "sentence": {
                        "vi": "không đếm khi điều kiện trên chưa đúng",
                        "en": "not counted while the condition above does not hold",
                    },
                    "nearest": {"value": 0.0, "limit": 60.0, "unit": "s", "at": None},
                },
            ],
            "events": [
                {
                    "id": f"{sensor.id}:{step}",
                    "kind": "sensor",
                    "asset": sensor.id,
                    "at": _ms(int(at[-1 - step])),
                    "zone": None,
                    "signal": None,
                    "codec": "ioc",
                    "values": {"pm25": round(float(row[-1 - step]), 1)},
                }
                for step in range(min(3, len(row)))
            ],
            "near": [self.sensors[other].id for other in near[1:4]],
        }

    async def publish(self, draft: Draft) -> Answer:
        """Take nothing."""
        return {"name": "air-hazard", "version": digest("rule", draft.text)}

    async def versions(self, name: str) -> Answer:
        """None but the one in force."""
        return {"versions": []}

    async def restore(self, name: str, version: str, *, author: str, note: str) -> Answer:
        """Do nothing."""
        return {"name": name, "version": version}

    async def stop_shadow(self, name: str, *, author: str) -> Answer:
        """Do nothing."""
        return {"name": name, "version": None}

    async def shadow_alerts(self) -> Answer:
        """None."""
        return {"alerts": []}


def _load(alerts: list[tuple[int, int, int | None, float]], since: Instant, until: Instant) -> Answer:
    times = np.sort(np.array([alert[1] for alert in alerts], dtype=np.int64))
    within = np.searchsorted(times, times + 10 * MINUTE) - np.arange(len(times))
    flooded = within > 10
    return {
        "alerts": len(times),
        "incidents": len(times),
        "per_hour": len(times) / max(1, (until - since) / HOUR),
        "peak_10_min": int(within.max(initial=0)),
        "floods": int((np.diff(np.concatenate([[0], flooded.astype(int)])) == 1).sum()),
        "share_of_flood_time": float(np.unique(times[flooded] // (10 * MINUTE)).size * 10 * MINUTE / (until - since)),
    }


def _ms(at: Instant | None) -> int | None:
    return None if at is None else at // MILLISECOND
