"""The tests of who may do what in the schemas that the scaffold derives."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from services.designs.schema import (
    Accounts,
    Field,
    FieldAccess,
    FieldFormat,
    FieldType,
    Policy,
    RelationshipType,
    SchemaModel,
    Secrecy,
    Teams,
)
from services.designs.validation import validate
from services.scaffold.requests import not_followed
from services.scaffold.rights.statements import read_rules
from services.scaffold.schema import derive_schema
from tests.services.scaffold.rights.in_words import in_words, rights, said


def policies(schema: SchemaModel) -> Mapping[str, Policy]:
    return {table.name: table.policy or Policy() for table in schema.tables}


def field(schema: SchemaModel, table: str, name: str) -> Field:
    fields = next(one.fields for one in schema.tables if one.name == table)
    return next(one for one in fields if one.name == name)


def test_users_and_teams_with_roles_have_accounts_and_memberships() -> None:
    schema = derive_schema("Build a user management API with teams and roles")

    assert schema.accounts == Accounts(table="users", login="email", password="password", role="role", sign_up=True)
    assert schema.teams == Teams(
        table="teams", memberships="memberships", user="userId", team="teamId", role="access", owner_role="owner"
    )
    assert schema.default_policy is None
    assert rights(schema) == {
        "users": "ROLE(admin) / OWNER, ROLE(admin) / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        "teams": "SIGNED_IN / TEAM, ROLE(admin) / TEAM(owner admin), ROLE(admin) / TEAM(owner), ROLE(admin)",
        "roles": "ROLE(admin) / SIGNED_IN / ROLE(admin) / ROLE(admin)",
        "memberships": "TEAM(owner admin), ROLE(admin) / TEAM, ROLE(admin)"
        " / TEAM(owner admin), ROLE(admin) / OWNER, TEAM(owner admin), ROLE(admin)",
    }
    assert policies(schema)["users"].owner == "id"
    assert policies(schema)["teams"].team == "id"
    assert policies(schema)["memberships"].team == "teamId"


def test_a_password_is_hashed_and_a_role_is_not_the_users_own_to_set() -> None:
    schema = derive_schema("users")

    assert field(schema, "users", "password").secrecy is Secrecy.HASHED
    assert field(schema, "users", "role").access is FieldAccess.MANAGED
    assert field(schema, "users", "active").access is FieldAccess.MANAGED
    email = field(schema, "users", "email").rules
    assert email is not None
    assert (email.format, email.case_insensitive) == (FieldFormat.EMAIL, True)


def test_drafts_are_their_authors_and_what_is_published_is_everybodys() -> None:
    schema = derive_schema("A blog with posts, comments and tags")

    assert rights(schema) | {"users": ""} == {
        "users": "",
        "posts": "SIGNED_IN / PUBLIC when status is published, OWNER, ROLE(admin)"
        " / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        "comments": "SIGNED_IN / PUBLIC when approved is True, OWNER, ROLE(admin)"
        " / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        "tags": "SIGNED_IN / PUBLIC / ROLE(admin) / ROLE(admin)",
        "post_tags": "OWNER, ROLE(admin) / PUBLIC / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
    }
    assert policies(schema)["posts"].owner == "userId"
    assert field(schema, "posts", "userId").access is FieldAccess.READ_ONLY
    links = policies(schema)["post_tags"]
    assert (links.owner, links.inherited_from) == ("userId", "postId")
    assert field(schema, "post_tags", "userId").access is FieldAccess.READ_ONLY
    assert field(schema, "post_tags", "postId").access is FieldAccess.IMMUTABLE
    assert [
        (link.from_table, link.to_table, link.through)
        for link in schema.relationships
        if link.type is RelationshipType.MANY_TO_MANY
    ] == [("posts", "tags", "post_tags")]


def test_customers_of_a_store_read_their_own_orders_and_do_not_price_them() -> None:
    schema = derive_schema("A shop: customers, products, categories, orders, payments, reviews and addresses")

    assert schema.accounts is not None
    assert schema.accounts.table == "customers"
    assert rights(schema) | {"customers": ""} == {
        "customers": "",
        "products": "ROLE(admin) / PUBLIC when active is True, ROLE(admin) / ROLE(admin) / ROLE(admin)",
        "categories": "ROLE(admin) / PUBLIC / ROLE(admin) / ROLE(admin)",
        "orders": "SIGNED_IN, ROLE(admin) / OWNER, ROLE(admin) / ROLE(admin) / ROLE(admin)",
        "order_items": "OWNER, ROLE(admin) / OWNER, ROLE(admin) / ROLE(admin) / ROLE(admin)",
        "payments": "SIGNED_IN, ROLE(admin) / OWNER, ROLE(admin) / ROLE(admin) / ROLE(admin)",
        "reviews": "SIGNED_IN / PUBLIC / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        "addresses": "SIGNED_IN / OWNER, ROLE(admin) / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
    }
    managed = {
        f"{table.name}.{one.name}"
        for table in schema.tables
        for one in table.fields
        if one.access is FieldAccess.MANAGED
    }
    assert managed >= {"orders.status", "orders.total", "order_items.unitPrice", "payments.amount", "payments.paidAt"}


def test_what_belongs_to_a_team_is_for_its_members_and_so_are_its_parts() -> None:
    schema = derive_schema("A project management tool with users, teams, projects and tasks")

    assert rights(schema)["projects"] == "TEAM / TEAM / TEAM / TEAM(owner admin)"
    assert rights(schema)["tasks"] == "TEAM / TEAM / TEAM / TEAM(owner admin)"
    tasks = policies(schema)["tasks"]
    assert (tasks.owner, tasks.team, tasks.inherited_from) == (None, "teamId", "projectId")
    assert field(schema, "tasks", "teamId").access is FieldAccess.READ_ONLY
    assert not field(schema, "tasks", "projectId").nullable


def test_messages_are_for_those_who_take_part_in_their_conversation() -> None:
    schema = derive_schema("A chat app")

    assert schema.teams is not None
    assert (schema.teams.table, schema.teams.memberships) == ("conversations", "participants")
    assert rights(schema)["messages"] == "TEAM / TEAM / OWNER / OWNER, TEAM(owner admin)"


def test_notes_are_their_owners_alone_and_go_with_them() -> None:
    schema = derive_schema("A note taking app")

    assert rights(schema)["notes"] == "SIGNED_IN / OWNER / OWNER / OWNER"
    assert not field(schema, "notes", "userId").nullable


def test_two_kinds_of_people_who_do_something_are_users_with_profiles() -> None:
    schema = derive_schema("Marketplace where sellers list products and buyers place orders")

    assert schema.accounts is not None
    assert schema.accounts.table == "users"
    assert {link.to_table for link in schema.relationships if link.type is RelationshipType.ONE_TO_ONE} == {
        "sellers",
        "buyers",
    }
    products = policies(schema)["products"]
    assert (products.owner, products.inherited_from) == ("userId", "sellerId")
    assert in_words(products.create) == "OWNER"


@pytest.mark.parametrize(
    "description",
    ["books and shelves", "rockets", "Mountains and lakes"],
)
def test_where_nobody_signs_in_tokens_are_somebody_elses_and_every_one_of_them_does(description: str) -> None:
    schema = derive_schema(description)

    assert (schema.accounts, schema.teams) == (None, None)
    assert {table.policy for table in schema.tables} == {None}
    assert said(schema.default_policy) == "SIGNED_IN / SIGNED_IN / SIGNED_IN / SIGNED_IN"


def test_colleagues_share_their_rows_and_get_their_accounts_from_an_admin() -> None:
    schema = derive_schema("A CRM")

    assert schema.accounts is not None
    assert not schema.accounts.sign_up
    assert rights(schema)["contacts"] == "SIGNED_IN / SIGNED_IN / SIGNED_IN / ROLE(admin)"


def test_money_is_exact_and_has_its_currency_beside_it() -> None:
    schema = derive_schema("rooms")
    price, currency = field(schema, "rooms", "pricePerNight"), field(schema, "rooms", "currency")

    assert (price.type, price.rules and (price.rules.minimum, price.rules.scale)) == (FieldType.DECIMAL, ("0", 2))
    assert currency.rules is not None
    assert (currency.default_value, currency.rules.format) == ("USD", FieldFormat.CURRENCY)


@pytest.mark.parametrize(
    ("description", "table", "expected"),
    [
        (
            "Users and teams. Only admins create teams",
            "teams",
            "ROLE(admin) / TEAM, ROLE(admin) / TEAM(owner admin), ROLE(admin) / TEAM(owner), ROLE(admin)",
        ),
        (
            "A library with books; only librarians manage books, anyone can read",
            "books",
            "ROLE(librarian) / PUBLIC, SIGNED_IN / ROLE(librarian) / ROLE(librarian)",
        ),
        ("A notes app with public notes", "notes", "SIGNED_IN / PUBLIC when isPublic is True, OWNER / OWNER / OWNER"),
        (
            "A recipe site. Only the author can edit a recipe",
            "recipes",
            "SIGNED_IN / PUBLIC / OWNER / OWNER, ROLE(admin)",
        ),
        ("Manage private notes", "notes", "SIGNED_IN / OWNER / OWNER / OWNER"),
        (
            "A blog where moderators and editors can delete comments",
            "comments",
            (
                "SIGNED_IN / PUBLIC when approved is True, OWNER, ROLE(admin) / OWNER, ROLE(admin)"
                " / ROLE(moderator editor), OWNER, ROLE(admin)"
            ),
        ),
        ("A shop. Nobody can delete orders", "orders", "SIGNED_IN, ROLE(admin) / OWNER, ROLE(admin) / ROLE(admin) / "),
        (
            "A travel agency. Users cannot delete bookings",
            "bookings",
            "SIGNED_IN, ROLE(admin) / OWNER, ROLE(admin) / ROLE(admin) / ROLE(admin)",
        ),
        ("Users share photos. Photos are private", "photos", "SIGNED_IN / OWNER / OWNER / OWNER"),
        (
            "Users write posts. Posts can only be deleted by admins",
            "posts",
            "SIGNED_IN / PUBLIC when status is published, OWNER, ROLE(admin) / OWNER, ROLE(admin) / ROLE(admin)",
        ),
        (
            "Users with photos. Users can only see their own photos",
            "photos",
            "SIGNED_IN / OWNER / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        ),
        (
            "Teams of users with projects. Only team owners can delete projects",
            "projects",
            "TEAM / TEAM / TEAM / TEAM(owner)",
        ),
        (
            "Diary entries. No one but the owner can read them",
            "diary_entries",
            "SIGNED_IN / OWNER / OWNER / OWNER",
        ),
        (
            "Teams of users with projects. Nobody apart from team owners can delete projects",
            "projects",
            "TEAM / TEAM / TEAM / TEAM(owner)",
        ),
        (
            "A blog with posts. Posts are public except drafts",
            "posts",
            "SIGNED_IN / PUBLIC when status is published, OWNER, ROLE(admin) / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        ),
        (
            "Documents. Users may edit any document",
            "documents",
            "SIGNED_IN / SIGNED_IN, OWNER, ROLE(admin) / SIGNED_IN, OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        ),
        (
            "Tickets. Users may not delete tickets of others",
            "tickets",
            "SIGNED_IN, ROLE(admin) / OWNER, ROLE(admin) / ROLE(admin) / OWNER, ROLE(admin)",
        ),
        (
            "Users have recipes. Users can't see other users' recipes",
            "recipes",
            "SIGNED_IN / OWNER / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        ),
        (
            "Users and posts. Anonymous users can read posts but not write them",
            "posts",
            "SIGNED_IN / PUBLIC when status is published, OWNER, ROLE(admin) / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        ),
        (
            "Users and pages. Pages may be read by everyone, but only written by editors",
            "pages",
            "ROLE(editor) / PUBLIC when published is True, OWNER, ROLE(admin) / ROLE(editor) / OWNER, ROLE(admin)",
        ),
        (
            "Users and transactions. Transactions can't be changed or deleted",
            "transactions",
            "ROLE(admin) / ROLE(admin) /  / ",
        ),
        (
            "Tickets. Agents may close tickets, but never delete them",
            "tickets",
            "SIGNED_IN, ROLE(admin) / ROLE(agent), OWNER, ROLE(admin) / ROLE(agent), ROLE(admin) / OWNER, ROLE(admin)",
        ),
        (
            "Users and posts. Registered users can write posts",
            "posts",
            "SIGNED_IN / PUBLIC when status is published, OWNER, ROLE(admin) / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        ),
    ],
)
def test_what_a_description_says_of_who_may_do_what_is_in_the_policy(
    description: str, table: str, expected: str
) -> None:
    schema = derive_schema(description)

    assert validate(schema) == []
    assert rights(schema)[table] == expected


@pytest.mark.parametrize(
    ("description", "table", "expected"),
    [
        (
            "A forum with threads. Banned users can't post threads",
            "threads",
            "ROLE(admin) / PUBLIC / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        ),
        (
            "Users with posts. Users can't delete posts after a week",
            "posts",
            "SIGNED_IN / PUBLIC when status is published, OWNER, ROLE(admin) / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        ),
        (
            "Users may delete their own posts only within an hour",
            "posts",
            "SIGNED_IN / PUBLIC when status is published, OWNER, ROLE(admin) / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        ),
        (
            "A shop. Customers may cancel their orders only before they ship",
            "orders",
            "SIGNED_IN, ROLE(admin) / OWNER, ROLE(admin) / ROLE(admin) / ROLE(admin)",
        ),
        (
            "Documents. Everyone except interns can read documents",
            "documents",
            "SIGNED_IN / OWNER, ROLE(admin) / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        ),
        (
            "Documents. Everybody but contractors can view documents",
            "documents",
            "SIGNED_IN / OWNER, ROLE(admin) / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        ),
        (
            "Only admins who are on call may delete tickets",
            "tickets",
            "SIGNED_IN, ROLE(admin) / OWNER, ROLE(admin) / ROLE(admin) / OWNER, ROLE(admin)",
        ),
        (
            "Old files can only be deleted by admins",
            "files",
            "SIGNED_IN / OWNER, ROLE(admin) / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        ),
        (
            "Employees can view payslips of their own department only",
            "payslips",
            "ROLE(admin) / OWNER, ROLE(admin) / ROLE(admin) / ROLE(admin)",
        ),
        (
            "A CRM with contacts. Interns cannot see contacts",
            "contacts",
            "SIGNED_IN / ROLE(admin) / SIGNED_IN / ROLE(admin)",
        ),
        (
            "A school. Only teachers enter grades",
            "grades",
            "ROLE(admin) / OWNER, ROLE(admin) / ROLE(admin) / ROLE(admin)",
        ),
        ("Notes are private unless shared", "notes", "SIGNED_IN / OWNER / OWNER / OWNER"),
        (
            "Journals. Just me and my friends can read my journals",
            "journals",
            "SIGNED_IN / OWNER / OWNER / OWNER",
        ),
        (
            "Users and threads. Trusted users may edit all threads",
            "threads",
            "SIGNED_IN / PUBLIC / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        ),
        ("Tasks are visible only to whoever made them", "tasks", "SIGNED_IN / ROLE(admin) / SIGNED_IN / SIGNED_IN"),
        (
            "Songs and concerts for a choir. Only conductors create, change and delete songs and concerts",
            "songs",
            "ROLE(admin) / SIGNED_IN / ROLE(admin) / ROLE(admin)",
        ),
        (
            "Songs, artists and events. Only conductors may delete songs, artists and events",
            "artists",
            "SIGNED_IN / SIGNED_IN / SIGNED_IN / ROLE(admin)",
        ),
        (
            "Boats and moorings. Nobody but harbour masters creates, edits or deletes moorings, boats",
            "boats",
            "ROLE(admin) / SIGNED_IN / ROLE(admin) / ROLE(admin)",
        ),
        (
            "Lamps and cables. Nobody other than electricians deletes lamps",
            "lamps",
            "SIGNED_IN / SIGNED_IN / SIGNED_IN / ROLE(admin)",
        ),
        (
            "A harbour with boats. No one but skippers moves boats",
            "boats",
            "ROLE(admin) / SIGNED_IN / ROLE(admin) / ROLE(admin)",
        ),
        (
            "A harbour with boats. Only skippers move boats",
            "boats",
            "ROLE(admin) / SIGNED_IN / ROLE(admin) / ROLE(admin)",
        ),
        (
            "A harbour with boats. Only licensed skippers scuttle boats",
            "boats",
            "ROLE(admin) / SIGNED_IN / ROLE(admin) / ROLE(admin)",
        ),
        (
            "A harbour with boats. Skippers alone move boats",
            "boats",
            "ROLE(admin) / SIGNED_IN / ROLE(admin) / ROLE(admin)",
        ),
        (
            "A harbour with boats. Just skippers get to move boats",
            "boats",
            "ROLE(admin) / SIGNED_IN / ROLE(admin) / ROLE(admin)",
        ),
        (
            "A harbour with boats. Boats can only be launched by skippers",
            "boats",
            "ROLE(admin) / SIGNED_IN / ROLE(admin) / ROLE(admin)",
        ),
        (
            "A harbour with boats. Nobody moors boats except captains",
            "boats",
            "ROLE(admin) / SIGNED_IN / ROLE(admin) / ROLE(admin)",
        ),
        (
            "A harbour with boats and sails. Admins exclusively launder sails",
            "sails",
            "ROLE(admin) / SIGNED_IN / ROLE(admin) / ROLE(admin)",
        ),
        (
            "A harbour with boats. Moving boats is for skippers only",
            "boats",
            "ROLE(admin) / SIGNED_IN / ROLE(admin) / ROLE(admin)",
        ),
        (
            "A zoo with animals. Keepers feed animals, and no one else does",
            "animals",
            "ROLE(admin) / SIGNED_IN / ROLE(admin) / ROLE(admin)",
        ),
    ],
)
def test_what_is_understood_in_part_opens_nothing_and_where_it_shuts_out_closes(
    description: str, table: str, expected: str
) -> None:
    schema = derive_schema(description)

    assert validate(schema) == []
    assert rights(schema)[table] == expected
    assert not_followed(description, schema) != []


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Everyone except interns can read documents", ["documents"]),
        ("A blog. Posts are public except drafts", ["users", "posts"]),
        ("Diary entries. No one but the owner can read them", ["diary_entries"]),
        ("Notes of users. Notes can be shared with other users by link", ["users", "notes"]),
    ],
)
def test_whom_a_rule_is_about_and_what_is_not_understood_is_no_table(description: str, expected: list[str]) -> None:
    assert [table.name for table in derive_schema(description).tables] == expected


def test_a_role_that_is_spoken_of_is_one_that_accounts_can_have() -> None:
    schema = derive_schema("A blog where moderators can delete comments")
    rules = field(schema, "users", "role").rules

    assert rules is not None
    assert rules.values == ("user", "moderator", "admin")


def test_who_has_a_role_is_no_table() -> None:
    assert [table.name for table in derive_schema("Moderators and administrators manage castles").tables] == ["castles"]


def test_people_who_do_something_beside_those_who_sign_in_have_a_role() -> None:
    schema = derive_schema("A clinic where patients book appointments. Only doctors write prescriptions")
    rules = field(schema, "patients", "role").rules

    expected = "ROLE(doctor) / ROLE(doctor), OWNER, ROLE(admin) / ROLE(doctor) / ROLE(admin)"
    assert rights(schema)["prescriptions"] == expected
    assert rules is not None
    assert rules.values == ("patient", "doctor", "admin")


@pytest.mark.parametrize(
    ("description", "table", "expected"),
    [
        ("Shoppers place orders of items. Only admins create items", "items", "ROLE(admin)"),
        ("Shoppers place orders of items. Only admins create products", "items", "ROLE(admin)"),
        ("Users, items and products. Only librarians create items", "items", "ROLE(librarian)"),
        ("Users, items and products. Only librarians create items", "products", "ROLE(admin)"),
        ("Users with mountain bikes. Only librarians create bikes", "mountain_bikes", "ROLE(librarian)"),
        ("Users and lawsuits. Only attorneys create lawsuits", "lawsuits", "ROLE(attorney)"),
        ("Shoppers place orders. Only shoppers create orders", "orders", "SIGNED_IN"),
        ("A gym whose members book classes. Only trainers create bookings", "bookings", "ROLE(trainer)"),
    ],
)
def test_what_is_said_is_about_the_table_of_that_name_or_else_about_those_like_it(
    description: str, table: str, expected: str
) -> None:
    schema = derive_schema(description)

    assert in_words(policies(schema)[table].create) == expected
    assert not_followed(description, schema) == []


def test_what_is_said_of_a_table_that_is_not_there_is_not_followed() -> None:
    schema = derive_schema("Users with items. Only admins create castles")
    without = replace(schema, tables=tuple(one for one in schema.tables if one.name != "castles"))

    assert [(one.text, one.reason) for one in not_followed("Only admins create castles", without)] == [
        ("Only admins create castles", "The schema has no table 'castles'.")
    ]


def test_a_role_is_called_as_those_who_have_it() -> None:
    schema = derive_schema("Shoppers place orders")
    rules = field(schema, "shoppers", "role").rules

    assert rules is not None
    assert rules.values == ("shopper", "admin")
    assert policies(schema)["orders"].owner == "shopperId"


@pytest.mark.parametrize(
    ("description", "accounts", "memberships"),
    [
        ("Teams have members", "members", "memberships"),
        ("Users form teams with members", "users", "members"),
        ("Crews of users", "users", "memberships"),
    ],
)
def test_members_of_teams_are_those_who_sign_in_or_what_puts_them_there(
    description: str, accounts: str, memberships: str
) -> None:
    schema = derive_schema(description)

    assert validate(schema) == []
    assert schema.teams is not None
    assert (schema.accounts and schema.accounts.table, schema.teams.memberships) == (accounts, memberships)


@pytest.mark.parametrize(
    ("description", "accounts"),
    [
        ("Car sharing: members reserve cars", "members"),
        ("Profiles of climbers", "users"),
        ("Kanban boards for teams with cards", "users"),
        ("Football teams and players", None),
        ("Customers order cakes", "customers"),
        ("customer orders", None),
    ],
)
def test_those_sign_in_who_do_something_or_of_whom_others_are_parts(description: str, accounts: str | None) -> None:
    schema = derive_schema(description)

    assert (schema.accounts and schema.accounts.table) == accounts


def test_what_people_take_from_a_list_is_a_catalogue() -> None:
    assert rights(derive_schema("Customers order cakes"))["cakes"] == "ROLE(admin) / PUBLIC / ROLE(admin) / ROLE(admin)"


@pytest.mark.parametrize(
    "description",
    [
        "A harbour with boats. There is only one harbour per boat",
        "A harbour with boats. Skippers may move boats",
        "A harbour with boats. Landlubbers never board boats",
        "A harbour with boats, so that nobody forgets boats",
        "A zoo with animals. Feeding animals is reserved for keepers",
        "A club with boats. Boats are skippers-only",
    ],
)
def test_what_may_be_said_of_people_and_closes_nothing_is_told(description: str) -> None:
    schema = derive_schema(description)

    assert {table.policy for table in schema.tables} == {None}
    assert not_followed(description, schema) != []


@pytest.mark.parametrize(
    "description",
    ["Just boats and sails", "Just a simple harbour with boats", "A harbour with boats that just have sails"],
)
def test_what_is_not_said_of_people_is_no_rule(description: str) -> None:
    assert read_rules(description).all == []


@pytest.mark.parametrize(
    ("description", "tables"),
    [
        ("Doctors see the appointments of their patients", {"doctors", "appointments", "patients"}),
        ("Teachers see the grades of their students", {"teachers", "grades", "students"}),
    ],
)
def test_what_people_see_of_others_who_are_theirs_is_told(description: str, tables: set[str]) -> None:
    schema = derive_schema(description)

    assert {one.name for one in schema.tables} == tables
    assert [one.text for one in not_followed(description, schema)] == [description]
