"""The deploy targets in the schema: part of both deployments and settings."""

import strawberry

from services.platforms.port import DeploymentPlatform

__all__ = ["DeploymentPlatform"]

strawberry.enum(DeploymentPlatform)
