"""The scaffold: a deterministic provider that derives schemas and writes backends without a model."""

from typing import Final

NAME: Final = "scaffold"
"""What it is called among the providers."""
