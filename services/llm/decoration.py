"""What models write around the path of a file, which is no part of it: the same for a manifest's line and a marker."""

import re
from typing import Final

from services.llm.tags import CLOSING, OPENING

_GLYPHS: Final = "\u2022\u2023\u00b7\u25aa\u25e6\u25cf\u25cb\u25a0\u25a1\u25b6\u25ba\u2192"
_TREE: Final = "|>\u2500\u2501\u2502\u2503\u250c\u2514\u2517\u251c\u2523\u252c\u256d\u2570"
_QUOTES: Final = "`*\"'\u201c\u201d\u2018\u2019"
_BEFORE: Final = re.compile(
    rf"(?:[\s{_QUOTES}{_GLYPHS}{_TREE}]|[-\u2013\u2014](?=[^\s-])|[-+\u2013\u2014][ \t]+|#{{1,6}}[ \t]+|\./"
    r"|\(\d{1,3}\)[ \t]+|(?:\d{1,3}|[a-z])[.)][ \t]+|\[[ x]?\][ \t]+|(?:file|filename|file name|path)[ \t]*:[ \t]*)+",
    re.IGNORECASE,
)
"""Bullets, numbers, check boxes, branches of a tree, quotes, `./` and `File:`."""
_AFTER: Final = f" \t\r\n{_QUOTES},:;|"
_EXTENSION: Final = r"\.(?![0-9]+\b)[A-Za-z0-9]{1,12}"
_LINK: Final = re.compile(r"\[([^\[\]]+)\]\([^()]*\)(?=[\s:|,]|\Z)")
_WRAPPED: Final = re.compile(rf"[\[(<{{]([^\[\](){{}}<>]+{_EXTENSION})[\])>}}]|_{{1,2}}(.+{_EXTENSION})_{{1,2}}")
_REMARK: Final = re.compile(
    rf"(.*?(?:{_EXTENSION}|(?:^|/)(?:Dockerfile|Makefile|Procfile|LICENSE|README))[{_QUOTES}\])>_]*)"
    r"(?:[ \t]*\||:[ \t]|[ \t]{2,}|\t|[ \t](?:[(\[{<#=:\u2013\u2014\u2190\u2192-]|//)).*"
)
"""A whole file name and what is said of it: in brackets, behind a dash, a colon, a comment's sign or a wide gap."""
_NO_PATH: Final = re.compile(r"(?:[\s=*_~#|+\u2013\u2014\u2026`-]|[\u2500-\u257f])*")
"""A rule, a fence, or the border of a table."""
_FENCES: Final = ("```", "~~~")
_HEADING: Final = re.compile(r"#{1,6}[ \t]")
_WITH_EXTENSION: Final = re.compile(rf"{_EXTENSION}\Z")


def plain_path(written: str) -> str:
    """Return a path without what only decorates it: what stands before and around it, and what is said of it."""
    path, before = written.strip(), ""
    while path != before:
        before = path
        path = path[lead.end() :] if (lead := _BEFORE.match(path)) and lead.end() < len(path) else path
        path = link[1] if (link := _LINK.match(path)) else path
        path = remark[1] if (remark := _REMARK.fullmatch(path)) else path
        path = path.rstrip(_AFTER)
        path = wrapped[1] or wrapped[2] if (wrapped := _WRAPPED.fullmatch(path)) else path
    return path


def may_name_no_file(line: str) -> bool:
    """Return whether a line of a manifest reads like something else than a path.

    That is a rule, a fence, the tag of a thought, a heading, or a sentence: several words without an extension.
    """
    text, path = line.strip(), plain_path(line)
    is_tag = OPENING.fullmatch(text) is not None or CLOSING.fullmatch(text) is not None
    if is_tag or text.startswith(_FENCES) or _NO_PATH.fullmatch(text) is not None:
        return True
    is_title = " " in path or text.endswith(":") or _HEADING.match(text) is not None
    return is_title and _WITH_EXTENSION.search(path) is None
