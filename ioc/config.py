"""The configuration: defaults, then `ioc.toml`, then the environment; each value knows where it came from."""

import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from ingest.settings import IngestSettings
from ingest.vision.settings import CameraSettings
from ioc.model.faults import Fault
from ioc.runtime.redaction import MASK, redact
from ioc.store.history.settings import HistorySettings
from ioc.store.pictures.settings import PictureSettings
from rules.settings import RulesSettings
from simulators.settings import SimulatorSettings
from ui.server.settings import UiSettings

FILE: Final = "ioc.toml"

NO_BASEMAP: Final = "none"
"""Said as `ui.basemap`, it asks for the plain local map even where another would be the default."""

_VARIABLES: Final = {
    "data": "IOC_DATA",
    "mqtt.port_v5": "IOC_MQTT5_PORT",
    "rules.rules_dir": "IOC_RULES_DIR",
    "ui.basemap": "IOC_BASEMAP",
}
"""Settings whose variable is not simply `IOC_<SECTION>_<KEY>`."""

_SECRETS: Final = frozenset(("token",))
"""Keys, inside a list of tables, whose values nobody is shown."""

_SPEAK_MQTT: Final[Mapping[str, type[BaseModel]]] = {
    "ingest": IngestSettings,
    "cameras": CameraSettings,
    "simulators": SimulatorSettings,
}
"""Sections whose `mqtt_url` is the line's broker until they are given one of their own."""


class MqttSettings(BaseModel):
    """Which broker is used: one of your own by URL, or the embedded one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str | None = Field(
        default=None,
        pattern=r"^mqtts?://",
        description="Your broker, mqtt[s]://[user:password@]host:port; the embedded one where not set.",
    )
    port: int = Field(default=1883, ge=1, le=65_535, description="Port of the embedded broker, MQTT 3.1.1.")
    port_v5: int = Field(default=1885, ge=1, le=65_535, description="Port of the embedded broker, MQTT 5.")


class RedisSettings(BaseModel):
    """Which store is used: one of your own by URL, or the embedded one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str | None = Field(
        default=None,
        pattern=r"^(rediss?|unix)://",
        description="Your Redis or Valkey, redis[s]://[user:password@]host:port or unix://path; the embedded one where "
        "not set.",
    )
    port: int = Field(default=6390, ge=1, le=65_535, description="Port of the embedded store.")


