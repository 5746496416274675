"""The generated references: each is made from the code and checked equal to it."""

import json
import textwrap
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, cast

from annotated_types import Ge, Gt, Le, Lt
from graphql import build_schema, is_abstract_type
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from graph.codes import MEANINGS
from graph.schema import sdl
from services.bootstrap import TABLES
from services.config import settings
from services.core import instruments
from services.foundation.aws.permissions import PERMISSIONS, Process, policy
from services.foundation.aws.spec import Fate, GoesWith, Stays

_BOUNDS: Final = {Ge: "At least", Gt: "More than", Le: "At most", Lt: "Less than"}

_CLIENT: Final = """
## The terminal's own

Read by the commands that ask a server, not by the server.

| variable | default | meaning |
|---|---|---|
| `SNAPINFRA_TOKEN` | | The token of `new`, `resume` and `logs`. Unset, one of the data folder's own. |
"""

ROOT: Final = Path(__file__).parent.parent


def refresh(*, check: bool) -> list[str]:
    """Write the references that differ from the code, or with `check` only name them."""
    stale: list[str] = []
    for name, text in _references():
        path = ROOT / name
        if path.is_file() and path.read_text() == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return stale


def _references() -> tuple[tuple[str, str], ...]:
    """Write the references, each with the name of its file."""
    return (
        ("schema.graphql", sdl()),
        (".env.example", env_example()),
        ("docs/reference/errors.md", errors_page()),
        ("docs/reference/metrics.md", metrics_page()),
        ("docs/reference/permissions.md", permissions_page()),
        ("docs/reference/possible-types.json", possible_types()),
        ("docs/reference/settings.md", settings_page()),
        ("docs/reference/tables.md", tables_page()),
    )


def possible_types() -> str:
    """Write which types each interface and union has, as Apollo's cache takes them."""
    types = build_schema(sdl())
    members = {
        name: sorted(member.name for member in types.get_possible_types(kind))
        for name, kind in sorted(types.type_map.items())
        if is_abstract_type(kind)
    }
    return json.dumps(members, indent=2) + "\n"


def errors_page() -> str:
    """Write the catalogue of the codes of errors."""
    rows = "\n".join(
        f"| `{code.value}` | {meaning.when} | {meaning.what_to_do} | {meaning.retry} |"
        for code, meaning in MEANINGS.items()
    )
    return (
        "# Errors\n\nGenerated from `graph/codes.py`. Every error has its code in `extensions.code`; the user errors\n"
        "of a mutation have theirs in `code`. What sockets are closed with: [streams](../streams.md#ends-and-errors).\n"
        "How a job ends is not an error: its status and reason say it.\n\n"
        f"| code | when | what to do | the same request again |\n|---|---|---|---|\n{rows}\n"
    )


def permissions_page() -> str:
    """Write what each process's role must allow, as a table and as policies."""
    rows = "\n".join(
        f"| {process.value} | {resource.value} | {', '.join(f'`{action}`' for action in sorted(actions))} |"
        for process in Process
        for resource, actions in PERMISSIONS[process].items()
    )
    policies = "\n".join(
        f"\n## {process.value}\n\n```json\n{json.dumps(policy(process), indent=2)}\n```\n" for process in Process
    )
    return (
        "# Permissions\n\nGenerated from `services/foundation/aws/permissions.py`, which a test compares with the "
        "calls that each process\nreally makes. Fill in `{region}`, `{account}`, `{S3_BUCKET_NAME}` and "
        "`{KMS_KEY_ALIAS}` (with `-<stage>` behind them where\nSNAPINFRA_STAGE is set; the alias is "
        "`alias/snapinfra-secrets` unless set), and "
        "the names of queues and topics that\nyou have chosen. What is on the sender of mail is needed where MAIL_FROM "
        "is set.\n\n"
        f"| process | on | actions |\n|---|---|---|\n{rows}\n{policies}"
    )


def env_example() -> str:
    """Write every setting with its description and default, as a file to copy to .env."""
    parts = [
        "# Every setting of Snapinfra. Copy to .env and change what you need; what is commented out is the default.\n"
    ]
    for variable, field in settings():
        description = "\n".join(f"# {line}" for line in textwrap.wrap(_meaning(field), 110))
        parts.append(f"{description}\n# {variable}={_default(field)}\n")
    return "\n".join(parts)


def metrics_page() -> str:
    """Write the reference of the metrics."""
    rows = "\n".join(
        f"| `{each.name}` | `{each.prometheus}` | {each.kind.value} | {each.unit} | {each.description} |"
        for each in instruments.ALL
    )
    head = "# Metrics\n\nGenerated from `services/core/instruments.py`. [How to have them](../operations/observing.md)."
    return f"{head}\n\n| name | in Prometheus | kind | unit | what |\n|---|---|---|---|---|\n{rows}\n"


def settings_page() -> str:
    """Write the reference of the settings."""
    rows = "\n".join(
        f"| `{variable}` | {f'`{default}`' if (default := _default(field)) else ''} | {_meaning(field)} |"
        for variable, field in settings()
    )
    head = "# Settings\n\nGenerated from `services/config/`.\n\n| variable | default | meaning |\n|---|---|---|"
    return f"{head}\n{rows}\n{_CLIENT}"


def _meaning(field: FieldInfo) -> str:
    """Return a setting's description, with the range of a number."""
    bounds = {type(bound).__name__: bound for bound in field.metadata}
    least = bounds.get("Ge") or bounds.get("Gt")
    most = bounds.get("Le") or bounds.get("Lt")
    if not (isinstance(least, Ge | Gt) or isinstance(most, Le | Lt)):
        return field.description or ""
    if isinstance(least, Ge) and isinstance(most, Le):
        return f"{field.description} From {_value(least)} to {_value(most)}."
    return " ".join(
        [field.description or "", *(f"{_BOUNDS[type(bound)]} {_value(bound)}." for bound in (least, most) if bound)]
    )


def _value(bound: Any) -> str:
    value = next(getattr(bound, name) for name in ("ge", "gt", "le", "lt") if hasattr(bound, name))
    return "0" if value == timedelta(0) else str(value)


def tables_page() -> str:
    """Write the reference of the DynamoDB tables."""
    rows = "\n".join(_table_row(table) for table in TABLES)
    return (
        "# Tables\n\nGenerated from the declarations in `services`. All are billed per request; "
        "all indexes project every attribute.\n\n"
        f"| table | key | indexes (partition + sort) | also | items go |\n|---|---|---|---|---|\n{rows}\n"
    )


def _table_row(table: Any) -> str:
    indexes = "; ".join(
        f"{index.name} {index.partition}{f'+{index.sort}' if index.sort else ''}" for index in table.indexes
    )
    also = ", ".join(filter(None, [f"TTL `{table.ttl}`" if table.ttl else "", "stream" if table.stream else ""]))
    fates = "; ".join(map(_fate, table.fate))
    return f"| snapinfra-{table.name} | {' + '.join(table.key)} | {indexes} | {also} | {fates} |"


def _fate(fate: Fate) -> str:
    match fate:
        case Stays(reason):
            return f"never: {reason}"
        case GoesWith(owner, _, within):
            return f"with the {owner.value.lower()}{f', by {within}' if within else ''}"
        case _:
            return "when they expire"


def _default(field: FieldInfo) -> str:
    default = field.default
    if default is None or default == () or isinstance(default, SecretStr):
        return ""
    if isinstance(default, tuple):
        return " ".join(cast("tuple[str, ...]", default))
    return "P7D" if hasattr(default, "days") else str(default)
