"""Home Assistant's discovery: what configurations declare of later states, until they are taken away."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.codecs import home_assistant
from ingest.codecs.home_assistant import Discovery
from ingest.codecs.home_assistant_words import read_template
from ingest.codecs.memory import Memory
from ingest.codecs.readings import Reading
from ioc.model.events import Signal


class House:
    """A broker's worth of discovery, with what the reader complained of."""

    def __init__(self) -> None:
        self.reader = Discovery(Memory())
        self.problems: list[str] = []

    def declares(self, config: Any, component: str = "sensor", name: str = "x") -> list[Reading]:
        raw = config if isinstance(config, bytes) else json.dumps(config).encode()
        return self.reader.read_config(raw, {"component": component, "object": name}, self.problems, 0)

    def hears(self, topic: str, state: Any) -> list[Reading] | None:
        raw = state.encode() if isinstance(state, str) else json.dumps(state).encode()
        return self.reader.read_state(raw, {"topic": topic}, self.problems, 0)


@pytest.fixture
def house() -> House:
    return House()


def thermometer(**others: Any) -> dict[str, Any]:
    return {
        "state_topic": "t/state",
        "device_class": "temperature",
        "device": {"identifiers": ["d1"]},
        "unique_id": "u",
        **others,
    }


@pytest.mark.parametrize(
    ("config", "state", "values"),
    [
        (thermometer(), "21.5", {"temp_c": 21.5}),
        (thermometer(unit_of_measurement="°F"), "86", {"temp_c": 30.0}),
        (thermometer(value_template="{{ value_json.air.t | float }}"), {"air": {"t": "20"}}, {"temp_c": 20}),
        (thermometer(val_tpl="{{ value_json['SI 7']['T'] | round(1) }}"), {"SI 7": {"T": 20.25}}, {"temp_c": 20.25}),
        (thermometer(value_template="{{ value_json.list[1] }}"), {"list": [1, 2]}, {"temp_c": 2}),
        (thermometer(value_template="{{ value }}"), "4", {"temp_c": 4}),
        (
            thermometer(
                device_class=None, name="T", unit_of_measurement="°C", value_template="{{ value_json.temperature }}"
            ),
            {"temperature": 4},
            {"temp_c": 4},
        ),
        (thermometer(device_class=None, name="Water depth"), "4", {"water_depth": 4}),
        (thermometer(device_class=None, name=None, object_id="pump_state"), "running", {"pump_state": "running"}),
        (thermometer(device_class="power", unit_of_measurement="kW"), "1.5", {"power": 1500}),
        (thermometer(), "unavailable", {}),
        (thermometer(), "nan", {}),
        (thermometer(value_template="{{ value_json.t }}"), {"other": 1}, {}),
    ],
)
def test_a_state_is_what_its_configuration_declared(house: House, config: Any, state: Any, values: Any) -> None:
    house.declares(config)
    readings = house.hears("t/state", state)
    assert readings is not None
    assert {name: value for each in readings for name, value in each.values.items()} == pytest.approx(values)
    assert all(each.asset == "d1" for each in readings)
    assert house.problems == []


@pytest.mark.parametrize(
    ("device_class", "state", "values", "signal"),
    [
        ("motion", "ON", {"motion": True}, None),
        ("door", "ON", {"contact": False}, None),
        ("window", "OFF", {"contact": True}, None),
        ("smoke", "ON", {"smoke": True}, Signal.ALERT),
        ("smoke", "OFF", {"smoke": False}, Signal.CLEAR),
        ("moisture", "ON", {"water_leak": True}, Signal.ALERT),
        ("battery", "ON", {"battery_low": True}, None),
        (None, "OFF", {"gate": False}, None),
    ],
)
def test_what_is_or_is_not_has_a_meaning_by_its_class(
    house: House, device_class: str | None, state: str, values: Any, signal: Any
) -> None:
    house.declares(thermometer(device_class=device_class, name="gate"), "binary_sensor")
    (reading,) = house.hears("t/state", state) or []
    assert (reading.values, reading.signal) == (values, signal)


def test_words_for_yes_and_no_are_the_configurations(house: House) -> None:
    house.declares(thermometer(device_class="motion", payload_on="1", payload_off=False), "binary_sensor")
    assert [each.values for each in house.hears("t/state", "1") or []] == [{"motion": True}]
    assert [each.values for each in house.hears("t/state", "False") or []] == [{"motion": False}]
    assert house.hears("t/state", "perhaps") == []
    assert len(house.problems) == 1


