"""What the names of a backend's buckets begin with: as those of its tables, in what S3 accepts."""

import hashlib
import re
from typing import Final

LONGEST_PREFIX: Final = 36
LONGEST_NAME: Final = 14
"""Of a bucket's own name: with the longest prefix, and the number of the account behind a hyphen, 63 characters."""


def bucket_prefix(table_prefix: str) -> str:
    """Return the prefix of buckets beside tables with this prefix, as `src/parts/buckets.ts` makes it."""
    fitting = re.sub(r"[^a-z0-9-]+", "-", table_prefix.lower()).lstrip("-")
    if len(fitting) <= LONGEST_PREFIX:
        return fitting
    return f"{fitting[:27]}{hashlib.sha256(table_prefix.encode()).hexdigest()[:8]}-"
