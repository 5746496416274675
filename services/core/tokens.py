"""Tokens of models: how many a text has, and how many are read and written at once."""

from collections.abc import Mapping
from typing import Final

WINDOWS: Final[Mapping[str, int]] = {"openai/gpt-oss-120b": 131_072, "gpt-5-mini": 400_000}
"""Tokens of prompt and answer together that the default models take, by their providers' pages of models
(console.groq.com/docs/models, platform.openai.com/docs/models). The setting AI_CONTEXT_WINDOWS replaces and adds."""

USUAL_WINDOW: Final = 131_072
"""What a model is taken to have that nobody has said it of."""

BYTES_PER_TOKEN: Final = 3
"""Rather too few: English and code have about 4."""


def estimated_tokens(text: str) -> int:
    """Estimate the tokens of a text, where nobody has counted them."""
    return -(-len(text.encode(errors="replace")) // BYTES_PER_TOKEN)
