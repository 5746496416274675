"""How an archive is read without trusting it."""

import errno
import stat
import struct
import zipfile
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Final, NoReturn

from services.llm.paths import Tree, path_fault
from services.platforms.port import DeployFailed

MAX_FILES: Final = 2_000
MAX_ARCHIVE: Final = 64 * 1024 * 1024
"""Bytes of the ZIP itself."""
MAX_UNPACKED: Final = 128 * 1024 * 1024
"""Bytes of all files together, counted as they are written, whatever the ZIP says."""

_CHUNK: Final = 65_536
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_NAMES: Final = frozenset({errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.EEXIST, errno.ENOTDIR, errno.EISDIR})
"""What a file system says of names that it does not take, by rules of its own: of their bytes, or their case."""


def unpack(archive: bytes, *, into: Path) -> None:
    """Write the files of a ZIP into a new folder. Blocks.

    Raises DeployFailed BAD_ARCHIVE for what is no ZIP, is larger than the limits, or has an entry that is not a plain
    file or folder inside `into`, or that would overwrite another. Nothing is written unless all names are fine.
    """
    with _opened(archive) as files:
        into.mkdir(parents=True)
        for path, chunks in files:
            target = into / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as unpacked:
                unpacked.writelines(chunks)


def contents(archive: bytes) -> dict[str, bytes]:
    """Return the files of a ZIP by their paths. Blocks. Raises DeployFailed as `unpack` does."""
    with _opened(archive) as files:
        return {path: b"".join(chunks) for path, chunks in files}


@contextmanager
def _opened(archive: bytes) -> Generator[Iterator[tuple[str, Iterator[bytes]]]]:
    if len(archive) > MAX_ARCHIVE:
        _refuse(f"it is larger than {MAX_ARCHIVE} bytes")
    try:
        with zipfile.ZipFile(BytesIO(archive)) as opened:
            entries = opened.infolist()
            _check(entries)
            yield _files(opened, (entry for entry in entries if not entry.is_dir()))
    # all that zipfile raises of bytes that contradict themselves
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError) as error:
        raise DeployFailed("BAD_ARCHIVE", "The archive is not a readable ZIP.") from error
    except OSError as error:
        if error.errno not in _NAMES:
            raise
        raise DeployFailed("BAD_ARCHIVE", "The archive has a path that this machine's file system refuses.") from error


def _check(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_FILES:
        _refuse(f"it has more than {MAX_FILES} entries")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        _refuse(f"it unpacks to more than {MAX_UNPACKED} bytes")
    tree = Tree()
    for entry in entries:
        _check_kind(entry)
        # orig_filename: `filename` ends at a NUL and has had separators replaced
        path = entry.orig_filename.removesuffix("/")
        if fault := path_fault(path):
            _refuse(f"the path {path[:200]!r} is not allowed ({fault.value})")
        if not entry.is_dir() and not tree.add(path):
            _refuse(f"the path {path!r} is there twice, or differs from another only in case")
    for entry in entries:
        if entry.is_dir() and not tree.add(f"{entry.orig_filename}."):  # after the files, which may come before theirs
            _refuse(f"the folder {entry.orig_filename!r} is there twice, or is a file as well")


def _check_kind(entry: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)  # 0 where the archiver recorded no Unix mode
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        _refuse(f"{entry.orig_filename!r} is a link or a special file")
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
        _refuse(f"{entry.orig_filename!r} is encrypted or packed by a method other than deflate")


def _files(opened: zipfile.ZipFile, files: Iterable[zipfile.ZipInfo]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield paths with their contents, each of which is read before the next; all together are bounded."""
    left = MAX_UNPACKED

    def chunks(entry: zipfile.ZipInfo) -> Iterator[bytes]:
        nonlocal left
        with opened.open(entry) as packed:
            while chunk := packed.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    _refuse(f"it unpacks to more than {MAX_UNPACKED} bytes")
                yield chunk

    for entry in files:
        yield entry.orig_filename, chunks(entry)


def _refuse(why: str) -> NoReturn:
    raise DeployFailed("BAD_ARCHIVE", f"The archive was refused: {why}.")
