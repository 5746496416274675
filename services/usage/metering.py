"""Metering: what each attempt at asking a provider uses, noted on the generation's record as it ends."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from services.core.tokens import estimated_tokens
from services.foundation.jobs.run import Run
from services.llm import port
from services.usage.allowance import prompt_tokens, within
from services.usage.model import AttemptOutcome, AttemptUsage, MeteredRecord

M = TypeVar("M", bound=MeteredRecord)


@dataclass(slots=True)
class Meter:
    """Reads the items of one request's stream. A provider that has begun to answer and does not say what it has used
    is charged what we count; one that has not begun is not charged.
    """

    request: port.Request
    """What to ask: within the allowance."""
    attempt: int
    attempts: list[AttemptUsage] = field(default_factory=list[AttemptUsage])
    _started: port.Started | None = None
    _usage: port.Usage | None = None
    _output: int = 0

    def take(self, item: port.Item) -> None:
        """Take the next item."""
        match item:
            case port.Started():
                self._end(AttemptOutcome.FAILED)
                self._started = item
            case port.Text() | port.Thought():
                self._output += estimated_tokens(item.text)
            case port.Usage():
                self._usage = item
            case port.Failed() | port.TextVoided() | port.NotFollowed():
                pass  # one had not begun, and has used nothing; the other has used what its text has
            case port.Finished():
                is_whole = item.reason is port.FinishReason.STOP
                self._end(AttemptOutcome.COMPLETED if is_whole else AttemptOutcome.CUT)

    def failed(self) -> None:
        """Note that the provider has failed."""
        self._end(AttemptOutcome.FAILED)

    def close(self) -> tuple[AttemptUsage, ...]:
        """Return all attempts; one that goes on is cut short."""
        self._end(AttemptOutcome.CANCELED)
        return tuple(self.attempts)

    def _end(self, outcome: AttemptOutcome) -> None:
        if self._started is None:
            return
        said = self._usage if self._usage is not None and (self._usage.output_tokens or not self._output) else None
        used = said or port.Usage(prompt_tokens(self.request, left_out=self._started.left_out), self._output)
        self.attempts.append(
            AttemptUsage(
                attempt=self.attempt,
                provider=self._started.provider,
                model=self._started.model,
                outcome=outcome,
                input_tokens=used.input_tokens,
                output_tokens=used.output_tokens,
                cached_tokens=used.cached_tokens,
                reasoning_tokens=used.reasoning_tokens,
                estimated=said is None,
                left_out=len(self._started.left_out),
            )
        )
        self._started, self._usage, self._output = None, None, 0


@asynccontextmanager
async def metered(run: Run[M], request: port.Request) -> AsyncGenerator[Meter]:
    """Ask a request within what is left of the generation's allowance.

    However the block ends, the record then says what each attempt in it has used. Raises AllowanceSpent where nothing
    is left to ask with.
    """
    meter = Meter(within(request, run.record.tokens_left), run.attempt)
    try:
        yield meter
    except port.ProviderFailure:
        meter.failed()
        raise
    finally:
        if attempts := meter.close():
            run.pending["attempts"] = (*run.record.attempts, *attempts)  # also where a cancel cuts this save short
            await run.save()
