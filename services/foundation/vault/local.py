"""The key vault of development: keys in a file that only its owner may read.

The file has one key (64 hexadecimal digits) a line. The first wraps; all open, so that a new first line rotates.
"""

import asyncio
import hashlib
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.core.frozen import frozen
from services.foundation.vault.port import CanNotOpen, Context, DataKey, written

_KEY, _NONCE, _NAME = 32, 12, 8


@frozen
class LocalVault:
    """Keeps its keys in `file`, which the first use makes."""

    file: Path

    async def new_data_key(self, context: Context) -> DataKey:
        """Make a data key and wrap it with the first key of the file."""
        keys = await asyncio.to_thread(self._keys)
        plain, nonce = os.urandom(_KEY), os.urandom(_NONCE)
        wrapped = AESGCM(keys[0]).encrypt(nonce, plain, written(context))
        return DataKey(plain, _name(keys[0]) + nonce + wrapped)

    async def open_data_key(self, wrapped: bytes, context: Context) -> bytes:
        """Open a data key with the key of the file that wrapped it. Raises CanNotOpen."""
        name, nonce, ciphertext = wrapped[:_NAME], wrapped[_NAME : _NAME + _NONCE], wrapped[_NAME + _NONCE :]
        for key in await asyncio.to_thread(self._keys):
            if _name(key) == name:
                with suppress(InvalidTag, ValueError):
                    return AESGCM(key).decrypt(nonce, ciphertext, written(context))
        raise CanNotOpen

    def _keys(self) -> Sequence[bytes]:
        if not self.file.is_file():
            self._make()
        return [bytes.fromhex(line) for line in self.file.read_text().split()]

    def _make(self) -> None:
        """Make the file whole or not at all; of two processes one is first."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        draft = self.file.with_name(f"{self.file.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600, exist_ok=False)
        draft.write_text(f"{secrets.token_hex(_KEY)}\n")
        with suppress(FileExistsError):
            os.link(draft, self.file)
        draft.unlink()


def _name(key: bytes) -> bytes:
    return hashlib.sha256(b"name of " + key).digest()[:_NAME]
