"""The promise that the list of guards is true to the code; `make guards` proves each of them."""

import re

from tests.guards import GUARDS, ROOT, page


def test_every_guard_is_in_the_code_once_and_its_test_exists() -> None:
    for guard in GUARDS:
        assert (ROOT / guard.file).read_text().count(guard.there) == 1, guard.name
        path, _, name = guard.test.partition("::")
        assert re.search(rf"def {name}\(", (ROOT / path).read_text()), guard.name


def test_the_page_of_guards_equals_the_list() -> None:
    assert (ROOT / "docs" / "guards.md").read_text() == page()
