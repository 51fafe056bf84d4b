"""Machine and people in any order, with replays: they never undo one another, and nothing is written twice."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from ioc.model.alerts import Severity
from ioc.model.identity import alert_id, incident_id
from ioc.model.incidents import Condition, Incident, WorkState
from ioc.store.incidents import ClearedAlert, Incidents, Refused, UnknownIncident
from ioc.store.opening import Store, open_store

KEYS = st.sampled_from(["a", "b"])
PEOPLE = st.sampled_from(["Lan", "Minh"])
NAMES = st.sampled_from(["k1", "k2", None])
AT = 1_795_323_600_000_000


def raised(key: str) -> Incident:
    alert = alert_id("fire", key, AT)
    return Incident(incident_id(alert), "fire", key, None, {"en": key}, Severity.MAJOR, AT, alerts=(alert,))


class Expected:
    """What one incident must have come to."""

    def __init__(self) -> None:
        self.condition = Condition.ACTIVE
        self.work_state = WorkState.NEW
        self.assignee: str | None = None
        self.timeline = ["raised"]


class Work(RuleBasedStateMachine):
    """Incidents in the store beside what they must have come to."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.expected: dict[str, Expected] = {}
        self.used: dict[str, tuple[str, str, str]] = {}

    def teardown(self) -> None:
        self.wait(self.stack.aclose())
        self.loop.close()

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @property
    def incidents(self) -> Incidents:
        return self.store.incidents

    @initialize()
    def begin(self) -> None:
        self.store: Store = self.wait(self.stack.enter_async_context(open_store(self.url)))
        self.wait(self.store.connection.call("FLUSHALL"))

    @rule(key=KEYS)
    def raise_(self, key: str) -> None:
        new = key not in self.expected
        assert self.wait(self.incidents.apply([raised(key)], [])) == int(new)
        if new:
            self.expected[key] = Expected()

    @rule(key=KEYS)
    def clear(self, key: str) -> None:
        expected = self.expected.get(key)
        holds = expected is not None and expected.condition is Condition.ACTIVE
        incident = raised(key)
        word = ClearedAlert(incident.id, incident.alerts[0], AT + 1)
        assert self.wait(self.incidents.apply([], [word])) == int(holds)
        if expected is not None and holds:
            expected.condition = Condition.CLEARED
            expected.timeline.append("cleared")

    @rule()
    def replay_everything(self) -> None:
        words = [
            ClearedAlert(raised(key).id, raised(key).alerts[0], AT + 1)
            for key, expected in self.expected.items()
            if expected.condition is Condition.CLEARED
        ]
        assert self.wait(self.incidents.apply([raised(key) for key in self.expected], words)) == 0

    @rule(key=KEYS, what=st.sampled_from(["acknowledge", "comment", "resolve"]), who=PEOPLE, name=NAMES)
    def command(self, key: str, what: Any, who: str, name: str | None) -> None:
        told = self.incidents.command(raised(key).id, what, who=who, now=AT + 2, text="words", idempotency_key=name)
        expected = self.expected.get(key)
        if expected is None:
            with pytest.raises(UnknownIncident):
                self.wait(told)
            return
        if name in self.used:
            if self.used[name] == (key, what, who):
                self.wait(told)
            else:
                with pytest.raises(Refused):
                    self.wait(told)
            return
        over = expected.work_state is WorkState.RESOLVED
        own = expected.work_state is WorkState.ACKNOWLEDGED and expected.assignee == who
        if what == "acknowledge" and own:
            self.wait(told)
            return
        if (what == "acknowledge" and expected.work_state is not WorkState.NEW) or (what == "resolve" and over):
            with pytest.raises(Refused):
                self.wait(told)
            return
        self.wait(told)
        if name is not None:
            self.used[name] = (key, what, who)
        if what == "acknowledge":
            expected.work_state, expected.assignee = WorkState.ACKNOWLEDGED, who
        elif what == "resolve":
            expected.work_state = WorkState.RESOLVED
        expected.timeline.append({"acknowledge": "acknowledged", "comment": "commented", "resolve": "resolved"}[what])

    @rule(key=KEYS, who=PEOPLE)
    def machine_and_person_at_once(self, key: str, who: str) -> None:
        """Whoever comes first, both are heard."""
        expected = self.expected.get(key)
        if expected is None:
            return
        incident = raised(key)

        async def both() -> None:
            await asyncio.gather(
                self.incidents.apply([], [ClearedAlert(incident.id, incident.alerts[0], AT + 1)]),
                self.incidents.command(incident.id, "comment", who=who, now=AT + 2, text="words"),
            )

        self.wait(both())
        found = self.wait(self.incidents.get(incident.id))
        new = [entry.what for entry in found.timeline][len(expected.timeline) :]
        assert sorted(new) == (["cleared", "commented"] if expected.condition is Condition.ACTIVE else ["commented"])
        expected.condition = Condition.CLEARED
        expected.timeline += new

    @invariant()
    def the_store_holds_what_was_done(self) -> None:
        position, told = self.wait(self.incidents.snapshot())
        assert {incident.key for incident in told} == self.expected.keys()
        open_now = {
            name.decode() for name in self.wait(self.store.connection.call("ZRANGE", "ioc:incidents:open", 0, -1))
        }
        for key, expected in self.expected.items():
            found = self.wait(self.incidents.get(raised(key).id))
            assert (found.condition, found.work_state, found.assignee) == (
                expected.condition,
                expected.work_state,
                expected.assignee,
            )
            assert [entry.what for entry in found.timeline] == expected.timeline
            assert found.revision == len(expected.timeline)
            assert (found.id in open_now) == found.is_open
        log = self.wait(self.store.connection.call("XRANGE", "ioc:incidents:log", "-", "+"))
        assert len(log) == sum(len(expected.timeline) for expected in self.expected.values())
        assert position == (log[-1][0].decode() if log else "0-0")


def test_machine_and_people_never_undo_one_another(embedded_store: str) -> None:
    class OverThisStore(Work):
        url = embedded_store

    run_state_machine_as_test(
        OverThisStore,
        settings=settings(
            max_examples=40,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
