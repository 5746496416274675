"""docs/scale.md is what its figures make of it."""

from bench.scale.page import PAGE, written


def test_the_page_of_scale_follows_from_the_costs_and_calls() -> None:
    assert PAGE.read_text() == written(), "write it anew: `python -m bench.scale.run --page`"
