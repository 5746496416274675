"""Integrations in the schema: the object, the operations on it. Credentials go in and never come out."""

from resolvers.integrations.objects import Integration

__all__ = ["Integration"]
