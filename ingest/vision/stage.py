"""The stage of cameras: child processes watch the video, and what they find goes out over MQTT as from any device."""

import asyncio
import json
import os
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from ingest.mqtt.publisher import Publisher
from ingest.vision.board import CameraRecord, Unanswered
from ingest.vision.camera import Camera
from ingest.vision.children import can_share_frames
from ingest.vision.crew import Crew, Worker
from ingest.vision.exchange import (
    Condition,
    Found,
    Free,
    Gone,
    Look,
    Message,
    Numbers,
    Pictured,
    Quiet,
    Redraw,
    Slots,
    Trouble,
    Watched,
)
from ingest.vision.finding import Finding
from ingest.vision.followed_file import FollowedFile
from ingest.vision.lasting import Lasting
from ingest.vision.settings import CameraSettings
from ingest.vision.staffing import Staffing, Surroundings
from ingest.vision.telling import FAULTY, UNHEARD, Teller
from ioc.model.assets import Asset
from ioc.model.cameras import CameraState, Geometry
from ioc.model.faults import Fault
from ioc.model.instant import Instant, to_milliseconds
from ioc.model.kinds import Kind
from ioc.runtime import clock
from ioc.runtime.logging import Log
from ioc.runtime.tasks import end
from ioc.store.camera_counts import Tally
from ioc.store.connection import StoreUnavailable
from ioc.store.opening import Store
from ioc.store.pictures.folder import PictureFolder
from ioc.store.pictures.keeper import HeldPictures, Keeper

PROCESS: Final = "cameras"

TELL_S: Final = 1.0
"""Seconds between two times that cameras' states are told, and that drawings are looked for."""

WATCHED_S: Final = 0.5
"""Seconds between two looks at whom somebody watches."""

SHOWN_S: Final = 0.1
"""Seconds between two looks at which live pictures are new, whose boxes are told at once so that they fit them."""

PULSE_S: Final = 60.0
"""Seconds between two events that say that a camera is watched, although there is nothing to see."""

COUNTS_S: Final = 10.0
"""Seconds between two times that counts are written."""

REGISTER_S: Final = 10.0
"""Seconds between two looks at whether the registry still knows the cameras."""

SILENT_AFTER_S: Final = 5.0
"""Seconds after which the health board forgets a process that does not report."""

UNANSWERED_S: Final = 60.0
"""Seconds that the analyst may take over a frame; one that takes longer hangs, and is started anew."""

DRAIN_S: Final = 1.0
"""Seconds to send what is left, after the stop."""

_LOG: Final = Log("cameras")


async def run(store: Store, settings: CameraSettings, stop: asyncio.Event, *, surroundings: Surroundings) -> None:
    """Watch the cameras until `stop` is set.

    A camera with a mistake is not watched, and told of; the others are. What is changed in the file is taken up while
    the stage runs, unless there is a mistake in it: then the cameras that are watched stay as they are.

    Raises:
        Fault: no file lists the cameras, none of it can be read, or this system cannot share memory among processes.
    """
    if settings.file is None:
        raise Fault("No cameras are configured: name the file that lists them (cameras.file, IOC_CAMERAS_FILE).")
    if not can_share_frames():
        raise Fault("Cameras need Linux: this system has no memory without a name to pass frames in.")
    file = FollowedFile(settings.file, os.environ)
    while not stop.is_set():
        stage = Cameras(store, settings, surroundings, file.cameras, boot=secrets.token_hex(3), mistakes=file.mistakes)
        over = asyncio.create_task(file.changed_or(stop, stage.note_mistakes))
        try:
            await stage.run(over)
        finally:
            await end([over])


