"""Operations ask for what docs/reference/calls.md says, and for no more."""

import json
from pathlib import Path

from tests.costs.page import DATA, PAGE, page
from tests.costs.stage import counted


async def test_operations_ask_for_what_the_page_says(emulator: str, tmp_path: Path) -> None:
    rows = await counted(emulator, tmp_path)

    assert rows == json.loads(DATA.read_text()), "what operations ask for has changed: look at it, then `make calls`"
    assert page(rows) == PAGE.read_text()
