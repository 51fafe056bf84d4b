"""Whether the city can be trusted to be as the screen shows it, and what is wrong where it cannot."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ioc.model.alerts import Severity
from ioc.model.cameras import CameraState
from ioc.model.instant import MILLISECOND, SECOND, Duration, Instant, from_milliseconds
from ioc.store.cameras import CameraStatus
from ui.server.cameras import is_silent

EXPECTED: Final = ("ingest", "rules")
"""Processes without which nothing new is shown or raised."""

STANDSTILL: Final[Duration] = 5 * SECOND
"""The stream's clock moves every second; beyond this somebody has stopped."""

RULES_BEHIND_S: Final = 10.0
"""Seconds that the rules may lag behind the stream before people are told."""

BLIND: Final[Duration] = 60 * SECOND
"""A city of which nothing was heard for so long is not quiet, it is blind."""

Board = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the server itself can say.

    Attributes:
        clock: the stream's clock; None before the first entry.
        store_away: why the store cannot be asked; None where it can.
        lost: whether the store has come back without its data.
        since: since when the server has looked; None where that does not matter.
        store_refuses: why the store answers and takes nothing, in Vietnamese and in English; None where it does not.
        cameras: how they are.
    """

    clock: Instant | None
    store_away: str | None = None
    lost: bool = False
    since: Instant | None = None
    store_refuses: tuple[str, str] | None = None
    cameras: Sequence[CameraStatus] = ()


@dataclass(frozen=True, slots=True)
class HealthMessage:
    """One thing that is wrong, for the status bar."""

    severity: Severity
    vi: str
    en: str


def judge(board: Board, known: Knowledge, now: Instant) -> dict[str, Any]:
    """Write the health as HTTP and the websocket show it.

    Args:
        board: the fields that each process last reported; none for one that has fallen silent.
        known: what the server itself can say.
        now: the wall clock.
    """
    blind = _blindness(board, known, now)
    messages = [*_of_store(known), *_of_line(board, known, blind, now)]
    for name in dict.fromkeys((*EXPECTED, *board)):
        messages += _of_process(name, board.get(name))
    messages += _of_cameras(known.cameras, now)
    return {
        "state": "degraded" if any(message.severity is not Severity.INFO for message in messages) else "ok",
        "now": now // MILLISECOND,
        "processes": {name: _typed(fields) for name, fields in board.items()},
        "messages": [{"severity": str(message.severity), "vi": message.vi, "en": message.en} for message in messages],
        "blind": None if blind is None else {"since": None if blind.since is None else blind.since // MILLISECOND},
    }


def _of_store(known: Knowledge) -> Iterator[HealthMessage]:
    if known.lost:
        yield HealthMessage(
            Severity.CRITICAL,
            "Kho dữ liệu đã mất những gì từng lưu: vụ việc trước đó không còn.",
            "The store has lost what it held: earlier incidents are gone.",
        )
    if known.store_refuses is not None:
        # Nobody can say so on the board: writing there is refused as well.
        vi, en = known.store_refuses
        yield HealthMessage(
            Severity.CRITICAL,
            f"{vi} Không sự kiện nào được lưu cho đến khi sửa xong; thiết bị và máy chủ MQTT giữ lại.",
            f"{en} No event is kept until that is mended; devices and the broker hold them back.",
        )
    elif known.store_away is not None:
        yield HealthMessage(
            Severity.CRITICAL,
            "Kho dữ liệu không phản hồi; màn hình giữ những gì đã biết.",
            "The store does not answer; the screen keeps what it knew.",
        )


@dataclass(frozen=True, slots=True)
class _Blindness:
    since: Instant | None


def _blindness(board: Board, known: Knowledge, now: Instant) -> _Blindness | None:
    """Say since when the city has sent nothing, where that is too long.

    While ingest does not speak, nothing comes either: then since the stream stands still.
    """
    ingest = board.get("ingest")
    if not ingest:
        return _Blindness(known.clock) if known.clock is not None and now - known.clock > BLIND else None
    if "last_event_at" not in ingest:
        return None
    last = _number(ingest["last_event_at"])
    if last:
        at = from_milliseconds(last)
        return _Blindness(at) if now - at > BLIND else None
    return _Blindness(None) if known.since is not None and now - known.since > BLIND else None


def _of_line(board: Board, known: Knowledge, blind: _Blindness | None, now: Instant) -> Iterator[HealthMessage]:
    if known.store_away is not None:
        return
    if known.clock is not None and now - known.clock > STANDSTILL:
        seconds = (now - known.clock) // SECOND
        yield HealthMessage(
            Severity.MAJOR,
            f"Không có gì mới từ {seconds} giây: luồng sự kiện đứng yên.",
            f"Nothing new for {seconds} s: the event stream stands still.",
        )
    if blind is None or not board.get("ingest"):
        pass  # what is said of ingest itself says it all
    elif blind.since is None:
        yield HealthMessage(
            Severity.MAJOR,
            "Thành phố chưa gửi gì: màn hình đang mù, không phải yên tĩnh.",
            "The city has sent nothing yet: the screen is blind, not quiet.",
        )
    else:
        minutes = (now - blind.since) // (60 * SECOND)
        yield HealthMessage(
            Severity.MAJOR,
            f"Thành phố không gửi gì đã {minutes} phút: màn hình đang mù, không phải yên tĩnh.",
            f"The city has sent nothing for {minutes} min: the screen is blind, not quiet.",
        )
    lag = _number(board.get("rules", {}).get("lag_s"))
    if lag is not None and lag > RULES_BEHIND_S:
        yield HealthMessage(
            Severity.MAJOR,
            f"Bộ luật chậm {lag:.0f} giây so với luồng sự kiện.",
            f"The rules are {lag:.0f} s behind the event stream.",
        )


def _of_process(name: str, fields: Mapping[str, str] | None) -> Iterator[HealthMessage]:
    if fields is None:
        yield HealthMessage(Severity.MAJOR, f"Chưa thấy tiến trình {name}.", f"{name} has not started yet.")
        return
    if not fields:
        yield HealthMessage(Severity.MAJOR, f"Tiến trình {name} đã im lặng.", f"{name} has fallen silent.")
        return
    error = fields.get("book_error", "")
    if error:
        yield HealthMessage(
            Severity.WARNING,
            f"Bộ luật mới có lỗi, bộ luật trước vẫn chạy: {error}",
            f"The new rules have a mistake, the last good ones stay: {error}",
        )
    vi, en = _message(fields.get("message", ""))
    if error and error in en:
        return
    match fields.get("state", "ok"):
        case "ok":
            if vi:
                yield HealthMessage(Severity.INFO, vi, en)
        case "starting":
            yield HealthMessage(
                Severity.WARNING, vi or f"Tiến trình {name} đang khởi động.", en or f"{name} is starting."
            )
        case _:
            yield HealthMessage(
                Severity.MAJOR, vi or f"Tiến trình {name} gặp trục trặc.", en or f"{name} has a problem."
            )


def _of_cameras(cameras: Sequence[CameraStatus], now: Instant) -> Iterator[HealthMessage]:
    """Tell of the cameras that do not do their work, and of the one that is worst off."""
    # Of those that nobody tells of, the process that falls silent is told of.
    told = [camera for camera in cameras if not is_silent(camera, now)]
    failing = [camera for camera in told if camera.state in _IN_WORDS]
    if not failing:
        return
    worst = min(failing, key=lambda camera: (_ORDER.index(camera.state), camera.id))
    vi, en = _IN_WORDS[worst.state]
    worst_vi, worst_en = ("", "") if len(failing) == 1 else ("; nặng nhất", "; the worst")
    yield HealthMessage(
        Severity.MAJOR if len(failing) == len(told) else Severity.WARNING,
        f"{len(failing)}/{len(told)} camera không dùng được{worst_vi}: {worst.id} {vi}.",
        f"{len(failing)} of {len(told)} cameras cannot be relied on{worst_en}: {worst.id} {en}.",
    )


_IN_WORDS: Final = {
    CameraState.UNREACHABLE: ("không kết nối được", "cannot be reached"),
    CameraState.REFUSED: ("bị từ chối", "is refused"),
    CameraState.BROKEN: ("gửi hình không giải mã được", "sends what cannot be decoded"),
    CameraState.COVERED: ("bị che", "is covered"),
    CameraState.DARK: ("tối đen", "is dark"),
    CameraState.FROZEN: ("đứng hình", "stands still"),
    CameraState.MOVED: ("bị xoay lệch", "was moved"),
    CameraState.BLURRED: ("bị mờ", "is out of focus"),
}
"""What is wrong with a camera in Vietnamese and in English, the worst first: by how much of its picture is lost."""

_ORDER: Final = tuple(_IN_WORDS)


def _message(text: str) -> tuple[str, str]:
    """Read a process's message: JSON with vi and en, or plain text that stands for both."""
    if not text.startswith("{"):
        return text, text
    try:
        said = msgspec.json.decode(text, type=dict[str, str])
    except msgspec.MsgspecError:
        return text, text
    either = next(iter(said.values()), "")
    return said.get("vi", either), said.get("en", either)


def _typed(fields: Mapping[str, str]) -> dict[str, str | int | float]:
    """Write what is a number as one; the board keeps everything as text."""
    return {
        name: text if name in ("position", "book_version") or (number := _number(text)) is None else number
        for name, text in fields.items()
    }


def _number(text: str | None) -> int | float | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    if number != number or abs(number) == float("inf"):  # noqa: PLR0124 - NaN is not itself
        return None
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
