"""Counts, and writes docs/reference/calls.md and calls.json: `python -m tests.costs.run`."""

import asyncio
import tempfile
from pathlib import Path

from tests.costs.page import DATA, PAGE, data, page
from tests.costs.stage import counted
from tests.emulating import emulated


def main() -> None:
    with emulated() as emulator, tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(counted(emulator, Path(folder)))
    DATA.write_text(data(rows))
    PAGE.write_text(page(rows))


if __name__ == "__main__":
    main()
