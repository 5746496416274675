"""The port of key vaults: what keeps the keys that encrypt data keys.

Adapters: `kms.py` (AWS KMS) and `local.py` (a file, in development).
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Protocol

import msgspec

from services.core.frozen import frozen

Context = Mapping[str, str]
"""What a secret belongs to, such as its team. Not secret itself; opening needs the very same."""


def written(context: Context) -> bytes:
    """Write a context in the one form that ciphertexts are bound to."""
    return msgspec.json.encode(dict(sorted(context.items())))


class CanNotOpen(Exception):
    """What is sealed was changed, belongs to another context, or its key is gone."""


@frozen
class DataKey:
    """A fresh key of 256 bits for one secret."""

    plain: bytes = field(repr=False)
    wrapped: bytes
    """The same, encrypted; only the vault can open it, and only for the same context."""


class KeyVault(Protocol):
    """Makes data keys and opens them again. The keys that wrap them never leave it."""

    async def new_data_key(self, context: Context) -> DataKey:
        """Make a data key for a context."""
        ...

    async def open_data_key(self, wrapped: bytes, context: Context) -> bytes:
        """Return the plain data key. Raises CanNotOpen."""
        ...
