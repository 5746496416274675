"""What git calls a content, and how it writes a path."""

import hashlib
from typing import Final

_PRINTABLE: Final = range(0x20, 0x7F)
"""Bytes that are plain ASCII."""


def blob_sha(content: bytes) -> str:
    """Return the name of a blob (git-scm.com/book, Git Internals, Git Objects)."""
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


def quoted(path: str) -> str:
    """Write a path as git does (`core.quotePath`): in quotes, and as octal bytes, where it is not plain ASCII."""
    if path.isascii() and path.isprintable() and not {'"', "\\"} & {*path}:
        return path
    return f'"{"".join(_escaped(byte) for byte in path.encode())}"'


def _escaped(byte: int) -> str:
    if byte in b'"\\':
        return f"\\{chr(byte)}"
    return chr(byte) if byte in _PRINTABLE else f"\\{byte:03o}"
