"""The LOCAL platform: generated backends run on this very machine. For development only: nothing but a
process group and a clean environment stands between them and the user who runs Snapinfra.
"""

import asyncio
import re
import shutil
import socket
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import field, replace
from pathlib import Path
from typing import Any, ClassVar, Final

from services.core.frozen import frozen
from services.platforms.attached import Attached
from services.platforms.backend import HOST, Backend, Machine, Switch
from services.platforms.emitting import Emit, emitted
from services.platforms.offers import Offers
from services.platforms.port import DeployFailed, Event, Order, Running, Superseded
from services.platforms.process import ended, to_the_end

_BUFFER: Final = 256
"""Events held for a reader that is slow; after that the program whose lines they are waits."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", re.ASCII)


class _Run:
    """One order under way."""

    def __init__(self, deployment_id: str, switch: Switch, work: "Callable[[_Run], Coroutine[Any, Any, None]]") -> None:
        self.deployment_id = deployment_id
        self.switch = switch
        self.gone = asyncio.Event()
        self.replaced_by: str | None = None
        self.work = asyncio.create_task(work(self))

    def replace(self, *, by: str) -> None:
        if not self.work.done():
            self.replaced_by = by
            self.work.cancel()


@frozen
class LocalPlatform(Attached):
    """Deploys into `<root>/<site>/<deployment id>`, a folder that lasts as long as the deployment.

    Orders count as later by when their iterator is first read. An order whose own deployment runs already replaces that
    before it begins; any other replaces what runs at the site when it is live.
    """

    offers: ClassVar[Offers] = replace(Attached.offers, no_restart=None)

    root: Path
    machine: Machine
    _runs: dict[str, list[_Run]] = field(default_factory=dict[str, list[_Run]], init=False)
    _ports: set[int] = field(default_factory=set[int], init=False)

    async def deploy(self, order: Order) -> AsyncGenerator[Event, None]:
        """Deploy as port.Platform says. Read it in contextlib.aclosing: what is only dropped is stopped late."""
        async with aclosing(emitted(lambda emit: self._take(order, emit), ahead=_BUFFER)) as events:
            async for event in events:
                yield event

    async def restart(self, running: Running) -> AsyncGenerator[Event]:
        """Restart as port.Platform says: the program is started again in the folder of its deployment."""
        runs = self._runs.get(running.site, [])
        switch = next((run.switch for run in runs if run.deployment_id == running.deployment_id), None)
        if switch is None:
            raise DeployFailed("GONE", "It does not run on this machine any more.")
        await switch.restart()
        for event in ():
            yield event

    async def _take(self, order: Order, emit: Emit) -> None:
        folder = self.root / _name(order.site) / _name(order.deployment_id)
        port = self._reserve_port(order.preferred_port)
        backend = Backend(order, folder, port, self.machine, emit)
        run = _Run(order.deployment_id, backend.switch, lambda run: self._work(run, backend))
        self._runs.setdefault(order.site, []).append(run)
        try:
            await ended(run.work)
        finally:
            run.work.cancel()
            await to_the_end(self._clear(run, backend))
        if run.replaced_by is not None:
            await backend.say(f"Stopped: {run.replaced_by} runs here now.")
            raise Superseded(run.replaced_by)
        await run.work

    async def _work(self, run: _Run, backend: Backend) -> None:
        for twin in [
            other for other in self._earlier(run, backend.order.site) if other.deployment_id == run.deployment_id
        ]:
            twin.replace(by=run.deployment_id)
            await twin.gone.wait()
        await _remove(backend.folder)
        await backend.run(on_live=lambda: self._replace_earlier(run, backend.order.site))

    async def _clear(self, run: _Run, backend: Backend) -> None:
        await ended(run.work)
        await _remove(backend.folder)
        self._ports.discard(backend.port)
        self._runs[backend.order.site].remove(run)
        run.gone.set()

    def _replace_earlier(self, run: _Run, site: str) -> None:
        for other in self._earlier(run, site):
            other.replace(by=run.deployment_id)

    def _earlier(self, run: _Run, site: str) -> list[_Run]:
        runs = self._runs[site]
        return runs[: runs.index(run)]

    def _reserve_port(self, preferred: int | None) -> int:
        """Choose a port that nobody listens on and no other deployment is about to."""
        wanted = preferred or 0
        while True:
            port = _free_port(wanted)
            if port is not None and port not in self._ports:
                self._ports.add(port)
                return port
            wanted = 0


def _free_port(wanted: int) -> int | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: old connections do not count
        try:
            probe.bind((HOST, wanted))
        except OSError:
            return None
        return int(probe.getsockname()[1])


def _name(text: str) -> str:
    if _NAME.fullmatch(text) is None:
        raise ValueError(f"not a name for a folder: {text!r}")
    return text


async def _remove(folder: Path) -> None:
    await to_the_end(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))
