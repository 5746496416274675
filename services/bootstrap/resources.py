"""What a stage has on AWS: its tables, queues, bucket, topic and key, and what they are called."""

from typing import Any

from services.bootstrap.parts import TABLES
from services.config import Config
from services.foundation.aws.provision import QueueSpec, Resources
from services.foundation.aws.spec import TableSpec


def resources(config: Config) -> Resources:
    """Return what provisioning makes for a stage. Visibility timeouts and retention are seed 002's."""
    return Resources(
        tables=[(table_name(config, spec), spec) for spec in TABLES],
        queues=[
            QueueSpec(config.name_of(config.generation_queue), visibility=15 * 60),
            QueueSpec(config.name_of(config.deployment_queue), visibility=30 * 60),
            QueueSpec(config.name_of(config.notification_queue), visibility=60),
        ],
        bucket=config.name_of(config.bucket),
        topic=config.name_of(config.topic),
        key_alias=key_alias(config),
        mail_from=config.mail_from,
    )


def key_alias(config: Config) -> str | None:
    """Return the alias of the KMS key for secrets; None where a file of this machine's has the keys."""
    if config.key_alias is None and config.development:
        return None
    return config.name_of(config.key_alias or "alias/snapinfra-secrets")


def table_name(config: Config, spec: TableSpec[Any]) -> str:
    """Return a table's full name in this stage."""
    return config.name_of(f"snapinfra-{spec.name}")
