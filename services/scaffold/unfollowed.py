"""What was asked for and is not done."""

from services.core.frozen import frozen
from services.designs.architecture import NodeKind


@frozen
class Unfollowed:
    text: str
    """In the words of whoever asked."""
    reason: str
    part: NodeKind | None = None
    """The kind of node that does it, where an architecture has one."""
