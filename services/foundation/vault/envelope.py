"""Envelope encryption: each secret under a data key of its own, which only the key vault can open.

AES-256-GCM with a random nonce of 96 bits (NIST SP 800-38D). The context is authenticated twice: by the vault with the
data key, and here with the secret.
"""

import os
from datetime import datetime

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.core.clock import Clock
from services.core.frozen import frozen
from services.foundation.vault.port import CanNotOpen, Context, KeyVault, written

_NONCE = 12


class Sealed(msgspec.Struct, frozen=True, rename="camel"):
    """An encrypted secret as it is stored."""

    key: bytes
    """The wrapped data key."""
    nonce: bytes
    ciphertext: bytes
    sealed_at: datetime


@frozen
class Envelopes:
    """Seals secrets and opens them."""

    vault: KeyVault
    now: Clock

    async def seal(self, secret: bytes, context: Context) -> Sealed:
        """Encrypt a secret under a fresh data key."""
        data_key, nonce = await self.vault.new_data_key(context), os.urandom(_NONCE)
        ciphertext = AESGCM(data_key.plain).encrypt(nonce, secret, written(context))
        return Sealed(data_key.wrapped, nonce, ciphertext, self.now())

    async def open(self, sealed: Sealed, context: Context) -> bytes:
        """Decrypt a secret. Raises CanNotOpen."""
        plain = await self.vault.open_data_key(sealed.key, context)
        try:
            return AESGCM(plain).decrypt(sealed.nonce, sealed.ciphertext, written(context))
        except InvalidTag:
            raise CanNotOpen from None
