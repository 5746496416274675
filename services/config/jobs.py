"""The settings of workers."""

from pydantic import Field

from services.config.section import Section


class JobSettings(Section):
    """Jobs, and the checks of what they make."""

    job_lease: float = Field(
        60,
        alias="JOB_LEASE_SECONDS",
        ge=1,
        le=900,
        description="Seconds without a heartbeat after which a job is taken from its worker.",
    )
    job_poll: int | None = Field(
        None,
        alias="JOB_POLL_SECONDS",
        ge=1,
        le=20,
        description="Seconds of one long poll for jobs, which a worker that stops waits for; "
        "unset, 20, and 2 in development.",
    )
    drain_grace: float = Field(
        20, alias="DRAIN_GRACE_SECONDS", ge=0, description="Seconds that running jobs get to end when a worker stops."
    )
    generation_slots: int = Field(
        8, alias="WORKER_GENERATIONS", ge=1, le=100, description="Generations that a worker runs at once."
    )
    deployment_slots: int = Field(
        2, alias="WORKER_DEPLOYMENTS", ge=1, le=100, description="Deployments that a worker builds at once."
    )

    checks: bool = Field(
        default=True,
        alias="CODE_CHECKS",
        description="Check produced code: whether it parses and, where Node.js is, whether it compiles. "
        "The first check with some set of dependencies downloads them.",
    )
    check_seconds: float = Field(
        60, alias="CODE_CHECK_SECONDS", ge=1, description="Seconds after which one check has failed."
    )
