"""This file is the kind CODE: a whole backend, checked, and repaired once where a model wrote it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from services.checks.port import Check, Checks, CheckState, Findings
from services.generations import ending, events
from services.generations.ending import Ending
from services.generations.kinds.files import files_task
from services.generations.kinds.port import Making
from services.llm.port import CodeTask, FilesTask
from services.scaffold.provider import NAME as SCAFFOLD

_REPAIR: Final = "Repair what these checks have found wrong, and change nothing else:\n"
MOST_FAULTS: Final = 10
"""Faults of a file that its listing tells of."""

_LONGEST: Final = 20_000
"""Characters of the checks' output that a model is given."""


@dataclass(frozen=True, slots=True)
class CodeKind:
    checks: Checks
    random_bytes: Callable[[int], bytes]

    async def make(self, making: Making) -> Ending:
        answer = making.answer
        task = files_task(CodeTask, making, random_bytes=self.random_bytes)
        await making.asking.write(task)
        ended = ending.of(answer)
        if ended is not ending.COMPLETED:
            return ended
        findings = await self._check(making)
        if findings.failed and answer.provider != SCAFFOLD:
            await self._repair(making, task, findings)
        return ended

    async def _repair(self, making: Making, task: FilesTask, findings: Findings) -> None:
        """Have the faults repaired. Whatever comes of it, each file is whole, changed or not."""
        message = "Checks have found faults; the model is asked to repair them."
        await making.asking.tell(events.AttemptFailed("CHECKS_FAILED", message, will_retry=True))
        change = _REPAIR + _told(findings)[:_LONGEST]
        await making.asking.write(replace(task, written=making.answer.contents, missing=(), change=change))
        await self._check(making)

    async def _check(self, making: Making) -> Findings:
        """Check the files, tell of each result, and keep the results for the record."""

        async def tell(check: Check) -> None:
            await making.asking.tell(events.CheckFinished(check.name, check.state.value, check.output))

        findings = await self.checks.check(making.answer.contents, on_check=tell)
        making.run.pending["checks"] = findings.checks
        making.answer.faults = {
            path: tuple(map(str, faults[:MOST_FAULTS]))
            for path, faults in findings.by_path.items()
            if path in findings.unparsable
        }
        return findings


def _told(findings: Findings) -> str:
    failed = (check for check in findings.checks if check.state is CheckState.FAILED)
    return "\n".join(f"{check.name}:\n{check.output}" for check in failed)
