"""The tests that no program of a user's outlives the one who wanted it."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from services.platforms.process import run

PATH = "/usr/bin:/bin"
STUBBORN = "trap '' TERM; while :; do sleep 0.05; done"
FAMILY = f"""
echo $$
sh -c 'echo $$; {STUBBORN.replace("'", '"')}' &
setsid sh -c 'echo $$; {STUBBORN.replace("'", '"')}' &
{STUBBORN}
"""
"""Three processes that ignore SIGTERM and print their ids: a child, a grandchild, and one in a session of its own."""


class Recorder:
    """Keeps lines, and lets a test wait for a number of them."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, bool]] = []
        self._changed = asyncio.Condition()

    async def add(self, text: str, from_stderr: bool) -> None:  # noqa: FBT001 - the shape of OnLine
        async with self._changed:
            self.lines.append((text, from_stderr))
            self._changed.notify_all()

    async def reach(self, count: int) -> list[str]:
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: len(self.lines) >= count)
        return [text for text, _ in self.lines]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until_gone(pids: list[int]) -> None:
    async with asyncio.timeout(10):
        while any(is_alive(pid) for pid in pids):  # noqa: ASYNC110 - nothing tells of another process's children
            await asyncio.sleep(0.02)


async def shell(script: str, recorder: Recorder, cwd: Path, *, grace: float = 0.2) -> int:
    return await run(["sh", "-c", script], cwd=cwd, environment={"PATH": PATH}, on_line=recorder.add, grace=grace)


async def test_lines_of_both_outputs_and_the_status_are_reported(tmp_path: Path) -> None:
    recorder = Recorder()

    status = await shell("echo out; echo err >&2; printf last; exit 3", recorder, tmp_path)

    assert status == 3
    assert sorted(recorder.lines) == [("err", True), ("last", False), ("out", False)]


async def test_a_signal_shows_in_the_status(tmp_path: Path) -> None:
    assert await shell("kill -KILL $$", Recorder(), tmp_path) == 128 + signal.SIGKILL


async def test_a_program_that_does_not_exist_is_status_127(tmp_path: Path) -> None:
    recorder = Recorder()

    status = await run(["no-such-program"], cwd=tmp_path, environment={}, on_line=recorder.add, grace=1)

    assert status == 127
    assert recorder.lines == [("no-such-program: No such file or directory", True)]


async def test_a_program_sees_its_own_environment_and_no_input(tmp_path: Path) -> None:
    recorder = Recorder()

    await run(["/usr/bin/env"], cwd=tmp_path, environment={"A": "1", "B": "2"}, on_line=recorder.add, grace=1)
    status = await shell("cat", recorder, tmp_path)

    assert sorted(text for text, _ in recorder.lines if not text.startswith("LC_CTYPE=")) == ["A=1", "B=2"]
    assert status == 0


async def test_cancelling_ends_those_who_ignore_sigterm_and_those_who_left_the_group(tmp_path: Path) -> None:
    recorder = Recorder()
    task = asyncio.create_task(shell(FAMILY, recorder, tmp_path))
    pids = [int(text) for text in await recorder.reach(3)]
    alive_before = [is_alive(pid) for pid in pids]

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert alive_before == [True, True, True]
    assert [is_alive(pid) for pid in pids] == [False, False, False]


async def test_a_program_gets_time_to_end_by_itself(tmp_path: Path) -> None:
    recorder = Recorder()
    script = "trap 'echo done > ended; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
    task = asyncio.create_task(shell(script, recorder, tmp_path, grace=10))
    await recorder.reach(1)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert (tmp_path / "ended").read_text() == "done\n"


async def test_cancelling_twice_still_waits_for_the_end(tmp_path: Path) -> None:
    recorder = Recorder()
    task = asyncio.create_task(shell(FAMILY, recorder, tmp_path))
    pids = [int(text) for text in await recorder.reach(3)]

    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert not any(is_alive(pid) for pid in pids)


async def test_cancelling_while_it_starts_leaves_nothing_behind(tmp_path: Path) -> None:
    task = asyncio.create_task(shell("echo $$ > pid; sleep 1000", Recorder(), tmp_path))
    await asyncio.sleep(0)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    pid = tmp_path / "pid"
    assert not pid.exists() or not is_alive(int(pid.read_text()))


async def test_what_a_program_leaves_running_ends_with_it(tmp_path: Path) -> None:
    recorder = Recorder()

    status = await shell("setsid sh -c 'echo $$; exec sleep 1000' & sleep 0.2; exit 4", recorder, tmp_path)

    assert status == 4
    assert not is_alive(int(recorder.lines[0][0]))


async def test_killing_us_kills_them(tmp_path: Path) -> None:
    program = f"""
import asyncio
from pathlib import Path
from services.platforms.process import run

async def show(text, from_stderr):
    print(text, flush=True)

asyncio.run(run(["sh", "-c", {FAMILY!r}], cwd=Path("/"), environment={{"PATH": {PATH!r}}}, on_line=show, grace=0.2))
"""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=PIPE)
    assert parent.stdout is not None
    pids = [int(await asyncio.wait_for(parent.stdout.readline(), 10)) for _ in range(3)]

    parent.kill()

    await until_gone(pids)
    await parent.wait()
    assert await parent.stdout.read() == b""


async def test_a_slow_reader_makes_the_program_wait_and_loses_no_line(tmp_path: Path) -> None:
    seen: list[str] = []

    async def slow(text: str, from_stderr: bool) -> None:  # noqa: FBT001 - the shape of OnLine
        await asyncio.sleep(0)
        seen.append(text)

    await run(["seq", "50000"], cwd=tmp_path, environment={"PATH": PATH}, on_line=slow, grace=1)

    assert seen == [str(number) for number in range(1, 50_001)]