class Cameras:
    """Stands between the child processes, the broker and the store; it never looks at a picture itself."""

    def __init__(
        self,
        store: Store,
        settings: CameraSettings,
        surroundings: Surroundings,
        cameras: Sequence[Camera],
        *,
        boot: str,
        mistakes: Sequence[str] = (),
    ) -> None:
        """Take the cameras, what tells this start from another, and what is wrong in the file that lists them.

        Raises:
            Fault: the broker's URL is none.
        """
        self._store = store
        self._settings = settings
        self._surroundings = surroundings
        self._boot = boot
        self._records = {camera.id: CameraRecord(camera, camera.geometry, since=clock.now()) for camera in cameras}
        self._places = tuple(enumerate(cameras))
        self._teller = Teller(boot)
        self._tally = Tally()
        self._lasting = Lasting()
        self._stopping = False
        self.note_mistakes(mistakes)
        self._troubles: dict[str, str] = {}
        self._mistakes = ""
        self._watched: frozenset[str] = frozenset()
        self._unwanted: set[str] = set()
        self._shown: set[str] = set()
        self._drawings_revision = 0
        self._pictured = Pictured(0, 0, 0, 0, 0)
        self._publisher = Publisher(settings.mqtt_url, "ioc-cameras", _LOG, protocol=settings.mqtt_protocol)
        self._crew = Crew(self._take, self._prepare, self._crashed)
        self._folder = PictureFolder.of(surroundings.pictures)
        # 16 : 9 is the widest that cameras are; a wider picture is made smaller until it fits.
        widest = max((camera.width for camera in cameras), default=1)
        slots = Slots.make(len(cameras), widest * widest * 3)
        self._staffing = Staffing(settings, surroundings, self._places, slots, boot)

    def note_mistakes(self, mistakes: Sequence[str]) -> None:
        """Note what is wrong in the file of cameras; people are told the first, and how many there are."""
        more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
        self._mistakes = f"{mistakes[0]}{more}" if mistakes else ""

    async def run(self, over: Awaitable[None]) -> None:
        """Run until `over` is, and a moment longer to send what is left."""
        _LOG.info("watches cameras", cameras=len(self._records))
        held = HeldPictures(self._store.incidents)
        work = [
            self._publisher.run(),
            Keeper(self._folder, held).run(),
            self._crew.keep_analyst(self._staffing.analyst()),
            self._crew.keep_readers(self._staffing.readers(), self._staffing.split),
            *(
                every(seconds, action)
                for seconds, action in (
                    (TELL_S, self._tell),
                    (TELL_S, self._follow_drawings),
                    (WATCHED_S, self._follow_watchers),
                    (SHOWN_S, self._tell_shown),
                    (PULSE_S, self._pulse),
                    (COUNTS_S, self._write_counts),
                    (REGISTER_S, self._register),
                )
            ),
        ]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(each) for each in work]
                await over
                self._stopping = True
                for record in self._records.values():
                    self._end_lasting(record)
                await self._publisher.drain(DRAIN_S)
                await end(tasks)
        except ExceptionGroup as failed:
            # One task failed and took the others along; it alone is the news.
            raise failed.exceptions[0] from None
        with suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                await self._write_counts()
                await self._store.health.forget(PROCESS)

    # Child processes

    def _prepare(self, worker: Worker) -> None:
        for _, camera in worker.cameras:
            record = self._records[camera.id]
            if record.geometry != camera.geometry:
                worker.send(Redraw(camera.id, record.geometry))
        if worker is not self._crew.analyst:
            worker.send(self._wanted())

    def _crashed(self, worker: Worker, how: str, pause: float) -> None:
        if worker is self._crew.analyst:
            # What did not work there, the next one finds out itself.
            self._troubles.clear()
            self._troubles["analyst"] = f"The process that looks for objects ended ({how}); it is started again."
            for record in self._records.values():
                if record.in_flight:
                    self._give_back(record)
                    record.unanalysed += 1
                self._take_up_unanswered(record)
                self._end_lasting(record, readers=False)
            return
        now = clock.now()
        for _, camera in worker.cameras:
            record = self._records[camera.id]
            record.in_flight = False
            sentence = f"The process that read it ended ({how})"
            if len(worker.cameras) == 1:
                sentence += f", and only this camera was read by it; it is tried again in {pause:.0f} s"
            self._note_condition(record, Condition(camera.id, now, CameraState.BROKEN, f"{sentence}."))

    # What they say

    def _take(self, message: Message) -> None:
        if self._stopping:
            # That everything is over was told already.
            return
        if isinstance(message, Trouble):
            self._troubles[message.part] = message.sentence
            return
        if isinstance(message, Pictured):
            self._pictured = message
            return
        record = self._records.get(getattr(message, "camera", ""))
        if record is None:
            return
        match message:
            case Look() | Quiet():
                self._take_look(record, message)
            case Free():
                self._give_back(record)
            case Found():
                self._take_found(record, message)
            case Condition():
                self._note_condition(record, message)
            case Numbers():
                record.numbers = message
            case _:
                pass

    def _take_look(self, record: CameraRecord, message: Look | Quiet) -> None:
        record.night = message.report.night
        analyst = self._crew.analyst
        if isinstance(message, Look):
            record.in_flight = True
            watched = record.camera.id in self._watched
            message = msgspec.structs.replace(
                message, detect=message.detect or record.wants_look, show=message.show and watched
            )
        if analyst is not None and analyst.send(message):
            record.unanswered.append(Unanswered(self._loop_time(), message.report.findings))
            return
        # Without the analyst nothing is found and pictured, but what the reader itself found is told.
        if isinstance(message, Look):
            record.unanalysed += 1
            self._give_back(record)
        for finding in message.report.findings:
            self._tell_finding(record, finding, None)

    def _take_found(self, record: CameraRecord, found: Found) -> None:
        self._troubles.pop("analyst", None)
        answered = record.unanswered.popleft() if record.unanswered else None
        if found.shown and found.camera not in self._watched:
            # Whoever looked has gone meanwhile.
            self._unwanted.add(found.camera)
            found = msgspec.structs.replace(found, shown=False)
        record.take_found(found)
        if found.shown:
            self._shown.add(found.camera)
        for finding, picture in found.findings:
            self._tell_finding(record, finding, picture)
        if answered is not None and answered.gone:
            self._end_lasting(record, readers=True)

    def _take_up_unanswered(self, record: CameraRecord) -> None:
        """Tell without pictures what readers had found and the analyst took along."""
        unanswered = list(record.unanswered)
        record.unanswered.clear()
        for each in unanswered:
            for finding in each.findings:
                self._tell_finding(record, finding, None)
        if any(each.gone for each in unanswered):
            self._end_lasting(record, readers=True)

    def _look_after_analyst(self) -> None:
        """End an analyst that does not answer; the crew starts another one."""
        analyst = self._crew.analyst
        waiting = [record.unanswered[0].since for record in self._records.values() if record.unanswered]
        if analyst is None or analyst.child is None or not waiting:
            return
        if self._loop_time() - min(waiting) > UNANSWERED_S:
            _LOG.error("the process that looks for objects does not answer; it is ended", after_s=UNANSWERED_S)
            analyst.child.kill()

    @staticmethod
    def _loop_time() -> float:
        return asyncio.get_running_loop().time()

    def _give_back(self, record: CameraRecord) -> None:
        record.in_flight = False
        reader = self._crew.reader_of(record.camera.id)
        if reader is not None:
            reader.send(Free(record.camera.id))

    def _tell_finding(self, record: CameraRecord, finding: Finding, picture: str | None) -> None:
        state = finding.values.get("camera_state")
        if isinstance(state, str) and finding.values.get("event") == "camera":
            record.take_verdict(CameraState(state), finding.at)
        told = self._lasting.note(record.camera.id, finding)
        if told is None:
            return
        self._tally.see(record.camera.id, told.at, told.values, told.zone)
        self._publisher.send(self._teller.event(record.camera, told, picture))

    def _end_lasting(self, record: CameraRecord, *, readers: bool | None = None) -> None:
        """Tell that what lasted is over, since nobody can say so later."""
        for finding in self._lasting.endings(record.camera.id, clock.now(), readers=readers):
            self._tell_finding(record, finding, None)

    def _note_condition(self, record: CameraRecord, condition: Condition) -> None:
        changed = record.take_condition(condition)
        if changed:
            _LOG.info("a camera's state", camera=condition.camera, state=record.state, why=condition.sentence)
        # A stream that is only being opened says nothing new of its camera.
        if not changed or record.state is CameraState.STARTING:
            return
        self._publisher.send(self._teller.status(record.camera, record.state))
        self._publisher.send(self._teller.condition(record.camera, record.state, condition.at))
        if record.state in UNHEARD:
            self._let_go(record, condition.at)

    def _let_go(self, record: CameraRecord, at: Instant) -> None:
        """Have what is followed in a camera that is gone told to be over."""
        analyst = self._crew.analyst
        if analyst is not None and analyst.send(Gone(record.camera.id, at)):
            record.unanswered.append(Unanswered(self._loop_time(), gone=True))
        else:
            self._end_lasting(record)

    # What is done again and again

    async def _tell(self) -> None:
        self._look_after_analyst()
        now = clock.now()
        trouble = self._trouble()
        await self._store.cameras.publish([record.status(now, trouble) for record in self._records.values()])
        await self._store.health.report(PROCESS, self._health(now, self._mistakes or trouble), SILENT_AFTER_S)

    async def _tell_shown(self) -> None:
        shown, self._shown = self._shown, set()
        for camera in shown:
            await self._store.cameras.update(self._records[camera].status(clock.now(), self._trouble()))

    def _trouble(self) -> str:
        return " ".join(sentence for sentence in self._troubles.values() if sentence)

    def _health(self, now: Instant, trouble: str) -> Mapping[str, str | int | float]:
        states = [record.state for record in self._records.values()]
        faulty = sum(state in FAULTY for state in states)
        problem = self._publisher.problem
        en = f"What cameras see does not reach the broker: {problem}" if problem else trouble
        vi = f"Sự kiện của camera không đến được máy chủ MQTT: {problem}" if problem else trouble
        return {
            "state": "degraded" if problem or trouble else "ok",
            "message": json.dumps({"vi": vi, "en": en}, ensure_ascii=False) if en else "",
            "at": to_milliseconds(now),
            "pid": os.getpid(),
            "cameras": len(states),
            "cameras_faulty": faulty,
            "events_total": self._publisher.sent,
            "events_lost_total": self._publisher.lost,
            "crashes_total": self._crew.crashes,
            "counts_lost_total": self._tally.lost,
            "pictures_total": self._pictured.kept,
            "faces_total": self._pictured.faces,
            "pictures_refused_total": self._pictured.without_finder,
            "pictures_failed_total": self._pictured.failed,
            "pictures_spared_total": self._pictured.spared,
            "backlog": self._publisher.waiting,
        }

    async def _follow_drawings(self) -> None:
        revision = await self._store.cameras.geometry_revision()
        if revision == self._drawings_revision:
            return
        drawings = await self._store.cameras.geometries()
        self._drawings_revision = revision
        for camera, record in self._records.items():
            drawing = drawings.get(camera)
            record.drawing = 0 if drawing is None else drawing.revision
            drawn = None if drawing is None else drawing.geometry
            if (drawn or record.camera.geometry) != record.geometry:
                self._redraw(record, drawn or record.camera.geometry)

    def _redraw(self, record: CameraRecord, geometry: Geometry) -> None:
        record.geometry = geometry
        message = Redraw(record.camera.id, geometry)
        for worker in (self._crew.analyst, self._crew.reader_of(record.camera.id)):
            if worker is not None:
                worker.send(message)

    async def _follow_watchers(self) -> None:
        watched = (await self._store.cameras.watched()) & self._records.keys()
        self._unwanted |= self._watched - watched
        self._watched = watched
        for camera in self._unwanted - watched:
            self._records[camera].shown_at = None
            try:
                await asyncio.to_thread(self._folder.forget_live, camera)
            except OSError as problem:
                # Whoever tidies the folder removes it later, or says why not.
                _LOG.warning("a live picture cannot be removed", camera=camera, why=problem.strerror or str(problem))
        self._unwanted.clear()
        message = self._wanted()
        for reader in self._crew.readers:
            reader.send(message)

    def _wanted(self) -> Watched:
        wanting = {camera for camera, record in self._records.items() if record.wants_look}
        return Watched(tuple(sorted(self._watched | wanting)))

    async def _pulse(self) -> None:
        now = clock.now()
        for record in self._records.values():
            if record.numbers is not None and record.state not in {CameraState.STARTING, CameraState.UNREACHABLE}:
                skipped = record.skipped_since() / PULSE_S
                self._publisher.send(
                    self._teller.pulse(record.camera, record.state, now, rate=record.numbers.rate, skipped=skipped)
                )

    async def _write_counts(self) -> None:
        counted = self._tally.take()
        try:
            await self._store.cameras.add_counts(counted)
        except StoreUnavailable:
            self._tally.give_back(counted)
            raise

    async def _register(self) -> None:
        """Put the cameras that have a place on the map; what the registry says of one already stays."""
        await self._store.assets.add_missing(
            Asset(
                id=camera.id,
                kind=Kind.CAMERA,
                name=camera.names.get("vi") or camera.names.get("en") or camera.id,
                lat=camera.place.lat,
                lon=camera.place.lon,
                simulated=camera.simulated,
            )
            for _, camera in self._places
            if camera.place is not None
        )


async def every(seconds: float, action: Callable[[], Awaitable[None]]) -> None:
    """Do something again and again, until cancelled; a store that is away is asked again next time."""
    loop = asyncio.get_running_loop()
    away = False
    while True:
        began = loop.time()
        try:
            await action()
            away = False
        except StoreUnavailable as problem:
            if not away:
                _LOG.warning("the store is away; events go on to the broker", why=problem.reason)
            away = True
        await asyncio.sleep(max(0.0, seconds - (loop.time() - began)))
