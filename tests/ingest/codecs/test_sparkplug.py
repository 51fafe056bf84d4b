"""Sparkplug B: births name what data only number, deaths take all below with them, and nothing breaks the reader."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.codecs import sparkplug
from ingest.codecs.memory import Memory
from ingest.codecs.readings import Reading
from ingest.codecs.registry import load_codecs
from ingest.codecs.sparkplug import Births, Known, Sparkplug, read_state
from ingest.codecs.sparkplug_payload import read_payload
from ioc.model.events import Kind, Signal

BORN = 1_700_000_000_000
INT8, INT32, INT64, FLOAT, BOOLEAN, STRING = 1, 3, 4, 9, 11, 12


def payload(*metrics: dict[str, Any], timestamp: int = BORN, seq: int = 0) -> bytes:
    """Write a payload from what its metrics should say."""
    made = read_payload(b"")
    made.timestamp, made.seq = timestamp, seq
    for each in metrics:
        metric = made.metrics.add()
        unit = each.pop("unit", None)
        for name, value in each.items():
            setattr(metric, name, value)
        if unit is not None:
            metric.properties.keys.append("engUnit")
            metric.properties.values.add(type=STRING, string_value=unit)
    return bytes(made.SerializeToString())


class Host:
    """A host application: the reader under test, with what it complained of."""

    def __init__(self) -> None:
        self.reader = Sparkplug(Memory())
        self.problems: list[str] = []

    def hears(self, verb: str, raw: bytes, device: str = "", edge: str = "e") -> list[Reading]:
        captures = {"group": "g", "verb": verb, "edge": edge, **({"device": device} if device else {})}
        return self.reader.read(raw, captures, self.problems, 0)


def level(**others: Any) -> dict[str, Any]:
    return {"name": "Tank/level", "alias": 7, "datatype": FLOAT, "float_value": 2.5, **others}


@pytest.fixture
def host() -> Host:
    return Host()


def test_a_birth_names_what_data_only_number(host: Host) -> None:
    (born,) = host.hears("DBIRTH", payload(level()), "d")
    assert (born.asset, born.kind, born.signal, born.values) == (
        "g/e/d",
        Kind.SENSOR,
        Signal.ONLINE,
        {"tank_level": 2.5},
    )
    (data,) = host.hears("DDATA", payload({"alias": 7, "float_value": 3.5, "timestamp": BORN + 500}), "d")
    assert (data.at, data.signal, data.values) == ((BORN + 500) * 1000, None, {"tank_level": 3.5})


def test_data_before_any_birth_are_refused_with_what_to_do(host: Host) -> None:
    with pytest.raises(ValueError, match="rebirth is needed"):
        host.hears("DDATA", payload({"alias": 7, "float_value": 3.5}), "d")


def test_what_is_named_is_read_beside_what_is_not_known(host: Host) -> None:
    (data,) = host.hears("NDATA", payload({"alias": 9, "int_value": 1}, {"name": "uptime", "long_value": 5}))
    assert data.values == {"uptime": 5}
    assert len(host.problems) == 1


def test_the_birth_of_a_node_begins_everything_anew(host: Host) -> None:
    host.hears("DBIRTH", payload(level()), "d")
    host.hears("NBIRTH", payload({"name": "bdSeq", "long_value": 1}))
    with pytest.raises(ValueError, match="rebirth"):
        host.hears("DDATA", payload({"alias": 7, "float_value": 3.5}), "d")


def test_devices_number_their_metrics_each_for_itself(host: Host) -> None:
    host.hears("DBIRTH", payload(level()), "d")
    host.hears("DBIRTH", payload(level(name="Tank/weight")), "other")
    (data,) = host.hears("DDATA", payload({"alias": 7, "float_value": 3.5}), "d")
    assert data.values == {"tank_level": 3.5}


@pytest.mark.parametrize("session", [7, 8])
def test_the_will_of_an_earlier_session_ends_nothing(host: Host, session: int) -> None:
    host.hears("NBIRTH", payload({"name": "bdSeq", "datatype": INT64, "long_value": 7}))
    host.hears("DBIRTH", payload(level()), "d")
    dead = host.hears("NDEATH", payload({"name": "bdSeq", "datatype": INT64, "long_value": session}))
    if session == 8:
        assert dead == []
        return
    assert [(each.asset, each.signal, each.at) for each in dead] == [
        ("g/e", Signal.OFFLINE, None),
        ("g/e/d", Signal.OFFLINE, None),
    ]
    assert dead[0].values == {"signal_scope": "children"}


def test_a_device_that_died_is_offline_and_its_numbers_mean_nothing_any_more(host: Host) -> None:
    host.hears("DBIRTH", payload(level()), "d")
    (dead,) = host.hears("DDEATH", payload(timestamp=BORN + 1), "d")
    assert (dead.signal, dead.at) == (Signal.OFFLINE, (BORN + 1) * 1000)
    with pytest.raises(ValueError, match="rebirth"):
        host.hears("DDATA", payload({"alias": 7, "float_value": 1.0}), "d")


def test_metrics_of_one_time_are_one_event_and_those_sent_later_say_so(host: Host) -> None:
    late = {"name": "a", "int_value": 1, "timestamp": BORN - 5000, "is_historical": True}
    events = host.hears("DDATA", payload(late, {"name": "b", "int_value": 2}, {"name": "c", "int_value": 3}), "d")
    assert [each.values for each in events] == [{"historical": True, "a": 1}, {"b": 2, "c": 3}]
    assert [each.at for each in events] == [(BORN - 5000) * 1000, BORN * 1000]


@pytest.mark.parametrize(
    ("metric", "values"),
    [
        ({"datatype": INT8, "int_value": 0xFF}, {"x": -1}),
        ({"datatype": INT8, "int_value": 0xFFFFFF80}, {"x": -128}),
        ({"datatype": INT32, "int_value": 0xFFFFFFFE}, {"x": -2}),
        ({"datatype": INT64, "long_value": 2**64 - 3}, {"x": -3}),
        ({"datatype": 7, "int_value": 2**32 - 1}, {"x": 2**32 - 1}),
        ({"datatype": STRING, "string_value": "open"}, {"x": "open"}),
        ({"datatype": BOOLEAN, "boolean_value": True}, {"x": True}),
        ({"name": "temperature", "float_value": 86.0, "unit": "°F"}, {"temp_c": 30.0}),
        ({"name": "x", "is_null": True}, {}),
        ({"name": "Node Control/Rebirth", "boolean_value": False}, {}),
    ],
)
def test_a_value_is_of_its_type_and_in_our_unit(host: Host, metric: dict[str, Any], values: dict[str, Any]) -> None:
    readings = host.hears("DDATA", payload({"name": "x", **metric}), "d")
    found = {name: value for each in readings for name, value in each.values.items()}
    assert found == pytest.approx(values)


def test_units_of_a_birth_hold_for_its_data(host: Host) -> None:
    host.hears(
        "DBIRTH", payload({"name": "temperature", "alias": 1, "datatype": FLOAT, "float_value": 50.0, "unit": "F"}), "d"
    )
    (data,) = host.hears("DDATA", payload({"alias": 1, "float_value": 86.0}), "d")
    assert data.values == pytest.approx({"temp_c": 30.0})


def test_a_template_is_gone_through_and_a_data_set_is_told_of(host: Host) -> None:
    made = read_payload(payload())
    motor = made.metrics.add(name="Motor")
    motor.template_value.metrics.add(name="speed", int_value=5)
    made.metrics.add(name="Table").dataset_value.num_of_columns = 2
    (reading,) = host.hears("DDATA", made.SerializeToString(), "d")
    assert reading.values == {"motor_speed": 5}
    assert host.problems == ["Table is a dataset, which is not read"]


def test_a_place_among_the_metrics_is_the_events(host: Host) -> None:
    raw = payload(
        {"name": "Position/Latitude", "double_value": 11.9}, {"name": "Position/Longitude", "double_value": 108.4}
    )
    (reading,) = host.hears("DDATA", raw, "d")
    assert (reading.lat, reading.lon) == (11.9, 108.4)


@pytest.mark.parametrize(
    ("value", "signal"),
    [
        ({"online": True, "timestamp": BORN}, "online"),
        ({"online": False}, "offline"),
        ("ONLINE", "online"),
        ("OFFLINE", "offline"),
    ],
)
def test_a_host_application_tells_whether_it_is_there(value: Any, signal: str) -> None:
    (reading,) = read_state(value, {"host": "scada"}, [], 0)
    assert (reading.asset, reading.signal) == ("scada", signal)


@pytest.mark.parametrize("value", [{}, {"online": 1}, "gone", 3, None, []])
def test_a_state_that_says_neither_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_state(value, {"host": "scada"}, [], 0)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", "x", "y"]), st.integers(0, 5)), max_size=30))
def test_what_is_remembered_of_births_has_a_bound(births: list[tuple[str, str, int]]) -> None:
    known = Births()
    bound = sparkplug.MAX_METRICS
    sparkplug.MAX_METRICS = 8  # type: ignore[misc]
    try:
        for edge, device, count in births:
            known.declare(edge, device, {number: Known("n", 0, None) for number in range(count)})
            edges = [known.of(each) for each in "abc"]
            assert sum(each.size() for each in edges if each is not None) <= 8
    finally:
        sparkplug.MAX_METRICS = bound  # type: ignore[misc]


@given(st.binary(max_size=80), st.sampled_from(["NBIRTH", "DBIRTH", "NDATA", "DDATA", "NDEATH", "DDEATH"]))
def test_any_bytes_are_read_or_refused(raw: bytes, verb: str) -> None:
    with suppress(ValueError):
        Host().hears(verb, raw, "d" if verb.startswith("D") else "")


field = st.fixed_dictionaries(
    {},
    optional={
        "name": st.text(max_size=6), "alias": st.integers(0, 3), "timestamp": st.integers(0, 2**63),
        "datatype": st.integers(0, 40), "is_null": st.booleans(), "is_historical": st.booleans(),
        "int_value": st.integers(0, 2**32 - 1),
    },
)  # fmt: skip


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["NBIRTH", "DBIRTH", "NDATA", "DDATA", "NDEATH", "DDEATH"]), st.lists(field, max_size=4)
        ),
        max_size=6,
    )
)
def test_any_sequence_of_messages_is_read_or_refused(messages: list[tuple[str, list[dict[str, Any]]]]) -> None:
    host = Host()
    for verb, metrics in messages:
        with suppress(ValueError):
            for reading in host.hears(verb, payload(*map(dict, metrics)), "d" if verb.startswith("D") else ""):
                assert reading.asset == ("g/e/d" if verb.startswith("D") else reading.asset)


def test_each_loading_begins_with_nothing_unless_it_is_given_a_memory() -> None:
    first = load_codecs()
    topic = "spBv1.0/g/{}/e/d"
    assert first.decode(topic.format("DBIRTH"), payload(level())).refused is None
    data = payload({"alias": 7, "float_value": 3.5})
    assert load_codecs(memory=first.memory).decode(topic.format("DDATA"), data).refused is None
    assert "rebirth" in str(load_codecs().decode(topic.format("DDATA"), data).refused)
