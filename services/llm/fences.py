"""The code fence that some models put around a whole file, though it is no part of the file.

In code, what begins or ends a fence is never content: it goes also where its other half is missing or has other marks,
and with it a remark before or behind the fence. In a text it may be content, and in Markdown most often is.
"""

import re
from functools import lru_cache
from itertools import islice
from pathlib import PurePosixPath
from typing import Final

_FENCE: Final = re.compile(r"(`{3,}|~{3,})[ \t]*([^`]*)")
_FENCE_LINE: Final = re.compile(r"^[^\S\n]*((?:`{3}|~{3})[^\n]*)$", re.MULTILINE)
_CLOSING: Final = re.compile(r"`{3,}|~{3,}")
_MARKDOWN: Final = frozenset({".md", ".mdx", ".markdown"})
_MARKDOWN_WORDS: Final = frozenset({"md", "mdx", "markdown"})
_TEXTS: Final = frozenset({"", ".txt", ".rst", ".adoc", *_MARKDOWN})
_CODE: Final = frozenset({"dockerfile", "makefile", "procfile"})
"""Files of code that have no extension."""
_MOST_FENCES: Final = 2_000
"""Within a page of Markdown; one with more keeps the fence around it."""
_REMARK: Final = re.compile(r"[A-Z][^\n;{}=<>`]{0,300}[.!:]")
_MAY_BEGIN: Final = re.compile(
    r"[A-Z][^\n;{}=<>`]{0,300}(?:[.!:]\s*\n\s*(?:`{1,2}|~{1,2}|(?:`{3}|~{3}).*)?)?", re.DOTALL
)
_MAY_END: Final = re.compile(r"(?<=\n)(?:`{1,2}|~{1,2}|(?:`{3,40}|~{3,40})\s{0,200})\Z")
_MARKS: Final = ("```", "~~~")
LONGEST_BEGUN: Final = 400
"""Characters that tell whether a file may stand in a fence."""


def may_stand_in_fence(path: str, begun: str) -> bool:
    """Return whether a file that begins with these characters may have a fence around it."""
    is_fence = begun.startswith(_MARKS) or any(mark.startswith(begun) for mark in _MARKS)
    return is_fence or (_is_code(path) and _MAY_BEGIN.fullmatch(begun) is not None)


def last_line_of_fence(path: str, text: str) -> int:
    """Return where a file's text ends but for what may become a fence's last line; `text` begins after a line's end."""
    if not _is_code(path):
        return len(text)
    tail = text[-250:]
    end = _MAY_END.search(tail)
    return len(text) if end is None else len(text) - len(tail) + end.start()


def unfenced(path: str, content: str) -> str:
    """Return a file's content without the fence around all of it; other content as it is.

    A page of Markdown may begin and end with fences of its own: there one goes only if it is marked as Markdown, and is
    still open when the last line closes it.
    """
    start, first, body = _first_line(content, 0)
    if _is_code(path) and _REMARK.fullmatch(first) is not None and " " in first:
        start, first, body = _first_line(content, body)
    opening = _FENCE.fullmatch(first)
    stop = len(content.rstrip())
    last = content.rfind("\n", 0, stop) + 1
    if opening is None or last <= start:
        return content
    if _is_code(path):
        return content[body : _end(content, body)]
    if not _closes(content[last:stop], opening[1]):
        return content
    if PurePosixPath(path).suffix.lower() in _MARKDOWN:
        word, *_ = opening[2].lower().split() or [""]
        if word not in _MARKDOWN_WORDS or not _is_open(content, body, last, opening[1]):
            return content
    return content[body:last]


@lru_cache(64)  # it is asked of one file for each piece of a stream
def _is_code(path: str) -> bool:
    file = PurePosixPath(path)
    return file.suffix.lower() not in _TEXTS or file.name.lower() in _CODE


def _first_line(content: str, position: int) -> tuple[int, str, int]:
    """Return where the first line with any text starts, that line, and where the next one starts."""
    text = _BLANK.match(content, position)
    start = position if text is None else text.end()
    newline = content.find("\n", start)
    stop = len(content) if newline < 0 else newline
    return start, content[start:stop].strip(), min(stop + 1, len(content))


_BLANK: Final = re.compile(r"\s*")


def _end(content: str, body: int) -> int:
    """Return where the content within a fence ends: before its last line, behind which only a remark may stand."""
    stop = len(content.rstrip())
    last = content.rfind("\n", body, stop) + 1 or body
    if _CLOSING.fullmatch(content[last:stop].strip()) is not None:
        return last
    before = len(content[:last].rstrip())
    closing = content.rfind("\n", body, before) + 1 or body
    is_closed = _CLOSING.fullmatch(content[closing:before].strip()) is not None
    return closing if is_closed and _REMARK.fullmatch(content[last:stop].strip()) is not None else len(content)


def _closes(line: str, fence: str) -> bool:
    """Return whether a line closes a fence: at least as many of the same marks, and nothing else (CommonMark, 4.5)."""
    marks = line.strip()
    return len(marks) >= len(fence) and set(marks) == {fence[0]}


def _is_open(content: str, start: int, stop: int, fence: str) -> bool:
    """Return whether a fence is open at the end of lines within it, whose own fences are opened with a word."""
    depth = 1
    for number, line in enumerate(islice(_FENCE_LINE.finditer(content, start, stop), _MOST_FENCES + 1)):
        inner = _FENCE.fullmatch(line[1].strip())
        if inner is not None and inner[1][0] == fence[0] and len(inner[1]) >= len(fence):
            depth += 1 if inner[2].strip() else -1
        if depth == 0 or number == _MOST_FENCES:
            return False
    return depth == 1
