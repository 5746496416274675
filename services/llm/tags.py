"""The tags between which models think, where a server leaves them in the text.

Tags of words may have blanks and attributes, and any case: `<think>`, `</think >`, `<thinking type="x">`, `<|think|>`.
The others are single tokens of a model's template.
"""

import re
from typing import Final

_WORDS: Final = (
    *("think", "thinking", "thought", "thoughts", "inner_thoughts", "reasoning", "reflection"),
    *("scratchpad", "analysis", "seed:think"),
)
_PAIRS: Final = (
    ("[think]", "[/think]"),  # Magistral
    ("◁think▷", "◁/think▷"),  # Kimi
    ("<|start_thinking|>", "<|end_thinking|>"),  # Cohere's Command
    ("<|begin_of_thought|>", "<|end_of_thought|>"),  # OpenThinker
    ("<unused94>", "<unused95>"),  # Gemma
    ("<|channel|>analysis<|message|>", "<|start|>assistant<|channel|>final<|message|>"),  # gpt-oss
)
_LONE_WORDS: Final = ("think", "thinking", "seed:think")
"""Those whose opening tag may stand in a model's template, so that its answers have the closing one alone."""
_ATTRIBUTES: Final = r"(?:\s[^<>]{0,80})?"
LONGEST: Final = 128
"""Characters that a tag has at most."""


def _any(words: tuple[str, ...]) -> str:
    return "|".join(map(re.escape, words))


def _closing(words: tuple[str, ...]) -> str:
    return rf"</\s{{0,4}}(?:{_any(words)})\s{{0,4}}>|<\|/(?:{_any(words)})\|>"


OPENING: Final = re.compile(
    rf"<\s{{0,4}}(?P<word>{_any(_WORDS)}){_ATTRIBUTES}(?<!/)>|<\|(?P<token>{_any(_WORDS)})\|>"
    rf"|(?P<pair>{_any(tuple(opening for opening, _ in _PAIRS))})",
    re.IGNORECASE,
)
EMPTY: Final = re.compile(rf"<\s{{0,4}}(?:{_any(_WORDS)})\s{{0,4}}/>", re.IGNORECASE)
"""A block without a thought, in one tag."""
LONE: Final = re.compile(rf"{_closing(_LONE_WORDS)}|{_any(tuple(closing for _, closing in _PAIRS))}", re.IGNORECASE)
"""The closing tags that may come alone."""
CLOSING: Final = re.compile(rf"{_closing(_WORDS)}|{_any(tuple(closing for _, closing in _PAIRS))}", re.IGNORECASE)
ANSWER: Final = re.compile(r"<\|(?:start_response|begin_of_solution)\|>", re.IGNORECASE)
"""What says that the answer begins, after thoughts."""
ANSWERED: Final = re.compile(r"<\|(?:end_response|end_of_solution)\|>", re.IGNORECASE)
"""What says that it has ended."""


def closing_of(opening: re.Match[str]) -> re.Pattern[str]:
    """Return what closes the block that an opening tag opens."""
    if opening["pair"] is not None:
        closing = dict(_PAIRS)[opening["pair"].lower()]
        return re.compile(re.escape(closing), re.IGNORECASE)
    word = opening["word"] or opening["token"]
    return re.compile(_closing((word,)), re.IGNORECASE)


_STARTS: Final = re.compile(r"[<\[◁][^>\]▷\n]*(?:[>\]▷][^<>\n]{0,12}<[^>\n]*){0,3}\Z")


def may_become_tag(text: str) -> bool:
    """Return whether text that begins like this may become a tag of any kind."""
    return len(text) < LONGEST and _STARTS.match(text) is not None
