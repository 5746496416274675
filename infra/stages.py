"""What tells the stages apart: how much of everything there is, and how long it is kept."""

from collections.abc import Mapping
from typing import Final

from services.core.frozen import frozen


@frozen
class Stage:
    """One deployment of Snapinfra to an account; several may share one. Every resource's name ends in `-<name>`."""

    name: str
    is_kept: bool
    """Whether tables, bucket, queues and key outlive the stack and refuse to be deleted."""
    log_days: int
    """Days that logs are kept."""
    backup_days: int
    """Days that daily backups are kept; 0 for none beside point-in-time recovery."""
    copies_to: str = ""
    """The region that backups are copied to; empty for none."""
    zones: int = 2
    """Availability zones, each with a NAT gateway, a copy of the event log and tasks of its own."""
    api: tuple[int, int] = (1, 2)
    """Fewest and most tasks of the api."""
    worker: tuple[int, int] = (1, 4)
    """Fewest and most tasks of the worker."""
    cache: str = "cache.t4g.small"
    """Node type of the event log."""
    budget: int = 200
    """US dollars a month, at 80 and 100 % of which mail is sent."""


STAGES: Final[Mapping[str, Stage]] = {
    stage.name: stage
    for stage in (
        Stage("dev", is_kept=False, log_days=7, backup_days=0),
        Stage("staging", is_kept=True, log_days=30, backup_days=7),
        Stage(
            "production",
            is_kept=True,
            log_days=365,
            backup_days=35,
            copies_to="eu-west-1",
            zones=3,
            api=(3, 30),
            worker=(3, 60),
            cache="cache.r7g.large",
            budget=5000,
        ),
    )
}
