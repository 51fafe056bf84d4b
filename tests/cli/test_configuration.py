"""The configuration: three layers, and complaints that name file and key."""

import re
from pathlib import Path

import pytest

from ioc.config import load, settings, shown
from ioc.model.faults import Fault

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "ioc.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(tmp_path: Path):
    path = write(tmp_path, "[ui]\nport = 8100\n[redis]\nport = 6400\n")
    loaded = load(path, {"IOC_UI_PORT": "8200", "IOC_MQTT_PORT": ""})
    assert loaded.configuration.ui.port == 8200
    assert loaded.configuration.redis.port == 6400
    assert loaded.configuration.mqtt.port == 1883
    assert loaded.sources["ui.port"] == "IOC_UI_PORT"
    assert loaded.sources["redis.port"] == str(path)
    assert loaded.sources["mqtt.port"] == "default"


def test_paths_in_the_file_are_relative_to_the_file(tmp_path: Path):
    text = 'data = "kept"\n[rules]\nrules_dir = "book"\n[ui]\nbasemap = "city.pmtiles"\n'
    configuration = load(write(tmp_path, text), {}).configuration
    assert configuration.data == tmp_path / "kept"
    assert configuration.rules.rules_dir == tmp_path / "book"
    assert configuration.ui.basemap == str(tmp_path / "city.pmtiles")


def test_a_style_url_is_not_taken_for_a_path(tmp_path: Path):
    path = write(tmp_path, '[ui]\nbasemap = "https://tiles.example/style"\n')
    assert load(path, {}).configuration.ui.basemap == "https://tiles.example/style"


def test_stages_speak_to_the_embedded_broker_on_the_port_of_their_version():
    configuration = load(None, {"IOC_MQTT_PORT": "2001", "IOC_MQTT5_PORT": "2002"}).configuration
    assert configuration.ingest.mqtt_protocol == 5
    assert configuration.ingest.mqtt_url == "mqtt://127.0.0.1:2002"
    assert configuration.simulators.mqtt_protocol == 3
    assert configuration.simulators.mqtt_url == "mqtt://127.0.0.1:2001"


def test_a_broker_of_your_own_is_everybodys_broker():
    configuration = load(None, {"IOC_MQTT_URL": "mqtt://broker:1883"}).configuration
    assert configuration.ingest.mqtt_url == configuration.simulators.mqtt_url == "mqtt://broker:1883"


def test_lists_are_written_with_commas_in_the_environment():
    assert load(None, {"IOC_INGEST_TOPICS": "ioc/#, frigate/#"}).configuration.ingest.topics == ("ioc/#", "frigate/#")


@pytest.mark.parametrize(
    ("text", "variables", "complaint"),
    [
        ("[ui]\nprot = 1\n", {}, r"ioc\.toml: there is no setting 'ui\.prot'; did you mean 'ui\.port'\?"),
        ("ui = 1\n", {}, r"ioc\.toml: ui is a section; write its settings under \[ui\]"),
        ('[ui]\nport = "x"\n', {}, r"ioc\.toml: ui\.port = x cannot be used: .*integer"),
        ("", {"IOC_UI_PORT": "99999"}, r"^IOC_UI_PORT: ui\.port = 99999 cannot be used: .*65535"),
        ("", {"IOC_UI_PORT": "1883"}, r"ui\.port and mqtt\.port are both 1883"),
        ("[ui\n", {}, r"ioc\.toml is not TOML: .*line|end"),
        ("data = 3\n", {}, r"ioc\.toml: data = 3 cannot be used"),
        ("", {"IOC_REDIS_URL": "http://u:geheim@x"}, r"^IOC_REDIS_URL: redis\.url = http://u:\*\*\*@x cannot be used"),
    ],
)
def test_a_complaint_names_file_or_variable_and_key(
    tmp_path: Path, text: str, variables: dict[str, str], complaint: str
):
    with pytest.raises(Fault, match=complaint) as fault:
        load(write(tmp_path, text), variables)
    assert "\n" not in str(fault.value)


