"""What a vendor's own client has shown of our fake of that vendor."""

from services.core.frozen import frozen


@frozen
class Proof:
    by: str
    """The client, with its version: `heroku 11.10.0 (npm)`."""
    what: str
    """A sentence."""
