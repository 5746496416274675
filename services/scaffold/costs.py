"""What writing to a backend's tables costs, computed from their plan."""

from collections.abc import Sequence

from services.scaffold.plan import TablePlan

DOLLARS_A_MILLION = 0.625
"""Of write request units, on demand, in us-east-1 (aws.amazon.com/dynamodb/pricing/on-demand)."""

_TRANSACTIONAL = 2
"""Units of a write in a transaction (docs.aws.amazon.com, "DynamoDB transactions: how it works")."""


def units_to_create(table: TablePlan) -> int:
    """Return the write units of a new record of up to 1 KB that has a value in every field.

    Written in one transaction: the record, the claim of each unique value, and for each reference its item and the
    check of what it leads to. DynamoDB then writes the record into every index.
    """
    steps = 1 + len(table.unique) + 2 * len(table.references)
    return _TRANSACTIONAL * steps + _indexes(table)


def units_to_change(table: TablePlan) -> int:
    """Return the write units of a change that leaves unique values and references alone.

    Each index has the whole record, with its version, and so is written, too.
    """
    return _TRANSACTIONAL + _indexes(table)


def cost_rows(tables: Sequence[TablePlan]) -> str:
    """Write the rows of a table in Markdown: units, and dollars for a thousand new records."""
    return "\n".join(
        f"| {table.name} | {units_to_create(table)} | {_dollars(units_to_create(table))} | {units_to_change(table)} "
        f"| {_dollars(units_to_change(table))} |"
        for table in tables
    )


def _indexes(table: TablePlan) -> int:
    return 1 + len(table.indexed) + len(table.pairs)


def _dollars(units: int) -> str:
    return f"${units * 1_000 * DOLLARS_A_MILLION / 1_000_000:.4f}"
