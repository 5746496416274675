"""How the output of a program becomes log lines: cut into lines, cleaned, and given a level."""

import codecs
import re
from typing import Final

from services.platforms.port import LogLevel, LogStream

MAX_LINE_BYTES: Final = 8_192
CUT: Final = "…"
"""Stands where the rest of a text was left out, so that half of what must not be shown is known for that."""

# ECMA-48: control sequences, operating system commands (such as links and titles), then single escapes; in 7 or 8 bits.
_ESCAPES: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]"
)
# Besides controls: what has no width. Joiners stay within the writings, and emoji, that they belong to.
_CONTROLS: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
    r"|(?<=[ -~])[\u200c\u200d]+|[\u200c\u200d]+(?=[ -~])"
)
_ERROR: Final = re.compile(
    r"^\W*(?:npm error|npm err!|fatal|\w*error|\w*exception|uncaught \w+)\b(?! ?[/\w]*\.\w)"
    r"|\berror(?: TS\d+)?:|[\[(](?:error|fatal)[\])]"
    r'|\blevel["\']?[=:]\s*["\']?(?:error|fatal)\b',
    re.IGNORECASE,
)
_WARNING: Final = re.compile(
    r"^\W*(?:npm warn|warn|\w*warning)\b|\bwarning:|[\[(]warn(?:ing)?[\])]"
    r'|\blevel["\']?[=:]\s*["\']?warn(?:ing)?\b|^\(node:\d+\) ',
    re.IGNORECASE,
)


class LineSplitter:
    """Cuts bytes that arrive in any portions into lines of text, ended by LF or CRLF.

    Invalid UTF-8 becomes U+FFFD, escape sequences and control characters (but not tabs) are taken out. Of a line longer
    than MAX_LINE_BYTES the rest is left out and counted in a note at its end; no more than that is ever held.
    """

    def __init__(self) -> None:
        self._kept = bytearray()
        self._left_out = 0

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that these bytes complete."""
        *completed, begun = data.split(b"\n")
        lines: list[str] = []
        for piece in completed:
            self._keep(piece)
            lines.append(self._take())
        self._keep(begun)
        return lines

    def end(self) -> list[str]:
        """Return the last line where the output does not end with a line end."""
        return [self._take()] if self._kept else []

    def _keep(self, piece: bytes) -> None:
        room = MAX_LINE_BYTES - len(self._kept)
        self._kept += piece[:room]
        self._left_out += len(piece) - len(piece[:room])

    def _take(self) -> str:
        left_out, self._left_out = self._left_out, 0
        # A cut may fall inside a character: an incremental decoder does not report that one as invalid.
        text = codecs.getincrementaldecoder("utf-8")("replace").decode(bytes(self._kept), final=not left_out)
        self._kept.clear()
        note = f" {CUT} [{left_out} bytes left out]" if left_out else ""
        return cleaned(text) + note


def cleaned(text: str) -> str:
    """Return a text without escape sequences, control characters, and characters that nobody sees."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many characters, which says by CUT that it was longer."""
    return text if len(text) <= most else text[: most - len(CUT)] + CUT


def level_of(message: str, *, stream: LogStream, from_stderr: bool) -> LogLevel:
    """Guess a level from what a line says, else from where it was written.

    Build tools write notices to stderr, so only a server's stderr counts as an error by itself.
    """
    if _ERROR.search(message):
        return LogLevel.ERROR
    if _WARNING.search(message):
        return LogLevel.WARN
    return LogLevel.ERROR if from_stderr and stream is LogStream.RUNTIME else LogLevel.INFO
