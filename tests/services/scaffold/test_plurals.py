"""The tests of singular and plural."""

import pytest

from services.scaffold.plurals import is_plural, plural, singular


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("user", "users"),
        ("person", "people"),
        ("category", "categories"),
        ("address", "addresses"),
        ("status", "statuses"),
        ("box", "boxes"),
        ("analysis", "analyses"),
        ("house", "houses"),
        ("course", "courses"),
        ("menu", "menus"),
        ("video", "videos"),
        ("size", "sizes"),
        ("quiz", "quizzes"),
        ("branch", "branches"),
        ("database", "databases"),
        ("leaf", "leaves"),
        ("day", "days"),
        ("series", "series"),
        ("order_item", "order_items"),
        ("menu_category", "menu_categories"),
    ],
)
def test_a_noun_changes_between_singular_and_plural(one: str, many: str) -> None:
    assert plural(one) == many
    assert singular(many) == one
    assert singular(one) == one


def test_a_plural_is_recognised() -> None:
    assert is_plural("people")
    assert not is_plural("status")
    assert not is_plural("news")
