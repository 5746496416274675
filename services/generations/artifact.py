"""The artifact of a generation: the text and files it ended with, as S3 keeps them."""

import asyncio
import io
import zipfile
from collections.abc import Sequence
from typing import Final

import msgspec

from services.foundation.aws.bucket import Bucket
from services.generations.model import GeneratedFile, Generation

ARCHIVE: Final = "archive.zip"
DOWNLOAD_SECONDS: Final = 3600
"""How long a download URL is good."""
_CONTENT: Final = "artifact.json"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an archive (ZIP's earliest), so that the same files give the same bytes."""


class FileContent(msgspec.Struct, frozen=True):
    path: str
    sha256: str
    content: str

    @property
    def listing(self) -> GeneratedFile:
        return GeneratedFile(self.path, len(self.content.encode()), self.sha256)


class Artifact(msgspec.Struct, frozen=True):
    """`text` is all text since the last reset; `files` are the complete files in the order they came."""

    text: str
    files: tuple[FileContent, ...] = ()


def folder(generation: Generation) -> str:
    """Return where all attempts of a generation store what they made."""
    return folder_of(generation.id)


def folder_of(generation_id: str) -> str:
    return f"generations/{generation_id}/"


def prefix(generation: Generation) -> str:
    """Return where an attempt stores its artifact: a zombie's is never looked at."""
    return f"{folder(generation)}attempt-{generation.attempt}"


def download_url(bucket: Bucket, generation: Generation) -> str | None:
    """Make a URL that anybody may download the archive with for an hour; None where there is no archive."""
    if generation.artifact is None or not generation.files:
        return None
    key = f"{generation.artifact}/{ARCHIVE}"
    return bucket.presign(key, seconds=DOWNLOAD_SECONDS, filename=f"{generation.id}.zip")


async def store(bucket: Bucket, where: str, artifact: Artifact) -> None:
    """Store the artifact, and an archive of its files where it has any."""
    if artifact.files:
        packed = await asyncio.to_thread(archive, artifact.files)
        await bucket.put(f"{where}/{ARCHIVE}", packed, media_type="application/zip")
    await bucket.put(f"{where}/{_CONTENT}", msgspec.json.encode(artifact), media_type="application/json")


async def load(bucket: Bucket, generation: Generation) -> Artifact | None:
    """Return what a generation ended with; None where it ended with nothing."""
    if generation.artifact is None:
        return None
    content = await bucket.get(f"{generation.artifact}/{_CONTENT}")
    return None if content is None else msgspec.json.decode(content, type=Artifact)


def archive(files: Sequence[FileContent]) -> bytes:
    """Pack files as a ZIP."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for file in files:
            info = zipfile.ZipInfo(file.path, date_time=_EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            target.writestr(info, file.content)
    return packed.getvalue()
