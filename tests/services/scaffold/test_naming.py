"""The tests of what tables are called, and of what they are like."""

import pytest

from services.scaffold.naming import concept_of, is_implying, meant_by, table_name
from services.scaffold.vocabulary import vocabulary


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("bike", "bikes"),
        ("coffee shop", "coffee_shops"),
        ("coffee shops", "coffee_shops"),
        ("person", "people"),
        ("staff", "staff"),
        ("to do", "to_dos"),
        ("copies of books", "book_copies"),
        ("work of art", "art_works"),
    ],
)
def test_a_table_is_called_in_the_plural_of_its_last_word(words: str, name: str) -> None:
    assert table_name(words.split()) == name


@pytest.mark.parametrize(
    ("table", "concept"),
    [
        ("bikes", "vehicles"),
        ("mountain_bikes", "vehicles"),
        ("mountainBikes", "vehicles"),
        ("old_court_dates", "hearings"),
        ("blog_posts", "posts"),
        ("wizards", "wizards"),
        ("blogs", "blogs"),
    ],
)
def test_a_table_is_like_what_the_longest_known_ending_of_its_name_means(table: str, concept: str) -> None:
    assert concept_of(table) == concept


@pytest.mark.parametrize("name", vocabulary().entities)
def test_an_entity_is_like_itself(name: str) -> None:
    assert concept_of(name) == name
    assert vocabulary().entities[name].concept == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("items", ("items",)),
        ("goods", ("goods",)),
        ("products", ("items", "goods")),
        ("bikes", ("mountain_bikes",)),
        ("cars", ("mountain_bikes",)),
        ("castles", ()),
    ],
)
def test_a_name_is_about_the_tables_called_so_or_else_about_those_alike(name: str, expected: tuple[str, ...]) -> None:
    concepts = {"items": "products", "goods": "products", "mountain_bikes": "vehicles"}

    assert meant_by(name, concepts) == expected


def test_a_word_for_what_is_done_names_no_rows() -> None:
    assert is_implying(["lending"], vocabulary())
    assert not is_implying(["lendings"], vocabulary())
    assert not is_implying(["loan"], vocabulary())
