"""Credentials: what lets us act at another service for a team. They never show in a repr."""

from collections.abc import Iterator

import msgspec


class Token(msgspec.Struct, frozen=True, rename="camel", tag="token"):
    """A token or key, sent as it is."""

    token: str
    workspace: str | None = None
    """Where it is used, by its id or its name, at services where a token reaches several; None leaves it to them."""

    def __repr__(self) -> str:
        return "Token(…)"


class AwsKeys(msgspec.Struct, frozen=True, rename="camel", tag="aws"):
    """An access key of AWS, with which requests are signed."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None

    def __repr__(self) -> str:
        return "AwsKeys(…)"


Credentials = Token | AwsKeys
"""What requests are made with."""


class AwsRole(msgspec.Struct, frozen=True, rename="camel", tag="awsRole"):
    """A role of AWS that we may assume, and the external id by which its account knows for whom we do.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
    """

    arn: str
    external_id: str


StoredCredentials = Credentials | AwsRole
"""What is kept: a role gives credentials for a while."""


def secrets_of(credentials: Credentials) -> Iterator[str]:
    """Yield the texts that nobody else may see."""
    match credentials:
        case Token(token):
            yield token
        case AwsKeys(_, secret, session):
            yield secret
            if session is not None:
                yield session
