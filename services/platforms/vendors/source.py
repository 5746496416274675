"""The source as a platform takes it: the files of the archive, with those that the platform needs beside them."""

import gzip
import tarfile
from collections.abc import Mapping
from io import BytesIO


def tarball(files: Mapping[str, bytes]) -> bytes:
    """Pack files as tar.gz, the same bytes for the same files. Blocks."""
    packed = BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in sorted(files):
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(files[path]), 0o644
            archive.addfile(info, BytesIO(files[path]))
    return packed.getvalue()
