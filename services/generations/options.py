"""The options of a request: what the user asked for, else the settings, else the kind's own."""

from collections.abc import Callable
from typing import Final

from services.generations.model import GenerationKind
from services.llm.port import Options

_OF_KIND: Final = {
    GenerationKind.SCHEMA: Options(temperature=0.5, max_tokens=8192),
    GenerationKind.ARCHITECTURE: Options(temperature=0.5, max_tokens=8192),
    GenerationKind.CODE: Options(temperature=0.3, max_tokens=131_072),
    GenerationKind.DOCUMENTATION: Options(temperature=0.5, max_tokens=32768),
    GenerationKind.CHAT: Options(temperature=0.7, max_tokens=4096),
}
"""Less temperature gives more consistent code. The limits are of output tokens, of all answers of a generation."""


def completing(settings: Options) -> Callable[[GenerationKind, Options], Options]:
    """Make the function that fills in what a user left open, from the settings where these say something."""

    def complete(kind: GenerationKind, asked: Options) -> Options:
        return _over(asked, _over(settings, _OF_KIND[kind]))

    return complete


def _over(first: Options, second: Options) -> Options:
    return Options(
        model=first.model or second.model,
        temperature=second.temperature if first.temperature is None else first.temperature,
        max_tokens=first.max_tokens or second.max_tokens,
        top_p=first.top_p or second.top_p,
    )
