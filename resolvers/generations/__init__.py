"""Generations in the schema: the object, the events of its stream, the operations on it."""

from resolvers.generations.objects import Generation

__all__ = ["Generation"]
