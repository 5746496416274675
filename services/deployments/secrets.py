"""The secrets of a backend that is deployed without them: those of its place, made once, or asked for."""

import os
from typing import Final

from services.core.errors import Fault, Invalid, Unavailable
from services.core.frozen import frozen
from services.deployments.model import Deployment
from services.deployments.service import Deployments
from services.foundation.vault.envelope import Envelopes
from services.foundation.vault.port import CanNotOpen, Context
from services.generations.model import Generation
from services.generations.service import Generations
from services.platforms import signing
from services.projects.model import Project
from services.projects.service import Projects

_BYTES: Final = 32
_TOKENS_OF_OTHERS: Final = (
    "This backend takes tokens that others issue: set JWT_SECRET, at least 32 characters by which they are signed,"
    " or JWKS_URL, where their issuer's keys are."
)


@frozen(kw_only=True)
class Secrets:
    """A backend's `.env.example` says which it wants. Where it names JWKS_URL, its tokens are issued elsewhere."""

    deployments: Deployments
    generations: Generations
    projects: Projects
    envelopes: Envelopes

    async def completed(
        self,
        variables: dict[str, str],
        generation: Generation,
        *,
        project: Project,
        site: str,
        last_live: Deployment | None,
    ) -> dict[str, str]:
        """Return variables with the secrets that a backend wants and has none of.

        They are those of the last deployment that was live at the site; what that did without, it has from elsewhere.
        Others are made, the same ones each time. Raises Invalid where they are not ours to make.
        """
        settings = await self._settings(generation)
        lacking = settings & signing.lacking(variables)
        if not lacking:
            return variables
        had = (await self.deployments.chosen(last_live)).environment_variables if last_live else {}
        kept = {name: had[name] for name in lacking if name in had}
        lacking -= kept.keys() | (signing.lacking(had) if last_live else frozenset())
        if signing.JWT_SECRET in lacking and signing.JWKS_URL in settings:
            raise Invalid([Fault(_TOKENS_OF_OTHERS, ("config", "environmentVariables"))])
        made = signing.secrets_from(await self._root(project), site=site) if lacking else {}
        return {**variables, **kept, **{name: made[name] for name in sorted(lacking)}}

    async def _settings(self, generation: Generation) -> frozenset[str]:
        """Return the names of the settings that a backend says it has."""
        if all(file.path != signing.EXAMPLE for file in generation.files):
            return frozenset()
        artifact = await self.generations.artifact(generation)
        files = artifact.files if artifact else ()
        return signing.settings_in("".join(file.content for file in files if file.path == signing.EXAMPLE))

    async def _root(self, project: Project) -> bytes:
        """Return what the secrets of a project's sites follow from, made at its first use. Raises Unavailable."""
        secret = project.secret
        if secret is None:
            fresh = await self.envelopes.seal(os.urandom(_BYTES), _context(project))
            secret = await self.projects.keep_secret(project.id, fresh)
        try:
            return await self.envelopes.open(secret, _context(project))
        except CanNotOpen:
            message = "The secrets of this project's deployments can not be decrypted any more: set your own."
            raise Unavailable(message) from None


def _context(project: Project) -> Context:
    """Return what the secret belongs to; not the team, for a project may move to another."""
    return {"projectId": project.id}
