"""The code fence that some models put around a whole file, though it is no part of the file."""

import re
from pathlib import PurePosixPath
from typing import Final

_FENCE: Final = re.compile(r"(`{3,}|~{3,})[ \t]*([^`]*)")
_MARKDOWN: Final = frozenset({".md", ".mdx", ".markdown"})
_MARKDOWN_WORDS: Final = frozenset({"md", "mdx", "markdown"})
_MARKS: Final = ("```", "~~~")


def may_become_fence(begun: str) -> bool:
    """Return whether text that begins with these characters, at most three, may begin with a fence."""
    return any(mark.startswith(begun) for mark in _MARKS)


def unfenced(path: str, content: str) -> str:
    """Return a file's content without the fence around all of it; other content as it is.

    A page of Markdown may begin and end with fences of its own: there one goes only if it is marked as Markdown, and is
    still open when the last line closes it.
    """
    lines = content.split("\n")
    filled = [number for number, line in enumerate(lines) if line.strip()]
    if len(filled) < 2:  # noqa: PLR2004 - a fence has two lines
        return content
    first, last = filled[0], filled[-1]
    opening = _FENCE.fullmatch(lines[first].strip())
    if opening is None or not _closes(lines[last], opening[1]):
        return content
    if PurePosixPath(path).suffix.lower() in _MARKDOWN:
        word, *_ = opening[2].lower().split() or [""]
        if word not in _MARKDOWN_WORDS or not _is_open(lines[first + 1 : last], opening[1]):
            return content
    return "".join(f"{line}\n" for line in lines[first + 1 : last])


def _closes(line: str, fence: str) -> bool:
    """Return whether a line closes a fence: at least as many of the same marks, and nothing else (CommonMark, 4.5)."""
    marks = line.strip()
    return len(marks) >= len(fence) and set(marks) == {fence[0]}


def _is_open(lines: list[str], fence: str) -> bool:
    """Return whether a fence is open at the end of lines within it, whose own fences are opened with a word."""
    depth = 1
    for line in lines:
        inner = _FENCE.fullmatch(line.strip())
        if inner is not None and inner[1][0] == fence[0] and len(inner[1]) >= len(fence):
            depth += 1 if inner[2].strip() else -1
        if depth == 0:
            return False
    return depth == 1
