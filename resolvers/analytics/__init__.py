"""Analytics in the schema: sessions and totals, and the operations on them."""

from resolvers.analytics.objects import Session

__all__ = ["Session"]
