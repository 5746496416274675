"""Installs by npm, which end soon where its registry does not answer: npm itself would be silent for minutes."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import urlsplit

from services.core.frozen import frozen
from services.platforms.process import OnLine, ended, run, to_the_end

_CODE: Final = re.compile(r"npm (?:error|ERR!) code (\S+)")
_ADDRESS: Final = re.compile(r"npm (?:notice|http).* (https?://\S+)")
_ANSWERS: Final = re.compile(r"E\d{3}|E?AUTH\w*|ENEEDAUTH|EOTP")
"""Codes of npm that say that a registry has answered, though not as it should: an HTTP status, a refused sign-in."""

_SILENCE: Final = {None, "FETCH_ERROR", "ERR_SOCKET_TIMEOUT"}
"""Codes of npm, or none, where its own limit of time ended a request."""

OnWait = Callable[[float], Awaitable[None]]
"""Takes how many seconds an install has taken so far."""


class RegistryUnreachable(Exception):
    """npm's registry does not answer. The message says which, and what to do."""

    def __init__(self, host: str | None, code: str | None) -> None:
        which = f"The npm registry {host}" if host else "The npm registry"
        super().__init__(
            f"{which} does not answer ({code}). Check this machine's network, and npm's settings of registry and proxy."
        )


@frozen
class Patience:
    """All in seconds. With the defaults, a registry that does not answer is noticed within 20 of them."""

    first: float = 5
    """Of an install, before the registry is asked whether it answers. Most installs have ended by then."""
    answer: float = 10
    """That the registry may take."""
    again: float = 15
    """Between two such questions, as long as the install goes on."""


_USUAL: Final = Patience()


async def install(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    on_line: OnLine,
    on_wait: OnWait,
    grace: float,
    npm: str,
    patience: Patience = _USUAL,
) -> int:
    """Run a command that installs, as `process.run` does, while `npm ping` says that there is a registry.

    `npm` is the program. Raises RegistryUnreachable, and has then stopped the command.
    """
    work = asyncio.create_task(run(command, cwd=cwd, environment=environment, on_line=on_line, grace=grace))
    watch = asyncio.create_task(_watch(npm, cwd, environment, on_wait, patience))
    try:
        await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            watch.result()
        return await work
    finally:
        for task in (work, watch):
            task.cancel()
            await to_the_end(ended(task))


async def _watch(npm: str, cwd: Path, environment: Mapping[str, str], on_wait: OnWait, patience: Patience) -> NoReturn:
    clock = asyncio.get_running_loop().time
    began = clock()
    await asyncio.sleep(patience.first)
    while True:
        await on_wait(clock() - began)
        await _ping(npm, cwd, environment, seconds=patience.answer)
        await asyncio.sleep(patience.again)


async def _ping(npm: str, cwd: Path, environment: Mapping[str, str], *, seconds: float) -> None:
    """Raise RegistryUnreachable unless the registry that npm would use in `cwd` answers, whatever it answers."""
    said: list[str] = []

    async def keep(text: str, from_stderr: bool) -> None:  # noqa: FBT001 - the shape of OnLine
        del from_stderr
        said.append(text)

    command = [npm, "ping", "--fetch-retries=0", f"--fetch-timeout={seconds * 1000:.0f}"]
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds + 1):  # a name server that is silent is not a fetch to npm
            status = await run(command, cwd=cwd, environment=environment, on_line=keep, grace=0)
            if not status or _ANSWERS.fullmatch(_first(_CODE, said) or ""):
                return
    code = _first(_CODE, said)
    raise RegistryUnreachable(_host(said), f"silent for {seconds:g} seconds" if code in _SILENCE else code)


def _host(said: Sequence[str]) -> str | None:
    address = _first(_ADDRESS, said)
    return urlsplit(address).hostname if address else None


def _first(pattern: re.Pattern[str], said: Sequence[str]) -> str | None:
    return next((match[1] for line in said if (match := pattern.match(line))), None)
