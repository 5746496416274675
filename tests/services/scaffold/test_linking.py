"""The tests of how tables belong together, by what a description says and by what is known of such rows."""

import pytest

from services.designs.validation import validate
from services.scaffold.schema import derive_schema
from tests.services.scaffold.rights.in_words import rights


def links(description: str) -> set[str]:
    """Return the references as `parent > child`."""
    schema = derive_schema(description)
    assert validate(schema) == []
    made = {table.name for table in schema.tables}
    return {
        f"{link.from_table} > {link.to_table}"
        for link in schema.relationships
        if link.field is not None and {link.from_table, link.to_table} <= made
    }


@pytest.mark.parametrize(
    ("description", "of_one", "through"),
    [
        ("Customers place orders with products", "orders > products", "products > order_items"),
        ("Orders contain products. Products have a name and a price", "orders > products", "products > order_items"),
        ("orders have dishes", "orders > dishes", "dishes > order_dishes"),
        ("Users put products in carts. A cart contains products", "carts > products", "products > cart_items"),
        ("Posts have tags", "posts > tags", "tags > post_tags"),
        ("Customers order cakes. Orders contain cakes", "orders > cakes", "cakes > order_cakes"),
    ],
)
def test_what_is_there_for_all_is_not_of_one(description: str, of_one: str, through: str) -> None:
    found = links(description)

    assert of_one not in found
    assert through in found


@pytest.mark.parametrize(
    ("description", "whole"),
    [
        ("Recipes have ingredients with an amount and a unit", "recipes > ingredients"),
        ("Invoices have payments", "invoices > payments"),
        ("Teams have players", "teams > players"),
        ("A loan is repaid in instalments", "loans > instalments"),
        ("Every application goes through interviews", "applications > interviews"),
        ("Each task is assigned to developers", "developers > tasks"),
    ],
)
def test_what_goes_with_one_is_of_it(description: str, whole: str) -> None:
    assert whole in links(description)


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Patients book appointments with doctors", {"patients > appointments", "doctors > appointments"}),
        ("Students schedule lessons with tutors", {"students > lessons", "tutors > lessons"}),
        ("Drivers reserve inspections with mechanics", {"drivers > inspections", "mechanics > inspections"}),
    ],
)
def test_what_people_book_with_others_is_of_both(description: str, expected: set[str]) -> None:
    assert links(description) == expected


@pytest.mark.parametrize(
    "description",
    [
        "Patients book appointments. An appointment has doctors",
        "Order lines, each with a product. Orders and products",
        "Cities have mayors and a mayor has a city",
    ],
)
def test_no_two_tables_refer_to_each_other(description: str) -> None:
    found = links(description)

    assert not {" > ".join(reversed(link.split(" > "))) for link in found} & found


@pytest.mark.parametrize(
    ("description", "ends"),
    [
        ("Concerts have a title. Visitors sign up, bookmark concerts and write reviews", ("visitorId", "concertId")),
        ("Users bookmark recipes. Recipes have a title", ("userId", "recipeId")),
        ("Readers join, star articles and write comments", ("readerId", "articleId")),
    ],
)
def test_what_people_keep_of_others_things_is_of_both_and_once(description: str, ends: tuple[str, str]) -> None:
    schema = derive_schema(description)
    kept = next(table for table in schema.tables if table.name in {"bookmarks", "favorites"})

    assert validate(schema) == []
    assert ends in {index.fields for index in kept.indexes if index.unique}
    assert not any(table.name.startswith(("bookmark_", "star_")) for table in schema.tables)


def test_who_may_change_both_ends_may_link_them() -> None:
    schema = derive_schema("Buyers order products. Sellers list many products, and products have many sellers")
    links = next(table for table in schema.tables if table.name == "seller_products")

    assert rights(schema)[links.name].startswith("OWNER, ROLE(admin) / ")
