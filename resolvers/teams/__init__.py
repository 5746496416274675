"""Teams in the schema: the object, its members and invitations, the operations on them."""

from resolvers.teams.objects import Team

__all__ = ["Team"]
