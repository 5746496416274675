"""How a run asks providers: each piece of their answers told at once, each failure announced."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Final

from services.foundation.jobs.run import Run
from services.foundation.jobs.worker import JobFailed
from services.generations import events
from services.generations.answer import Answer
from services.generations.model import Generation, GenerationReason
from services.llm.port import (
    FailureCode,
    FilesTask,
    Finished,
    FinishReason,
    Options,
    Provider,
    ProviderFailure,
    Request,
)
from services.llm.prompts import render
from services.usage.allowance import AllowanceSpent
from services.usage.metering import metered

RECOVERIES: Final = 3
"""Failures in the middle of an answer, one after the other with no file completed between them, that are recovered."""
ROUNDS: Final = 12
"""Answers that may be asked for to bring all files."""
LEAST_TOKENS: Final = 256
"""What must be left of the limit for another answer to be worth asking for."""
PAUSE: Final = 0.5
"""Seconds before the first recovery; doubles each time. A provider may ask for more."""
PATIENCE: Final = 60.0
"""Seconds for which a run waits in the middle of an answer, at most."""
LONGEST_WAIT: Final = 900
"""Seconds for which a generation waits for a provider: who asked for it would rather hear that it can't be had now."""


@dataclass(slots=True)
class AnswerSession:
    """Asks for one run's answers, and tells subscribers.

    `options.max_tokens` limits each answer that says a text, and all answers together that write files.
    """

    run: Run[Generation]
    provider: Provider
    answer: Answer
    options: Options
    tell: Callable[[events.GenerationEvent], Awaitable[None]]
    template: str = field(default="", init=False)
    """The templates of the first and the last request."""
    _earlier: int = field(init=False)
    """How many attempts earlier runs have made."""

    def __post_init__(self) -> None:
        self._earlier = len(self.run.record.attempts)

    async def say(self, request: Request) -> None:
        """Have a text said. One whose provider fails in the middle starts over, a few times.

        The answer's `finish` is None where every provider was lost in the middle of it. Raises JobFailed where none
        began.
        """
        failures = 0
        while (failure := await self._ask(request, resets=True)) is not None:
            failures += 1
            if not await self._recovers(failure, failures=failures):
                return
            request = replace(request, avoid=request.avoid | {failure.provider})

    async def write(self, task: FilesTask) -> None:
        """Have files written, in as many answers as they take: each goes on from the first file that is not whole.

        Ends when all have come, when the limit of tokens is reached, or when answers bring nothing more.
        """
        failures, avoid = 0, frozenset[str]()
        for left in reversed(range(ROUNDS)):
            before = dict(self.answer.files)
            failure = await self._ask(replace(self._request(task), avoid=avoid), resets=not self._has_begun)
            has_progress = self.answer.files != before or self._can_show(task)
            if self.answer.whole:
                return
            if failure is None:
                failures, avoid = 0, frozenset[str]()
                if not has_progress or not self._may_go_on or not self._is_worth_asking:
                    return
            else:
                failures, avoid = (1 if has_progress else failures + 1), avoid | {failure.provider}
                if not await self._recovers(failure, failures=failures, may_ask=left > 0):
                    return
            task = self._rest(task)

    @property
    def _has_begun(self) -> bool:
        """Whether this run's answers have brought anything that the next one adds to."""
        return self.answer.has_files

    def _can_show(self, task: FilesTask) -> bool:
        """Whether the model is to be shown files that it wants to change: where it was not asked for them already."""
        return self.answer.wants_unseen and not set(self.answer.wanted) <= set(task.missing)

    @property
    def _may_go_on(self) -> bool:
        is_refused = self.answer.finish is FinishReason.CONTENT_FILTER
        return not is_refused and self._left >= LEAST_TOKENS

    @property
    def _is_worth_asking(self) -> bool:
        """Whether another answer may bring what is missing: not where that is refused whoever brings it."""
        return bool(self.answer.wanted) or not self.answer.missing

    @property
    def _left(self) -> int:
        """What is left of the limit of tokens."""
        spent = sum(attempt.output_tokens for attempt in self.run.record.attempts[self._earlier :])
        return (self.options.max_tokens or 0) - spent

    def _rest(self, task: FilesTask) -> FilesTask:
        """Return the task of bringing what is missing: the same one where nothing has come yet."""
        if not (self._has_begun or self.answer.wants_unseen):
            return task
        return replace(task, written=self.answer.contents, missing=self.answer.wanted)

    def _request(self, task: FilesTask) -> Request:
        least = min(LEAST_TOKENS, self.options.max_tokens or LEAST_TOKENS)
        return render(task, replace(self.options, max_tokens=max(self._left, least)))  # pyright: ignore[reportArgumentType] - a Task

    async def _ask(self, request: Request, *, resets: bool) -> ProviderFailure | None:
        """Tell an answer to its end; return the failure that it broke off with. Raises JobFailed where none began."""
        first, *_ = self.template.split(" ")
        self.template = f"{first} {request.template}" if first and first != request.template else request.template
        self.answer.expect(request, resets=resets)
        try:
            await self._stream(request)
        except AllowanceSpent:
            if not self._has_begun:
                message = "It has used all tokens that were set aside for it."
                raise JobFailed("MAX_TOKENS", message, retryable=False) from None
            self.answer.finish = FinishReason.LENGTH
        except ProviderFailure as failure:
            for event in self.answer.lost():
                await self.tell(event)
            self.answer.failure = f"{failure.provider}: {failure.message}"
            if self.answer.has_started or self._has_begun:
                return failure
            raise _job_failed(failure) from failure
        return None

    async def _stream(self, request: Request) -> None:
        """Tell what comes of a request as it comes, and meter it. Whatever fails once files are whole is no failure."""
        async with metered(self.run, request) as meter, aclosing(self.provider.stream(meter.request)) as items:
            try:
                async for item in items:
                    meter.take(item)
                    for event in self.answer.take(item):
                        await self.tell(event)
            except ProviderFailure:
                if not self.answer.whole:
                    raise
                meter.take(Finished(FinishReason.STOP))
                for event in self.answer.lost():
                    await self.tell(event)

    async def _recovers(self, failure: ProviderFailure, *, failures: int, may_ask: bool = True) -> bool:
        """Announce a failure in the middle; return whether to ask again, once the pause before that is over.

        What stays as it is however often it is asked for, is asked for once.
        """
        pause = max(PAUSE * 2 ** (failures - 1), failure.retry_after or 0)
        will_retry = may_ask and failure.may_pass and failures <= RECOVERIES and pause <= PATIENCE
        await self.tell(events.AttemptFailed(failure.code.value, failure.message, will_retry))
        if will_retry:
            await asyncio.sleep(pause)
        return will_retry


def _job_failed(failure: ProviderFailure) -> JobFailed:
    """Return the failure of a job that no provider began to answer, to be repeated when one of them may."""
    is_limited = failure.code is FailureCode.RATE_LIMITED
    code = GenerationReason.RATE_LIMITED if is_limited else GenerationReason.PROVIDER_ERROR
    after = failure.retry_after or 0.0
    wait = f" A provider may be asked again in {after:,.0f} seconds." if after >= 1 else ""
    message = f"{failure.provider}: {failure.message}{wait}"
    return JobFailed(code.value, message, retryable=failure.may_pass and after <= LONGEST_WAIT, after=after)
