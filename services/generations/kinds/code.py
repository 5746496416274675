"""The kind CODE: a whole backend, checked, and repaired once where a model wrote it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from services.checks.port import Check, Checks, CheckState, Findings
from services.core.frozen import frozen
from services.generations import events, outcome
from services.generations.kinds.files import files_task
from services.generations.kinds.port import GenerationContext
from services.generations.outcome import Outcome
from services.llm.port import CodeTask, FilesTask
from services.scaffold import NAME as SCAFFOLD

_REPAIR: Final = "Repair what these checks have found wrong, and change nothing else:\n"
MOST_FAULTS: Final = 10
"""Faults of a file that its listing tells of."""

_LONGEST: Final = 20_000
"""Characters of the checks' output that a model is given."""


@frozen
class CodeKind:
    checks: Checks
    random_bytes: Callable[[int], bytes]

    async def make(self, context: GenerationContext) -> Outcome:
        answer = context.answer
        task = files_task(CodeTask, context, random_bytes=self.random_bytes)
        await context.session.write(task)
        ended = outcome.of(answer)
        if ended is not outcome.COMPLETED:
            return ended
        findings = await self._check(context, task)
        if findings.failed and answer.provider != SCAFFOLD:
            await self._repair(context, task, findings)
        return ended

    async def _repair(self, context: GenerationContext, task: FilesTask, findings: Findings) -> None:
        """Have the faults repaired. Whatever comes of it, each file is whole, changed or not."""
        message = "Checks have found faults; the model is asked to repair them."
        await context.session.tell(events.AttemptFailed("CHECKS_FAILED", message, will_retry=True))
        change = _REPAIR + _described(findings)[:_LONGEST]
        await context.session.write(replace(task, written=context.answer.contents, missing=(), change=change))
        await self._check(context, task)

    async def _check(self, context: GenerationContext, task: FilesTask) -> Findings:
        """Check the files, tell of each result, and keep the results for the record."""

        async def tell(check: Check) -> None:
            await context.session.tell(events.CheckFinished(check.name, check.state.value, check.output))

        findings = await self.checks.check(context.answer.contents, schema=task.schema, on_check=tell)
        context.run.pending["checks"] = findings.checks
        context.answer.faults = {
            path: tuple(map(str, faults[:MOST_FAULTS]))
            for path, faults in findings.by_path.items()
            if path in findings.unparsable
        }
        return findings


def _described(findings: Findings) -> str:
    failed = (check for check in findings.checks if check.state is CheckState.FAILED)
    return "\n".join(f"{check.name}:\n{check.output}" for check in failed)
