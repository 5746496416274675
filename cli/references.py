"""This file is the generated references: each is made from the code and checked equal to it."""

import textwrap
from pathlib import Path
from typing import Any, Final, cast

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from graph.schema import sdl
from services.bootstrap import TABLES
from services.config import settings

ROOT: Final = Path(__file__).parent.parent


def refresh(*, check: bool) -> list[str]:
    """Write the references that differ from the code, or with `check` only name them."""
    stale: list[str] = []
    for name, text in (
        ("schema.graphql", sdl()),
        (".env.example", env_example()),
        ("docs/reference/settings.md", settings_page()),
        ("docs/reference/tables.md", tables_page()),
    ):
        path = ROOT / name
        if path.is_file() and path.read_text() == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return stale


def env_example() -> str:
    """Write every setting with its description and default, as a file to copy to .env."""
    parts = [
        "# Every setting of Snapinfra. Copy to .env and change what you need; what is commented out is the default.\n"
    ]
    for variable, field in settings():
        description = "\n".join(f"# {line}" for line in textwrap.wrap(field.description or "", 110))
        parts.append(f"{description}\n# {variable}={_default(field)}\n")
    return "\n".join(parts)


def settings_page() -> str:
    """Write the reference of the settings."""
    rows = "\n".join(
        f"| `{variable}` | {f'`{default}`' if (default := _default(field)) else ''} | {field.description} |"
        for variable, field in settings()
    )
    head = "# Settings\n\nGenerated from `services/config.py`.\n\n| variable | default | meaning |\n|---|---|---|"
    return f"{head}\n{rows}\n"


def tables_page() -> str:
    """Write the reference of the DynamoDB tables."""
    rows = "\n".join(_table_row(table) for table in TABLES)
    return (
        "# Tables\n\nGenerated from the declarations in `services`. All are billed per request; "
        "all indexes project every attribute.\n\n"
        f"| table | key | indexes (partition + sort) | also |\n|---|---|---|---|\n{rows}\n"
    )


def _table_row(table: Any) -> str:
    indexes = "; ".join(
        f"{index.name} {index.partition}{f'+{index.sort}' if index.sort else ''}" for index in table.indexes
    )
    also = ", ".join(filter(None, [f"TTL `{table.ttl}`" if table.ttl else "", "stream" if table.stream else ""]))
    return f"| snapinfra-{table.name} | {' + '.join(table.key)} | {indexes} | {also} |"


def _default(field: FieldInfo) -> str:
    default = field.default
    if default is None or default == () or isinstance(default, SecretStr):
        return ""
    if isinstance(default, tuple):
        return " ".join(cast("tuple[str, ...]", default))
    return "P7D" if hasattr(default, "days") else str(default)
