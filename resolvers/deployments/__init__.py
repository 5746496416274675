"""Deployments in the schema: the object, the events of its stream, the operations on it."""

from resolvers.deployments.objects import Deployment

__all__ = ["Deployment"]
