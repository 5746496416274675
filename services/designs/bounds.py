"""How much a schema may hold."""

from typing import Final

MAX_TABLES: Final = 50
MAX_FIELDS: Final = 100
"""In a table."""
MAX_INDEXES: Final = 20
"""In a table."""
MAX_RELATIONSHIPS: Final = 200
MAX_GRANTS: Final = 10
"""Of an action."""
MAX_ROLES: Final = 20
"""Of a grant."""
MAX_VALUES: Final = 100
"""That a field may have."""
MAX_FORMER_NAMES: Final = 10
"""Of a field."""
MAX_LEVELS: Final = 24
"""Values within values of a default. DynamoDB has 32 levels, of which a schema around them takes five."""
MAX_BYTES: Final = 100_000
"""Of the schema's JSON."""
MAX_STRING: Final = 255
"""Characters of a STRING."""
MAX_TEXT: Final = 100_000
"""Characters that the rules of a TEXT may ask for or allow."""
MAX_SCALE: Final = 12
"""Digits after the point of a DECIMAL."""
MAX_PATTERN: Final = 200
"""Characters of a pattern."""
MAX_PATTERNS: Final = 30
"""Of a schema, each different; following one through all texts takes up to ten milliseconds."""
