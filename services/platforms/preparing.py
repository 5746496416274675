"""What comes before the code: its tables, in the user's own account."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import field
from typing import Final, Protocol

from services.core.frozen import frozen
from services.platforms import migrating
from services.platforms.archive import contents
from services.platforms.backend import TEMPLATE, CreateTables
from services.platforms.port import AwsAccount, DeployFailed, Order

TABLES_VARIABLES: Final = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_ENDPOINT_URL",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "TABLE_PREFIX",
        migrating.SETTING,
    }
)
"""The names of all that a backend may need to find its tables, and to bring them to what it needs."""

_TEMPORARY: Final = (
    "The AWS integration gives keys that expire, after which a backend outside AWS would lose its tables:"
    " deploy it to AWS_ECS, or keep an access key that does not expire in an AWS integration of the project."
)


@frozen
class Prepared:
    environment: Mapping[str, str] = field(repr=False)
    """What the backend needs to find its tables, keys among it, and to migrate them as it starts."""


class Prepare(Protocol):
    async def __call__(self, order: Order, *, has_role: bool = False) -> Prepared:
        """Bring the tables to what the archive's template says. Raises DeployFailed.

        A backend that has a role of its own there gets no keys.
        """
        ...


@frozen
class PrepareTables:
    """Creates and updates the tables; none is ever dropped by it."""

    tables_of: Callable[[AwsAccount], AbstractAsyncContextManager[CreateTables]]

    async def __call__(self, order: Order, *, has_role: bool = False) -> Prepared:
        files = await asyncio.to_thread(contents, order.archive)
        template = files.get(TEMPLATE)
        if template is None:
            return Prepared({})
        if order.tables is None:
            message = "The backend has tables, and there is no enabled AWS integration for them: create one."
            raise DeployFailed("NO_AWS_ACCOUNT", message)
        if not has_role and order.tables.keys is not None and order.tables.keys.session_token is not None:
            raise DeployFailed("TEMPORARY_KEYS", _TEMPORARY)
        prefix = f"{order.site}-"
        text = template.decode("utf-8", "replace")
        stack = f"snapinfra-{order.site}".replace("_", "-")
        async with self.tables_of(order.tables) as create:
            await create(text, prefix=prefix, stack=stack)
        environment = order.tables.place if has_role else order.tables.environment
        return Prepared({**environment, "TABLE_PREFIX": prefix, **migrating.setting_of(files)})
