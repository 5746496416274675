"""A platform that only rehearses: it tells what a deployment would, and installs and starts nothing.

`snapinfra seed` deploys to it, so that there are logs to look at. They say what they are in their first line.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.core.clock import Clock
from services.core.frozen import frozen
from services.platforms.attached import Attached
from services.platforms.port import (
    DeployFailed,
    Event,
    Line,
    Live,
    LogLevel,
    LogStream,
    Order,
    Phase,
    PhaseChanged,
    StepChanged,
    StepState,
)

FAILING: Final = "REHEARSE_FAILURE"
"""An environment variable; a deployment that has it fails to build."""

_NOTICE: Final = "A rehearsal by `snapinfra seed`: nothing is installed or started, and no URL answers."
_INSTALL: Final = ("added 187 packages, and audited 188 packages in 9s", "found 0 vulnerabilities")
_BUILD: Final = ("> backend@1.0.0 build", "> tsc -p tsconfig.json")
_FAULT: Final = "src/routes/appointments.ts(41,9): error TS2322: Type 'string' is not assignable to type 'number'."
REQUESTS: Final = (
    "GET /health 200 1 ms",
    "GET /products 200 14 ms",
    "POST /carts 201 22 ms",
    "GET /products?limit=50 200 17 ms",
    "POST /orders 400 6 ms: quantity must be a number",
    "POST /orders 201 31 ms",
    "GET /orders 200 12 ms",
)


@frozen
class Rehearsal(Attached):
    now: Clock

    async def deploy(self, order: Order) -> AsyncGenerator[Event, None]:
        """Tell of a deployment as port.Platform says; one that goes live stays so until it is stopped."""
        said = _Lines(self.now())
        yield said.line(LogStream.SYSTEM, _NOTICE)
        yield PhaseChanged(Phase.BUILDING)
        for event in said.step("install", LogStream.BUILD, _INSTALL):
            yield event
        if FAILING in order.config.environment:
            yield StepChanged("build", StepState.RUNNING)
            yield said.line(LogStream.BUILD, _FAULT, LogLevel.ERROR)
            yield StepChanged("build", StepState.FAILED)
            raise DeployFailed("BUILD_FAILED", "The build ended with exit status 2.")
        for event in said.step("build", LogStream.BUILD, _BUILD):
            yield event
        yield PhaseChanged(Phase.DEPLOYING)
        for event in said.step("start", LogStream.RELEASE, ("Tables are there.", "Listening on port 8080.")):
            yield event
        yield Live(f"https://{order.site.replace('_', '-')}.example")
        for text in REQUESTS:
            level = LogLevel.WARN if " 400 " in text else LogLevel.INFO
            yield said.line(LogStream.RUNTIME, text, level)
        await asyncio.Event().wait()  # it runs until somebody stops it


@dataclass(slots=True)
class _Lines:
    """Makes lines, each a moment after the one before."""

    at: datetime

    def line(self, stream: LogStream, text: str, level: LogLevel = LogLevel.INFO) -> Line:
        self.at += timedelta(milliseconds=40)
        return Line(self.at, level, stream, text)

    def step(self, name: str, stream: LogStream, texts: Sequence[str]) -> list[Event]:
        lines = [self.line(stream, text) for text in texts]
        return [StepChanged(name, StepState.RUNNING), *lines, StepChanged(name, StepState.SUCCEEDED)]
