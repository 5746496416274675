"""Backends that bring their database to what they need as they start, and say when they are ready."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from services.platforms.archive import contents

READY: Final = "/ready"
"""Answers 200 once the database is as the backend needs it, and 503 before."""

SETTING: Final = "MIGRATE_ON_START"
_EXAMPLE: Final = ".env.example"


def setting_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the setting by which a backend migrates as it starts; none where its `.env.example` does not name it."""
    return {SETTING: "true"} if SETTING.encode() in files.get(_EXAMPLE, b"") else {}


def setting_of_folder(backend: Path) -> dict[str, str]:
    """Return the same of a backend that is unpacked."""
    example = backend / _EXAMPLE
    return setting_of({_EXAMPLE: example.read_bytes()} if example.is_file() else {})


def migrates(archive: bytes) -> bool:
    """Return whether the backend of an archive migrates as it starts. Blocks. Raises DeployFailed BAD_ARCHIVE."""
    return bool(setting_of(contents(archive)))
