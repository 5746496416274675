"""Workspaces: what a token reaches at platforms where people share accounts, and which one is meant."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from services.core.credentials import Credentials, Token
from services.platforms.port import DeployFailed


class Workspace(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


W = TypeVar("W", bound=Workspace)


def meant(workspaces: Sequence[W], credentials: Credentials | None, *, at: str) -> Sequence[W]:
    """Return the workspace that credentials name, by its id or its name; all that they reach where they name none.

    Raises DeployFailed where they do not reach it, or reach none.
    """
    wanted = credentials.workspace if isinstance(credentials, Token) else None
    if not workspaces:
        raise DeployFailed("NOT_PERMITTED", f"The token reaches no workspace at {at}: create one of a workspace.")
    if wanted is None:
        return workspaces
    named = [each for each in workspaces if wanted in {each.id, each.name}]
    if len(named) != 1:
        how_many = "several workspaces" if named else "no workspace"
        message = f"The token reaches {how_many} called '{wanted}' at {at}, of {listed(workspaces)}."
        raise DeployFailed("WORKSPACE_UNKNOWN", message)
    return named


def listed(workspaces: Sequence[Workspace]) -> str:
    """Name workspaces with their ids."""
    return ", ".join(f"{each.name} ({each.id})" for each in workspaces)
