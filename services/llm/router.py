"""The provider over the other providers: it asks them in order until one begins to answer."""

import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from services.core.instruments import FALLBACKS
from services.llm.asking import Asking
from services.llm.cooldown import PAUSE, Cooldown
from services.llm.port import Failed, FailureCode, Finished, Item, Provider, ProviderFailure, Request, Started


@runtime_checkable
class _Choosy(Protocol):
    """A provider whose model a request may name."""

    models: frozenset[str]


@runtime_checkable
class _Closable(Protocol):
    async def aclose(self) -> None: ...


@dataclass(slots=True)
class Router:
    """Asks `providers` in order, those that have the model a request names first and those it avoids last.

    A provider that is cooling down is passed over, unless all are: then the one that is ready soonest is asked anyway.
    Whatever the reason of a failure, the next provider is asked: it may allow what the first one refuses. Once one has
    begun to answer, its failure is the caller's to recover from: only the caller knows what of the answer is of use.
    """

    providers: Sequence[Provider]
    pause: float = PAUSE
    """Seconds of a cool-down whose length the provider has not said."""
    monotonic: Callable[[], float] = time.monotonic
    name: str = field(default="router", init=False)
    _cooldowns: list[Cooldown] = field(init=False)

    def __post_init__(self) -> None:
        if not self.providers:
            raise ValueError("A router needs at least one provider.")
        self._cooldowns = [Cooldown(self.pause) for _ in self.providers]

    async def stream(self, request: Request) -> AsyncGenerator[Item]:
        """Yield a `Failed` for each provider that fails before it begins, then the items of the one that answers.

        Raises the failure of the last provider where all have failed, and that of the one that has begun. The former
        says when the first of all providers is to be asked again.
        """
        order, failures = self._order(request), dict[int, ProviderFailure]()
        for index in order:
            has_begun = False
            try:
                async with aclosing(self._attempt(index, request)) as items:
                    async for item in items:
                        has_begun = True
                        yield item
            except ProviderFailure as failure:
                if has_begun:
                    failure.may_pass = failure.may_pass or self._has_others(index, request)
                    raise
                failures[index] = failure
                if len(failures) == len(order):
                    self._look_ahead(failure, failures)
                    raise
                FALLBACKS.record(1, {"gen_ai.provider.name": failure.provider, "error.type": failure.code.value})
                yield Failed(failure.provider, failure.model, failure.code.value, failure.message)
            else:
                return

    async def ready(self) -> None:
        """Return if a provider can be asked now. Raises ProviderFailure while all of them cool down."""
        now = self.monotonic()
        if all(cooldown.until > now for cooldown in self._cooldowns):
            raise ProviderFailure(self.name, FailureCode.UNAVAILABLE, "All providers are cooling down.")

    async def aclose(self) -> None:
        """Close the connections that the providers keep."""
        for provider in self.providers:
            if isinstance(provider, _Closable):
                await provider.aclose()

    def _look_ahead(self, last: ProviderFailure, failures: Mapping[int, ProviderFailure]) -> None:
        """Have the last failure say when it is of use to ask again: as soon as one provider has cooled down."""
        now = self.monotonic()
        waits = [
            max(cooldown.until - now, 0.0)
            for index, cooldown in enumerate(self._cooldowns)
            if index not in failures or failures[index].may_pass
        ]
        last.may_pass, last.retry_after = bool(waits), min(waits, default=None)

    def _order(self, request: Request) -> list[int]:
        """Return the places of the providers to ask, first to last; never empty."""
        now = self.monotonic()
        everyone = range(len(self.providers))
        ready = [index for index in everyone if self._cooldowns[index].until <= now]
        if not ready:
            return [min(everyone, key=lambda index: self._cooldowns[index].until)]
        return sorted(ready, key=lambda index: (self._avoids(index, request), not self._has(index, request)))

    def _has_others(self, index: int, request: Request) -> bool:
        """Return whether another provider may answer that has not failed in this answer yet."""
        return any(other != index and not self._avoids(other, request) for other in range(len(self.providers)))

    def _has(self, index: int, request: Request) -> bool:
        provider = self.providers[index]
        return isinstance(provider, _Choosy) and request.options.model in provider.models

    def _avoids(self, index: int, request: Request) -> bool:
        return self.providers[index].name in request.avoid

    async def _attempt(self, index: int, request: Request) -> AsyncGenerator[Item]:
        """Pass on one provider's items, and remember how it went. An attempt that is cancelled says nothing."""
        cooldown, model = self._cooldowns[index], ""
        asking = Asking(self.providers[index].name, self.monotonic)
        try:
            async with aclosing(self.providers[index].stream(request)) as items:
                async for item in items:
                    if isinstance(item, Started):
                        model = item.model
                        asking.begun(model)
                    elif isinstance(item, Finished):
                        cooldown.succeeded(self.monotonic())
                    yield item
        except ProviderFailure as failure:
            failure.model = failure.model or model
            cooldown.failed(failure, self.monotonic())
            asking.failed(failure.code.value)
            raise
        finally:
            asking.end()
