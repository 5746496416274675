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
LONGEST_CLOSING: Final = 64
"""The same of a closing one."""


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
CLOSING: Final = re.compile(rf"{_closing(_WORDS)}|{_any(tuple(closing for _, closing in _PAIRS))}", re.IGNORECASE)
ANSWER: Final = re.compile(r"<\|(?:start_response|begin_of_solution)\|>", re.IGNORECASE)
"""What says that the answer begins, after thoughts."""
TAG: Final = re.compile(
    rf"(?P<lone>{_closing(_LONE_WORDS)}|{_any(tuple(closing for _, closing in _PAIRS))})"
    rf"|(?P<end><\|(?:end_response|end_of_solution)\|>)|{OPENING.pattern}",
    re.IGNORECASE,
)
"""Within an answer: a closing tag that may come alone, what says that the answer has ended, or an opening tag."""


def closing_of(opening: re.Match[str]) -> re.Pattern[str]:
    """Return what closes the block that an opening tag opens."""
    if opening["pair"] is not None:
        closing = dict(_PAIRS)[opening["pair"].lower()]
        return re.compile(re.escape(closing), re.IGNORECASE)
    word = opening["word"] or opening["token"]
    return re.compile(_closing((word,)), re.IGNORECASE)


_LITERALS: Final = (
    *(f"{sign}{word}" for word in _WORDS for sign in ("<", "</")),
    *(f"{sign}{word}|>" for word in _WORDS for sign in ("<|", "<|/")),
    *(tag for pair in _PAIRS for tag in pair),
    *("<|start_response|>", "<|begin_of_solution|>", "<|end_response|>", "<|end_of_solution|>"),
)
_BLANK: Final = re.compile(r"(</?)\s{1,4}")
_UNCLOSED: Final = re.compile(
    rf"<\s{{0,4}}(?:{_any(_WORDS)})(?:\s[^<>]{{0,80}}|\s{{0,4}}/)?\Z|</\s{{0,4}}(?:{_any(_WORDS)})\s{{0,4}}\Z",
    re.IGNORECASE,
)


def may_become_tag(text: str) -> bool:
    """Return whether text that begins like this may become a tag of any kind."""
    begun = _BLANK.sub(r"\1", text.lower(), count=1)
    return any(tag.startswith(begun) for tag in _LITERALS) or _UNCLOSED.match(text) is not None
