"""The form of credentials: what is said of them, and how they are written to be sealed."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from services.core.credentials import AwsKeys, AwsRole, StoredCredentials, Token
from services.core.errors import Fault
from services.core.text import bounded

_decoder: Final = msgspec.json.Decoder[StoredCredentials](StoredCredentials)
_PRINTABLE: Final = re.compile(r"[\x21-\x7e]{8,4096}", re.ASCII)
_ACCESS_KEY: Final = re.compile(r"[A-Z0-9]{16,128}", re.ASCII)
_ROLE: Final = re.compile(r"arn:aws[a-z-]{0,20}:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}", re.ASCII)
_SHOWN, _LONG = 4, 12

WORKSPACE_LENGTH: Final = 100


def hint_of(credentials: StoredCredentials) -> str:
    """Return the last four characters of a token or an access key id, or the name of a role, which is no secret.

    Nothing of a text so short that they would tell.
    """
    match credentials:
        case Token(token):
            text = token
        case AwsKeys(access_key_id):
            text = access_key_id
        case AwsRole(arn):
            return arn.rpartition("/")[2]
    return text[-_SHOWN:] if len(text) >= _LONG else ""


def credential_faults(credentials: StoredCredentials, *, field: Sequence[str]) -> list[Fault]:
    """Return what is wrong with the form of credentials, without repeating them."""
    match credentials:
        case Token(token, workspace):
            if workspace is None:
                return _faults(token, *field, "token")
            path = (*field, "workspaceToken")
            return [
                *_faults(token, *path, "token"),
                *bounded(workspace, field=[*path, "workspace"], most=WORKSPACE_LENGTH),
            ]
        case AwsKeys(access_key_id, secret, session):
            faults = _faults(secret, *field, "aws", "secretAccessKey")
            if not _ACCESS_KEY.fullmatch(access_key_id):
                path = (*field, "aws", "accessKeyId")
                faults.append(Fault("accessKeyId must have 16 or more capital letters and digits.", path))
            return faults + (_faults(session, *field, "aws", "sessionToken") if session is not None else [])
        case AwsRole(arn):
            if _ROLE.fullmatch(arn):
                return []
            example = "arn:aws:iam::123456789012:role/snapinfra"
            return [Fault(f"roleArn must be the ARN of a role, such as {example}.", (*field, "awsRole", "roleArn"))]


def _faults(text: str, *field: str) -> list[Fault]:
    if _PRINTABLE.fullmatch(text):
        return []
    return [Fault(f"{field[-1]} must have 8 to 4,096 characters of ASCII without spaces.", field)]


def written(credentials: StoredCredentials) -> bytes:
    """Write credentials to be sealed."""
    return msgspec.json.encode(credentials)


def read(plain: bytes) -> StoredCredentials:
    """Read credentials that were opened."""
    return _decoder.decode(plain)
