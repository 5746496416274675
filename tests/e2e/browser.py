"""A headless Chromium for tests, driven by the DevTools protocol (chromedevtools.github.io)."""

import asyncio
import base64
import itertools
import json
import os
import shutil
import signal
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

START_TIMEOUT: Final = 30.0
"""Seconds that Chromium may take to open its DevTools port."""

_FLAGS: Final = (
    "--headless",
    "--no-sandbox",  # it refuses to run as root otherwise
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing but this machine is reachable
    "--window-size=1400,900",
    "--remote-debugging-port=0",
)


class PageError(Exception):
    """JavaScript threw, or DevTools refused a command."""


class Page:
    """One page, and what happened on it since it was opened. Make one with `opened`."""

    def __init__(self, connection: ClientConnection) -> None:
        self.requests: list[str] = []
        """URL of every request and WebSocket of the page and its workers, without `data:` and `blob:`."""
        self.errors: list[str] = []
        """Uncaught exceptions, and everything else that the console shows as an error."""
        self.received: list[str] = []
        """Text of every WebSocket message that came, in order."""
        self._connection = connection
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._session: str | None = None

    async def goto(self, url: str) -> None:
        """Navigate; returns when the navigation has begun, so wait for something on the page next."""
        answer = await self.send("Page.navigate", url=url)
        if "errorText" in answer:
            raise PageError(f"{url}: {answer['errorText']}")

    async def evaluate(self, expression: str) -> Any:
        """Return the JSON value of a JavaScript expression; a promise is awaited."""
        answer = await self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise PageError(details.get("exception", {}).get("description") or details["text"])
        return answer["result"].get("value")

    async def until(self, expression: str, *, seconds: float = 15) -> Any:
        """Wait until the JSON value of an expression is truthy, and return it. Raises TimeoutError quoting the page.

        An element's JSON value is `{}`: write `!!element`.
        """
        value: Any = None
        try:
            async with asyncio.timeout(seconds):
                while not value:
                    with suppress(PageError):  # what it looks at may not be there yet
                        value = await self.evaluate(expression)
                    await asyncio.sleep(0 if value else 0.05)
        except TimeoutError as error:
            text = await self.evaluate("document.body?.innerText.slice(0, 2000)")
            raise TimeoutError(f"never true: {expression}\n{self.errors}\n{text}") from error
        return value

    async def click(self, selector: str) -> None:
        """Click the first element that matches, once it is there."""
        found = f"document.querySelector({json.dumps(selector)})"
        await self.until(f"!!{found}")
        await self.evaluate(f"{found}.click()")

    async def screenshot(self) -> bytes:
        """Return a PNG of what is visible."""
        return base64.b64decode((await self.send("Page.captureScreenshot", format="png"))["data"])

    def requests_beyond(self, origin: str) -> list[str]:
        """Return the URLs that went to any other host or port than that of `origin`."""
        return [url for url in self.requests if urlsplit(url).netloc != urlsplit(origin).netloc]

    async def send(self, method: str, *, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Give a DevTools command and return its result."""
        number = next(self._numbers)
        answer = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if target := session or self._session:
            message["sessionId"] = target
        await self._connection.send(json.dumps(message))
        result = await answer
        if "error" in result:
            raise PageError(f"{method}: {result['error']['message']}")
        return result["result"]

    async def open(self) -> None:
        """Create the page and begin to listen."""
        target = await self.send("Target.createTarget", url="about:blank")
        attached = await self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for command in ("Page.enable", "Runtime.enable", "Log.enable", "Network.enable"):
            await self.send(command)
        await self.send("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False, flatten=True)

    async def listen(self) -> None:
        """Take messages in until the connection closes; then whoever waits for an answer gets a PageError."""
        try:
            async with asyncio.TaskGroup() as group:
                async for text in self._connection:
                    self._take(json.loads(text), group)
        finally:
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(PageError("Chromium has ended."))

    def _take(self, message: dict[str, Any], group: asyncio.TaskGroup) -> None:
        if "id" in message:
            answer = self._answers.pop(message["id"])
            if not answer.done():
                answer.set_result(message)
        elif message["method"] == "Target.attachedToTarget" and self._session is not None:
            group.create_task(self._join_worker(message["params"]["sessionId"]))
        else:
            self._record(message["method"], message["params"])

    async def _join_worker(self, session: str) -> None:
        with suppress(PageError):  # it may have ended already
            await self.send("Network.enable", session=session)

    def _record(self, method: str, parameters: dict[str, Any]) -> None:
        match method:
            case "Network.requestWillBeSent":
                self._record_request(parameters["request"]["url"])
            case "Network.webSocketCreated":
                self._record_request(parameters["url"])
            case "Network.webSocketFrameReceived":
                self.received.append(parameters["response"]["payloadData"])
            case "Log.entryAdded" if parameters["entry"]["level"] == "error":
                entry = parameters["entry"]
                self.errors.append(f"{entry['text']} {entry.get('url', '')}".strip())
            case "Runtime.exceptionThrown":
                details = parameters["exceptionDetails"]
                self.errors.append(details.get("exception", {}).get("description") or details["text"])
            case "Runtime.consoleAPICalled" if parameters["type"] == "error":
                said = (str(part.get("value", part.get("description"))) for part in parameters["args"])
                self.errors.append(" ".join(said))
            case _:
                pass

    def _record_request(self, url: str) -> None:
        if not url.startswith(("data:", "blob:", "about:")):
            self.requests.append(url)


def chromium() -> str | None:
    """Return the program of an installed Chromium, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@asynccontextmanager
async def opened(program: str) -> AsyncGenerator[Page, None]:
    """Run a Chromium with a profile of its own for the length of the block, and yield its page."""
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as folder:
        profile = Path(folder)
        process = await _start(program, profile)
        try:
            async with connect(await _endpoint(profile, process), max_size=None, proxy=None) as connection:
                page = Page(connection)
                listening = asyncio.create_task(page.listen())
                try:
                    await page.open()
                    yield page
                finally:
                    listening.cancel()
                    await asyncio.wait({listening})
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _start(program: str, profile: Path) -> Process:
    return await asyncio.create_subprocess_exec(
        program,
        *_FLAGS,
        f"--user-data-dir={profile}",
        "about:blank",
        env={"HOME": str(profile), "PATH": os.defpath, "LANG": "C.UTF-8"},
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=DEVNULL,
        start_new_session=True,
    )


async def _endpoint(profile: Path, process: Process) -> str:
    """Wait for the file in which Chromium tells its port and path."""
    announcement = profile / "DevToolsActivePort"
    async with asyncio.timeout(START_TIMEOUT):
        while process.returncode is None:
            lines = announcement.read_text().splitlines() if announcement.exists() else []
            if len(lines) > 1:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            await asyncio.sleep(0.05)
    raise PageError(f"{process.returncode}: Chromium ended at once.")
