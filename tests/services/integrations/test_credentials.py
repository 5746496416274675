"""How a team's work gets at its credentials."""

import uuid

import pytest
from msgspec.structs import replace

from services.bootstrap import Services
from services.config import Config
from services.core.actor import Actor
from services.core.credentials import AwsKeys, Credentials, Token
from services.core.errors import Unavailable
from services.core.ids import ProjectId
from services.foundation.auth.tokens import Subject
from services.integrations.model import Integration, IntegrationType
from services.integrations.service import Integrations, NewIntegration
from services.projects.service import NewProject
from tests.snapinfra import provisioned

VERCEL = IntegrationType.VERCEL


@pytest.fixture(scope="module")
def config(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Secrets in KMS, as in production."""
    alias = f"alias/{uuid.uuid4().hex}"
    return provisioned(emulator, SNAPINFRA_DATA=str(tmp_path_factory.mktemp("data")), KMS_KEY_ALIAS=alias)


@pytest.fixture
async def by(services: Services) -> Actor:
    return await services.users.actor(Subject(f"user_{uuid.uuid4().hex}"))


async def add(
    services: Services, by: Actor, credentials: Credentials, project_id: ProjectId | None = None
) -> Integration:
    kind = IntegrationType.AWS if isinstance(credentials, AwsKeys) else VERCEL
    return await services.integrations.create(NewIntegration(kind, credentials, project_id=project_id), by=by)


async def found(integrations: Integrations, by: Actor, project_id: ProjectId | None = None) -> Credentials | None:
    opened = await integrations.credentials(by.personal_team_id, VERCEL, project_id=project_id)
    return opened.credentials if opened else None


async def test_work_gets_the_credentials_as_they_were_entered(services: Services, by: Actor) -> None:
    keys = AwsKeys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG", "session-token")
    await add(services, by, keys)

    opened = await services.integrations.credentials(by.personal_team_id, IntegrationType.AWS)

    assert opened is not None
    assert opened.credentials == keys
    assert "wJalrXUtnFEMI" not in repr(opened)


async def test_a_projects_own_credentials_come_before_the_teams(services: Services, by: Actor) -> None:
    project = await services.projects.create(NewProject("Shop"), by=by)
    assert await found(services.integrations, by) is None
    await add(services, by, Token("the-projects-own"), project.id)
    assert await found(services.integrations, by) is None, "a project's credentials are not for others"
    await add(services, by, Token("the-teams-first"))
    newest = await add(services, by, Token("the-teams-second"))

    assert await found(services.integrations, by) == Token("the-teams-second")
    assert await found(services.integrations, by, project.id) == Token("the-projects-own")
    await services.integrations.table.update(newest.id, lambda old: replace(old, enabled=0))
    assert await found(services.integrations, by) == Token("the-teams-first")


async def test_credentials_are_sealed_where_they_are_stored(services: Services, by: Actor) -> None:
    made = await add(services, by, Token("tok_0123456789abcdef"))

    stored = services.integrations.table
    item = stored.aws.dynamodb.query(
        TableName=stored.name,
        KeyConditionExpression="id = :id",
        ExpressionAttributeValues={":id": {"S": made.id}},
    )["Items"][0]

    assert "tok_0123456789" not in repr(item)
    assert item["hint"] == {"S": "cdef"}


async def test_what_is_copied_to_another_team_does_not_open(services: Services, by: Actor) -> None:
    other = await services.users.actor(Subject(f"user_{uuid.uuid4().hex}"))
    made, theirs = await add(services, by, Token("tok_0123456789")), await add(services, other, Token("tok_abcdefghij"))
    await services.integrations.table.update(theirs.id, lambda old: replace(old, sealed=made.sealed))

    with pytest.raises(Unavailable, match="can not be decrypted"):
        await services.integrations.credentials(other.personal_team_id, VERCEL)
    tested = await services.integrations.test(theirs.id, by=other)

    assert tested.tested is not None
    assert tested.tested.message == "These credentials can not be decrypted any more; enter them again."