class LogSettings(BaseModel):
    """How the processes write their logs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least that is written."
    )
    format: Literal["console", "json"] = Field(default="console", description="For people, or one JSON object a line.")


class Configuration(BaseModel):
    """Everything that can be set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path = Field(default=Path("data"), description="Folder of everything that is kept and of the logs.")
    mqtt: MqttSettings = MqttSettings()
    redis: RedisSettings = RedisSettings()
    ingest: IngestSettings = IngestSettings()
    rules: RulesSettings = RulesSettings()
    history: HistorySettings = HistorySettings()
    cameras: CameraSettings = CameraSettings()
    pictures: PictureSettings = PictureSettings()
    ui: UiSettings = UiSettings()
    simulators: SimulatorSettings = SimulatorSettings()
    log: LogSettings = LogSettings()

    @property
    def mqtt_url(self) -> str:
        """The broker's URL; the embedded one's MQTT 5 port where no other is configured."""
        return self.mqtt.url or f"mqtt://127.0.0.1:{self.mqtt.port_v5}"

    @property
    def redis_url(self) -> str:
        """The store's URL; the embedded one's where no other is configured."""
        return self.redis.url or f"redis://127.0.0.1:{self.redis.port}"

    @property
    def history_folder(self) -> Path:
        """Where the history is kept."""
        return self.history.folder or self.data / "history"

    @property
    def settled_pictures(self) -> PictureSettings:
        """The settings of pictures, with folder and key file told in full, wherever a process may work."""
        folder = (self.pictures.folder or self.data / "pictures").absolute()
        key_file = (self.pictures.key_file or self.data / "pictures.key").absolute()
        return self.pictures.model_copy(update={"folder": folder, "key_file": key_file})

    @model_validator(mode="before")
    @classmethod
    def _share_the_broker(cls, raw: dict[str, Any]) -> dict[str, Any]:
        mqtt = raw.get("mqtt", {})
        out = {name: dict(section) if isinstance(section, Mapping) else section for name, section in raw.items()}
        for name, model in _SPEAK_MQTT.items():
            section = out.setdefault(name, {})
            version = str(section.get("mqtt_protocol", model.model_fields["mqtt_protocol"].default))
            key = "port" if version == "3" else "port_v5"
            embedded = f"mqtt://127.0.0.1:{mqtt.get(key, MqttSettings.model_fields[key].default)}"
            section.setdefault("mqtt_url", mqtt.get("url") or embedded)
        return out

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        ports: dict[int, str] = {}
        used = [("ui.port", self.ui.port)]
        if self.mqtt.url is None:
            used += [("mqtt.port", self.mqtt.port), ("mqtt.port_v5", self.mqtt.port_v5)]
        if self.redis.url is None:
            used += [("redis.port", self.redis.port)]
        for key, port in used:
            if port in ports:
                raise ValueError(f"{ports[port]} and {key} are both {port}; give each a port of its own")
            ports[port] = key
        return self


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set.

    Attributes:
        key: as written in the file, `section.name`.
        variable: the environment variable that overrides the file.
        field: its type, default and description.
    """

    key: str
    variable: str
    field: FieldInfo

    @property
    def default(self) -> Any:
        """Its value where nobody sets it."""
        return self.field.get_default(call_default_factory=True)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration, and for each key where its value came from (`default`, a file, or a variable)."""

    configuration: Configuration
    sources: Mapping[str, str]


def settings() -> Iterator[Setting]:
    """List everything that can be set, in the order of the file."""
    for name, field in Configuration.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            for key, inner in section.model_fields.items():
                yield _setting(f"{name}.{key}", inner)
        else:
            yield _setting(name, field)


def load(path: Path | None, environment: Mapping[str, str]) -> Loaded:
    """Compose the configuration.

    Args:
        path: the file; None takes `ioc.toml` of the working directory where there is one.
        environment: the process's environment.

    Raises:
        Fault: the file cannot be read, or a value cannot be used; the sentence names file (or variable) and key.
    """
    if path is None and Path(FILE).is_file():
        path = Path(FILE)
    raw: dict[str, Any] = {}
    sources: dict[str, str] = {}
    known = {setting.key: setting for setting in settings()}
    if path is not None:
        raw = _read(path)
        for key in _keys(raw):
            sources[key] = str(path)
            setting = known.get(key)
            value = _get(raw, key)
            if setting is not None and isinstance(value, str) and _is_path(setting, value):
                _put(raw, key, str(path.parent / Path(value).expanduser()))
        _place_token_files(raw, path.parent)
    for setting in known.values():
        text = environment.get(setting.variable, "")
        if text:
            _put(raw, setting.key, _parse(text, setting.field))
            sources[setting.key] = setting.variable
    try:
        configuration = Configuration.model_validate(raw)
    except ValidationError as problem:
        raise Fault(_explain(problem, sources, path)) from None
    for name in _SPEAK_MQTT:
        sources.setdefault(f"{name}.mqtt_url", "mqtt")
    return Loaded(configuration, {key: sources.get(key, "default") for key in known})


def schema() -> dict[str, Any]:
    """Describe `ioc.toml` as a JSON schema."""
    return Configuration.model_json_schema()


def shown(loaded: Loaded) -> list[tuple[str, str, str, str]]:
    """List key, value with secrets masked, where it came from, and the variable that overrides it."""
    plain = loaded.configuration.model_dump(mode="json")
    return [
        (
            setting.key,
            redact(_written(_masked(_get(plain, setting.key)))),
            loaded.sources[setting.key],
            setting.variable,
        )
        for setting in settings()
    ]


