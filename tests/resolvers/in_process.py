"""The schema in the test's own process, with its calls to DynamoDB counted."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from graph.schema import schema
from resolvers.context import Context
from services.bootstrap import Services, opened
from services.config import Config
from services.core.actor import Actor
from services.foundation.auth.tokens import Subject
from tests.wires import listening


@dataclass
class Counted:
    """Asks as one user. `calls` are the DynamoDB operations of the last question."""

    services: Services
    actor: Actor
    calls: list[str] = field(default_factory=list[str])

    async def ask(self, query: str, **variables: Any) -> Any:
        self.calls.clear()
        answer = await schema().execute(query, variables, Context(self.services, signed_in=self.actor))
        assert not answer.errors, answer.errors
        return answer.data


@asynccontextmanager
async def counted(config: Config, user_id: str) -> AsyncGenerator[Counted]:
    """Open a stage without workers, for one user."""
    async with opened(config, {}) as process:
        services = process.services
        asked = Counted(services, await services.users.actor(Subject(user_id)))
        with listening(services.projects.table.aws.tables, before=lambda operation, _: asked.calls.append(operation)):
            yield asked
