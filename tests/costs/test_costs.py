"""Operations ask for what docs/reference/calls.md says, and for no more."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tests.costs.page import DATA, PAGE, page
from tests.costs.stage import counted

SLACK: Final = 0.1
"""Units and events grow with what is generated, which changes with the templates; calls don't."""


async def test_operations_ask_for_what_the_page_says(emulator: str, tmp_path: Path) -> None:
    rows = await counted(emulator, tmp_path)

    noted = json.loads(DATA.read_text())
    assert {name: asked_of(row) for name, row in rows.items()} == {
        name: asked_of(row) for name, row in noted.items()
    }, "what operations ask for has changed: look at it, then `make calls`"
    for name, row in rows.items():
        assert sizes_of(row) == pytest.approx(sizes_of(noted[name]), rel=SLACK), name


def test_the_page_is_written_from_what_was_counted() -> None:
    assert page(json.loads(DATA.read_text())) == PAGE.read_text()


def asked_of(row: Mapping[str, Any]) -> Any:
    """Return how often an operation asked AWS for what, and what it asked Redis for."""
    return row["calls"], sorted(row["redis"])


def sizes_of(row: Mapping[str, Any]) -> Mapping[str, float]:
    """Return what an operation read, wrote and had others read."""
    units = {name: row[name] for name in ("readUnits", "writeUnits", "openUnits")}
    return {**units, **row["redis"]}