def test_abbreviations_and_a_base_topic_are_written_out(house: House) -> None:
    short = {"~": "home/meter", "stat_t": "~/state", "dev_cla": "voltage", "unit_of_meas": "mV", "uniq_id": "u",
             "dev": {"cns": [["mac", "aa:bb"]]}, "avty": [{"t": "home/lwt", "pl_avail": "up", "pl_not_avail": "down"}]}  # fmt: skip
    assert [each.asset for each in house.declares(short)] == ["aa:bb"]
    assert [each.values for each in house.hears("home/meter/state", "230000") or []] == [{"voltage": 230}]
    assert [each.signal for each in house.hears("home/lwt", "down") or []] == [Signal.OFFLINE]
    assert [each.signal for each in house.hears("home/lwt", "up") or []] == [Signal.ONLINE]


def test_a_whole_device_is_declared_at_once(house: House) -> None:
    whole = {
        "dev": {"ids": "box"}, "o": {"name": "maker"}, "stat_t": "box/state",
        "cmps": {
            "a": {"p": "sensor", "dev_cla": "temperature", "val_tpl": "{{ value_json.t }}", "uniq_id": "a"},
            "b": {"p": "binary_sensor", "dev_cla": "motion", "val_tpl": "{{ value_json.m }}", "uniq_id": "b"},
            "gone": {"p": "sensor"},
        },
    }  # fmt: skip
    assert [each.asset for each in house.declares(whole, "device")] == ["box"]
    (reading,) = house.hears("box/state", {"t": 20, "m": "ON"}) or []
    assert (reading.asset, reading.values) == ("box", {"temp_c": 20, "motion": True})


def test_two_of_a_kind_on_one_device_keep_their_own_names(house: House) -> None:
    house.declares(thermometer(name="inside", value_template="{{ value_json.i }}"), name="i")
    house.declares(thermometer(name="outside", value_template="{{ value_json.o }}"), name="o")
    (reading,) = house.hears("t/state", {"i": 20, "o": 5}) or []
    assert reading.values == {"temp_c": 20, "outside": 5}


def test_an_empty_configuration_takes_the_entity_away(house: House) -> None:
    house.declares(thermometer())
    assert [(each.asset, each.values) for each in house.declares(b"")] == [("d1", {"event": "removed"})]
    assert house.hears("t/state", "21") is None
    assert house.declares(b"") == []


def test_a_configuration_takes_the_place_of_the_one_before(house: House) -> None:
    house.declares(thermometer())
    house.declares(thermometer(state_topic="t/other"))
    assert house.hears("t/state", "21") is None
    assert [each.values for each in house.hears("t/other", "21") or []] == [{"temp_c": 21}]


def test_a_template_that_reckons_is_told_of_and_its_states_are_left_alone(house: House) -> None:
    house.declares(thermometer(value_template="{% if value > 3 %}ON{% endif %}"))
    assert len(house.problems) == 1
    assert house.hears("t/state", "21") is None


def test_a_state_that_nobody_declared_is_left_to_others(house: House) -> None:
    assert house.hears("t/state", "21") is None


@pytest.mark.parametrize("config", [b"[]", b"3", b"{", b'"x"', b"\xff"])
def test_what_is_no_configuration_is_refused(house: House, config: bytes) -> None:
    with pytest.raises(ValueError):
        house.declares(config)


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("{{ value_json.a }}", (("a",), True)),
        ("{{value_json['a b'].c[0]|int(0)}}", (("a b", "c", 0), True)),
        ("{{ value_json }}", ((), True)),
        ("{{ value | float }}", (None, True)),
        ("{{ value_json.a + 1 }}", (None, False)),
        ("{{ value_json.a | multiply(2) }}", (None, False)),
        ("{{ states('x') }}", (None, False)),
        ("text {{ value }}", (None, False)),
        ("{{ value_json[" + "[" * 400, (None, False)),
    ],
)
def test_only_templates_that_are_no_more_than_a_path_are_read(template: str, found: Any) -> None:
    assert read_template(template) == found


def test_what_is_remembered_has_a_bound(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home_assistant, "MAX_ENTITIES", 2)
    for number in range(4):
        house.declares(thermometer(state_topic=f"t/{number}"), name=f"x{number}")
    assert [house.hears(f"t/{number}", "1") is not None for number in range(4)] == [False, False, True, True]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.just("t/state"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["t", "ids", "p", "stat_t", "x"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
configs = st.dictionaries(
    st.sampled_from(["state_topic", "device", "device_class", "value_template", "availability", "name", "unique_id", "cmps",
                     "payload_on", "unit_of_measurement", "~", "avty_t"]),
    json_values,
)  # fmt: skip


@given(configs | json_values, st.sampled_from(["sensor", "device", "binary_sensor", "light"]), json_values)
def test_any_configuration_and_any_state_are_read_or_refused(config: Any, component: str, state: Any) -> None:
    house = House()
    with suppress(ValueError):
        house.declares(config, component)
    with suppress(ValueError):
        house.hears("t/state", state)
    house.declares(b"", component)
    assert house.hears("t/state", "1") is None
