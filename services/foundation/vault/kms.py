"""The key vault of production: AWS KMS, with the secret's context as the encryption context."""

from typing import Final

from botocore.exceptions import ClientError

from services.core.frozen import frozen
from services.foundation.aws.clients import Aws
from services.foundation.vault.port import CanNotOpen, Context, DataKey

_UNREADABLE: Final = {"InvalidCiphertextException", "IncorrectKeyException"}


@frozen
class KmsVault:
    """Wraps with the KMS key `key`: an id, an ARN or an alias. KMS keeps and rotates its key material."""

    aws: Aws
    key: str

    async def new_data_key(self, context: Context) -> DataKey:
        """Have KMS make and wrap a data key."""
        data_key = await self.aws.run(
            self.aws.kms.generate_data_key, KeyId=self.key, KeySpec="AES_256", EncryptionContext=dict(context)
        )
        return DataKey(data_key["Plaintext"], data_key["CiphertextBlob"])

    async def open_data_key(self, wrapped: bytes, context: Context) -> bytes:
        """Have KMS open a data key; which of its keys wrapped it is in what it wrapped. Raises CanNotOpen."""
        try:
            opened = await self.aws.run(self.aws.kms.decrypt, CiphertextBlob=wrapped, EncryptionContext=dict(context))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _UNREADABLE:
                raise CanNotOpen from None
            raise
        return opened["Plaintext"]
