"""The settings of processes of a stage: an api or a worker of its own, and provisioning.

They are read before what runs is loaded, which takes seconds: who has forgotten one is told at once.
"""

from collections.abc import Iterator, Mapping

from services.config import Config, process_environment, read


def own_process() -> Config:
    """Return the settings of an api or a worker of its own. Raises BadConfig with all that keeps it from starting."""
    environment = process_environment()
    faults: list[str] = []
    if environment.get("EVENTS_URL", "memory:").startswith("memory:"):
        faults.append(
            "EVENTS_URL: an api and a worker of their own need an event log that both share: redis://… or rediss://… "
            "(`snapinfra dev` runs both in one process and needs none)"
        )
    return read(environment, besides=[*faults, *_missing_credentials(environment)])


def provisioned() -> Config:
    """Return the settings of `snapinfra provision`. Raises BadConfig with all that keeps it from starting."""
    environment = process_environment()
    return read(environment, besides=[*_missing_credentials(environment)])


def _missing_credentials(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong where calls to AWS could not be signed."""
    import botocore.session  # noqa: PLC0415 - only processes that talk to AWS pay for it

    if not environment.get("AWS_ENDPOINT_URL") and botocore.session.get_session().get_credentials() is None:
        yield (
            "AWS credentials: none are found. Give the process a role, AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY; for an emulator, set AWS_ENDPOINT_URL"
        )
