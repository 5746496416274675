"""Which files a change is about: those that a model is shown first where there is no room for all."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]+")
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_IMPORT: Final = re.compile(r"""(?:from|require\(|import\(?)\s*["'](\.[^"'\n]*)["']""")
_READ: Final = 20_000
"""Characters at the head of a file that are read for its words."""
_IN_PATH: Final = 3
"""How much a word in a file's path counts, beside one in its text."""
_SATURATION: Final = 1.2
_LENGTH: Final = 0.75
"""The constants k1 and b of BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009)."""
_NEIGHBOUR: Final = 0.5
"""What a file is worth that one of worth imports, or that imports it."""
_EVERYWHERE: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "can",
        "could",
        "do",
        "does",
        "each",
        "for",
        "from",
        "had",
        "has",
        "have",
        "how",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "may",
        "must",
        "no",
        "not",
        "of",
        "on",
        "only",
        "or",
        "shall",
        "should",
        "so",
        "some",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "who",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)
"""Words that say nothing of what a change is about."""
_GENERATED: Final = frozenset({"package-lock.json", "yarn.lock", "pnpm-lock.yaml"})
"""What nobody writes by hand."""


def by_relevance(files: Mapping[str, str], *, about: str, wanted: Collection[str] = ()) -> list[str]:
    """Return the paths of files (contents by path), the most useful for a change first.

    First those that are wanted, then those that `about` names by their paths, then by the words that they share with
    `about` and with the wanted paths (BM25, of texts and of paths), and by what they import. Of two that are worth the
    same, the shorter.
    """
    asked = {*_words(" ".join((about, *wanted)))} - _EVERYWHERE
    in_texts = _scores({path: Counter(_words(text[:_READ])) for path, text in files.items()}, asked)
    in_paths = _scores({path: Counter(_words(path)) for path in files}, asked)
    near = _with_neighbours({path: in_texts[path] + _IN_PATH * in_paths[path] for path in files}, files)

    def worth(path: str) -> tuple[bool, bool, bool, float, int]:
        is_generated = path.rpartition("/")[2] in _GENERATED
        return path not in wanted, path not in about, is_generated, -near[path], len(files[path])

    return sorted(files, key=worth)


def _scores(counts: Mapping[str, Counter[str]], asked: Iterable[str]) -> dict[str, float]:
    """Return BM25's score of each file."""
    lengths = {path: counter.total() for path, counter in counts.items()}
    usual = max(sum(lengths.values()) / max(len(lengths), 1), 1)
    scores = dict.fromkeys(counts, 0.0)
    for word in asked:
        having = [path for path, counter in counts.items() if word in counter]
        rarity = math.log(1 + (len(counts) - len(having) + 0.5) / (len(having) + 0.5))
        for path in having:
            count = counts[path][word]
            damping = _SATURATION * (1 - _LENGTH + _LENGTH * lengths[path] / usual)
            scores[path] += rarity * count * (_SATURATION + 1) / (count + damping)
    return scores


def _with_neighbours(scores: Mapping[str, float], files: Mapping[str, str]) -> dict[str, float]:
    """Return scores in which a file is worth half of the best that it imports, or that imports it, at least."""
    stems = {path.rpartition(".")[0]: path for path in files}
    near = dict(scores)
    for path, text in files.items():
        for name in _IMPORT.findall(text[:_READ]):
            other = stems.get(_resolved(path, name))
            if other is not None:
                near[other] = max(near[other], _NEIGHBOUR * scores[path])
                near[path] = max(near[path], _NEIGHBOUR * scores[other])
    return near


def _resolved(path: str, name: str) -> str:
    """Return the path without its ending of what a file imports by a relative name."""
    parts = path.split("/")[:-1]
    for part in name.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return re.sub(r"\.(?:[cm]?[jt]sx?|json)$", "", "/".join(parts))


def _words(text: str) -> list[str]:
    """Return the words of a text, humps apart, in lower case and as near to the singular as an ending tells."""
    return [_singular(word.casefold()) for found in _WORD.findall(text) for word in _HUMP.split(found)]


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):  # noqa: PLR2004 - "ties" is short enough to be a word of its own
        return f"{word[:-3]}y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word  # noqa: PLR2004 - "bus"
