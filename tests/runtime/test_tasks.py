"""Running a stage until a signal asks for its end."""

import asyncio
import os
import signal

import pytest

from ioc.model.faults import Fault
from ioc.runtime.tasks import end, run_until_stopped


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_sets_the_stop_event(number: signal.Signals):
    async def stage(stop: asyncio.Event) -> None:
        os.kill(os.getpid(), number)
        await stop.wait()

    assert run_until_stopped("stage", stage) == 0


@pytest.mark.parametrize(("wrong_use", "status"), [(True, 2), (False, 1)])
def test_a_fault_is_one_sentence_and_a_status(capsys: pytest.CaptureFixture[str], wrong_use: bool, status: int):
    async def stage(_stop: asyncio.Event) -> None:
        raise Fault("redis://:secret@host does not answer", wrong_use=wrong_use)

    assert run_until_stopped("rules", stage) == status
    assert capsys.readouterr().err == "rules: redis://:***@host does not answer\n"


def test_what_nobody_expected_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture):
    async def stage(_stop: asyncio.Event) -> None:
        raise RuntimeError("surprise")

    assert run_until_stopped("rules", stage) == 1
    assert "Traceback" in caplog.text
    assert "surprise" in caplog.text


def test_a_stage_that_ends_by_itself_ends_well():
    async def stage(_stop: asyncio.Event) -> None:
        return

    assert run_until_stopped("stage", stage) == 0


async def test_a_task_that_swallows_its_cancellation_is_ended_all_the_same():
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed == 2:
                    raise

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await end([task])
    assert task.cancelled()
    assert swallowed == 2
