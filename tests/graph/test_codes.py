"""The promise that every code of an error has its line in the catalogue."""

import re
from itertools import chain
from pathlib import Path

import graph
from graph.codes import MEANINGS, RequestCode
from resolvers.errors import ErrorCode

WRITTEN = re.compile(r"""code["']?\s*[:=]\s*["']([A-Z_]+)["']""")


def test_every_code_has_its_meaning() -> None:
    assert set(MEANINGS) == {*chain(ErrorCode, RequestCode)}


def test_no_code_is_written_where_the_catalogue_does_not_see_it() -> None:
    (folder,) = graph.__path__

    found = {path.name: WRITTEN.findall(path.read_text()) for path in Path(folder).glob("*.py")}

    assert {name: codes for name, codes in found.items() if codes} == {}