def _setting(key: str, field: FieldInfo) -> Setting:
    return Setting(key, _VARIABLES.get(key) or "IOC_" + key.replace(".", "_").upper(), field)


def _read(path: Path) -> dict[str, Any]:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise Fault(f"{path} cannot be read: {(problem.strerror or str(problem)).lower()}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise Fault(f"{path} is not TOML: {problem}") from None
    sections = {key.split(".")[0] for key in (setting.key for setting in settings()) if "." in key}
    for name in sections & raw.keys():
        if not isinstance(raw[name], dict):
            raise Fault(f"{path}: {name} is a section; write its settings under [{name}]")
    return raw


def _keys(raw: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in raw.items():
        if isinstance(value, Mapping) and not prefix:
            yield from _keys(value, f"{name}.")
        else:
            yield prefix + name


def _get(raw: Mapping[str, Any], key: str) -> Any:
    value: Any = raw
    for part in key.split("."):
        value = value[part]
    return value


def _put(raw: dict[str, Any], key: str, value: Any) -> None:
    *sections, name = key.split(".")
    for section in sections:
        raw = raw.setdefault(section, {})
    raw[name] = value


def _place_token_files(raw: Mapping[str, Any], folder: Path) -> None:
    """Make the paths of token files relative to the configuration file, as all paths in it are."""
    section = raw.get("ui")
    webhooks = section.get("webhooks") if isinstance(section, Mapping) else None
    for webhook in webhooks if isinstance(webhooks, list) else ():
        if isinstance(webhook, dict) and isinstance(webhook.get("token_file"), str):
            webhook["token_file"] = str(folder / Path(webhook["token_file"]).expanduser())


def _masked(value: Any) -> Any:
    """Blot out the secrets of a list of tables."""
    if isinstance(value, list):
        return [_masked(part) for part in value]
    if not isinstance(value, Mapping):
        return value
    return {key: MASK if key in _SECRETS and part is not None else _masked(part) for key, part in value.items()}


def _is_path(setting: Setting, value: str) -> bool:
    if setting.key == "ui.basemap":
        return "://" not in value and value != NO_BASEMAP
    return _takes(setting.field, Path)


def _takes(field: FieldInfo, wanted: type) -> bool:
    annotation: Any = field.annotation
    return any(option is wanted or get_origin(option) is wanted for option in (annotation, *get_args(annotation)))


def _parse(text: str, field: FieldInfo) -> Any:
    """Read a variable; lists are written with commas, or as JSON; pydantic converts the rest."""
    if _takes(field, list) or _takes(field, tuple):
        if not text.startswith("["):
            return [part.strip() for part in text.split(",")]
        try:
            return json.loads(text)
        except ValueError:
            # Whoever validates it says whose variable it is; what it holds may be a secret.
            return "[…"
    return text


def _explain(problem: ValidationError, sources: Mapping[str, str], path: Path | None) -> str:
    first = problem.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    where = sources.get(key) or next((source for name, source in sources.items() if key.startswith(f"{name}.")), None)
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, [setting.key for setting in settings()], n=1)
        return f"{path or where}: there is no setting {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    reason = first["msg"].removeprefix("Value error, ")
    if not key:
        named = sorted({source for name, source in sources.items() if name.endswith(("port", "port_v5"))})
        return f"{', '.join(named) or 'the configuration'}: {reason}"
    secret = not _SECRETS.isdisjoint(str(part) for part in first["loc"])
    value = MASK if secret else redact(_written(_masked(first["input"])))
    return f"{where or path or 'the configuration'}: {key} = {value} cannot be used: {_lower(reason)}"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _written(value: Any) -> str:
    return "(not set)" if value is None else value if isinstance(value, str) else json.dumps(value, default=str)
