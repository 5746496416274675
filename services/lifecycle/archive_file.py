"""The file of a team's archive: gzip of JSON lines, a head, items and objects, and an end with the digest of the rest.

The digest tells a file that is not as it was written. It is no signature: whose the items are is for who reads them.
"""

import gzip
import hashlib
import re
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from services.core.errors import Invalid

FORM: Final = "snapinfra-team/1"
LONGEST_ITEM: Final = 3 * 1_048_576
"""Bytes of a line: DynamoDB takes items of 400 kB, which are several times as long in this form."""

LONGEST_OBJECT: Final = 64 * 1_048_576
"""Bytes of an object's line, in base64."""

_MEDIA_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+(; *charset=[\w-]+)?", re.ASCII)
_OBJECT: Final = b'{"is":"object",'


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="is", tag="head"):
    form: str
    team: str


class ItemLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="is", tag="item"):
    table: str
    item: dict[str, dict[str, Any]]


class ObjectLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="is", tag="object"):
    key: str
    media_type: str
    content: bytes


class End(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="is", tag="end"):
    digest: str


Line = Head | ItemLine | ObjectLine | End


class Writer:
    """Writes an archive. Use as a block; what is left early has no end, and is refused."""

    def __init__(self, file: Path) -> None:
        self._packed = gzip.open(file, "wb")  # noqa: SIM115 - closed at the end of the block
        self._digest = hashlib.sha256()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._packed.close()

    def write(self, line: Line) -> None:
        written = msgspec.json.encode(line) + b"\n"
        self._digest.update(written)
        self._packed.write(written)

    def end(self) -> None:
        self.write(End(self._digest.hexdigest()))


def lines(file: Path) -> Iterator[Line]:
    """Yield the lines of an archive, bounded. Raises Invalid where it is none, or not whole."""
    digest, last = hashlib.sha256(), None
    try:
        for number, text in enumerate(_texts(file)):
            line = msgspec.json.decode(text, type=Line)
            if isinstance(last, End) or isinstance(line, Head) != (number == 0):
                raise _refusal("This is no archive of a team.")
            if isinstance(line, Head) and line.form != FORM:
                raise _refusal(f"This is no archive of the form {FORM}.")
            if isinstance(line, ObjectLine) and not _MEDIA_TYPE.fullmatch(line.media_type):
                raise _refusal("The archive has an object of no media type.")
            if isinstance(line, End) and line.digest != digest.hexdigest():
                raise _refusal("The archive is not as it was written.")
            digest.update(text)
            last = line
            yield line
    except EOFError:
        raise _refusal("The archive is cut off.") from None
    except (OSError, zlib.error, ValueError, RecursionError):  # of files, gzip, UTF-8 and JSON
        raise _refusal("This is no archive of a team.") from None
    if last is None:
        raise _refusal("This is no archive of a team.")
    if not isinstance(last, End):
        raise _refusal("The archive is cut off.")


def _texts(file: Path) -> Generator[bytes]:
    with gzip.open(file, "rb") as packed:
        while text := packed.readline(LONGEST_OBJECT):
            if len(text) > LONGEST_ITEM and not (text.startswith(_OBJECT) and text.endswith(b"\n")):
                raise _refusal("The archive has a line that is too long.")
            yield text


def _refusal(message: str) -> Invalid:
    return Invalid.one(message, "file")