def test_ports_of_what_is_not_embedded_may_be_the_same():
    variables = {"IOC_MQTT_URL": "mqtt://broker", "IOC_UI_PORT": "1883"}
    assert load(None, variables).configuration.ui.port == 1883


def test_shown_settings_keep_secrets():
    rows = shown(load(None, {"IOC_MQTT_URL": "mqtt://ioc:geheim@broker"}))
    assert "geheim" not in repr(rows)
    assert ("ingest.mqtt_url", "mqtt://ioc:***@broker", "mqtt", "IOC_INGEST_MQTT_URL") in rows


def test_every_setting_has_a_description_and_a_variable_of_its_own():
    every = list(settings())
    assert all(setting.field.description for setting in every)
    assert len({setting.variable for setting in every}) == len(every)


def test_every_setting_is_documented_as_it_is():
    text = DOCUMENT.read_text(encoding="utf-8")
    missing = [line for line in documented() if line not in text]
    assert not missing, "docs/configuration.md lacks:\n" + "\n".join(missing)


def documented() -> list[str]:
    lines = []
    for setting in settings():
        default = setting.default
        if setting.key == "rules.rules_dir":
            default = "the shipped one"
        elif setting.key.endswith(".mqtt_url"):
            default = "follows `mqtt`"
        elif isinstance(default, tuple):
            default = ", ".join(f"`{part}`" for part in default) or "none"
        elif default is None:
            default = "not set"
        else:
            default = f"`{str(default).lower() if isinstance(default, bool) else default}`"
        lines.append(f"| `{setting.key}` | `{setting.variable}` | {default} | {setting.field.description} |")
    return lines


WEBHOOK = '[[ui.webhooks]]\nsource = "a"\ncodec = "cap"\n'
SECRET = "0f6f2c9be3a94d51b3a7"


def test_the_tokens_of_webhooks_are_never_shown(tmp_path: Path):
    path = tmp_path / "ioc.toml"
    path.write_text(f'{WEBHOOK}token = "{SECRET}"\n')
    loaded = load(path, {})
    assert loaded.configuration.ui.webhooks[0].token == SECRET
    assert SECRET not in repr(shown(loaded))
    assert SECRET not in repr(loaded.configuration)
    for wrong in ('token_file = "x"', "max_bytes = 0", 'colour = "red"'):
        path.write_text(f'{WEBHOOK}token = "{SECRET}"\n{wrong}\n')
        with pytest.raises(Fault) as fault:
            load(path, {})
        assert SECRET not in str(fault.value)
    path.write_text(f'{WEBHOOK}token = "{SECRET[:8]}"\n')
    with pytest.raises(Fault) as fault:
        load(path, {})
    assert "ui.webhooks.0.token" in str(fault.value)
    assert SECRET[:8] not in str(fault.value)


def test_a_token_file_is_relative_to_the_configuration(tmp_path: Path):
    path = tmp_path / "ioc.toml"
    path.write_text(f'{WEBHOOK}token_file = "secrets/a"\n')
    assert load(path, {}).configuration.ui.webhooks[0].token_file == tmp_path / "secrets" / "a"


def test_webhooks_are_json_in_the_environment():
    given = f'[{{"source": "a", "codec": "cap", "token": "{SECRET}"}}]'
    assert load(None, {"IOC_UI_WEBHOOKS": given}).configuration.ui.webhooks[0].codec == "cap"
    with pytest.raises(Fault, match=r"IOC_UI_WEBHOOKS: ui\.webhooks") as fault:
        load(None, {"IOC_UI_WEBHOOKS": given[:-1]})
    assert SECRET not in str(fault.value)


def test_the_example_of_the_document_can_be_loaded(tmp_path: Path):
    text = DOCUMENT.read_text(encoding="utf-8")
    for number, example in enumerate(re.findall(r"```toml\n(.*?)```", text, re.DOTALL)):
        path = tmp_path / f"{number}.toml"
        path.write_text(example)
        load(path, {})
