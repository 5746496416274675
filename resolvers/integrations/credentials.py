"""Credentials as they are given: in the form of their service."""

import strawberry

from services.core.errors import Invalid
from services.integrations import credentials


@strawberry.input
class AwsCredentialsInput:
    """An access key of AWS."""

    access_key_id: str
    """Such as `AKIAIOSFODNN7EXAMPLE`."""
    secret_access_key: str
    """The secret that belongs to it."""
    session_token: str | None = None
    """Of temporary credentials."""


@strawberry.input
class AwsRoleInput:
    """A role of AWS. Its trust policy must let Snapinfra assume it with the id of your team as the external id."""

    role_arn: str
    """Such as `arn:aws:iam::123456789012:role/snapinfra`."""


@strawberry.input
class WorkspaceTokenInput:
    """A token with the workspace in which it is to be used."""

    token: str
    """A token or API key that reaches the workspace."""
    workspace: str
    """The id of the workspace, or its name; at most 100 characters."""


@strawberry.input(one_of=True)
class CredentialsInput:
    """Credentials of a service, in its form."""

    token: str | None = strawberry.UNSET
    """A token or API key: every service but AWS."""
    workspace_token: WorkspaceTokenInput | None = strawberry.UNSET
    """The same for RENDER or RAILWAY where it reaches several workspaces."""
    aws: AwsCredentialsInput | None = strawberry.UNSET
    """An access key: AWS."""
    aws_role: AwsRoleInput | None = strawberry.UNSET
    """A role to assume: AWS, in place of an access key, for what is deployed to AWS_ECS."""

    def to_credentials(self) -> credentials.StoredCredentials:
        if isinstance(self.aws_role, AwsRoleInput):
            return credentials.AwsRole(self.aws_role.role_arn, "")
        if isinstance(self.aws, AwsCredentialsInput):
            return credentials.AwsKeys(self.aws.access_key_id, self.aws.secret_access_key, self.aws.session_token)
        if isinstance(self.workspace_token, WorkspaceTokenInput):
            return credentials.Token(self.workspace_token.token, self.workspace_token.workspace.strip())
        if isinstance(self.token, str):
            return credentials.Token(self.token)
        raise Invalid.one("credentials must be given.", "credentials")
