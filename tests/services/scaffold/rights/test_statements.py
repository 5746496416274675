"""The tests of rights that sentences give: no more than they say, and what is a person's is theirs."""

import pytest

from services.designs.schema import Field, FieldAccess
from services.designs.validation import validate
from services.scaffold.backend import write_backend
from services.scaffold.documentation import write_documentation
from services.scaffold.requests import not_followed
from services.scaffold.schema import derive_schema
from tests.services.scaffold.rights.in_words import rights

_CLOSED = "ROLE(admin) / SIGNED_IN / ROLE(admin) / ROLE(admin)"
_OWN = "SIGNED_IN / OWNER, ROLE(admin) / OWNER, ROLE(admin) / OWNER, ROLE(admin)"
_ORDERED = "SIGNED_IN, ROLE(admin) / OWNER, ROLE(admin) / ROLE(admin) / ROLE(admin)"
_PUBLIC = "SIGNED_IN / PUBLIC, SIGNED_IN / SIGNED_IN / SIGNED_IN"
_OPEN = "SIGNED_IN / SIGNED_IN / SIGNED_IN / SIGNED_IN"


def fields(description: str, table: str) -> dict[str, Field]:
    schema = derive_schema(description)
    return {field.name: field for one in schema.tables if one.name == table for field in one.fields}


@pytest.mark.parametrize(
    ("description", "table", "expected"),
    [
        ("A catalogue of lamps where only admins create lamps", "lamps", _CLOSED),
        ("Lamps. Lamps can only be added by admins", "lamps", _CLOSED),
        (
            "Lamps can be added by editors",
            "lamps",
            "ROLE(editor), ROLE(admin) / SIGNED_IN / ROLE(editor), ROLE(admin) / ROLE(editor), ROLE(admin)",
        ),
        ("Lamps. Nobody but admins adds lamps", "lamps", _CLOSED),
        (
            "Lamps. Only admins add lamps, but anyone can edit them",
            "lamps",
            "ROLE(admin) / PUBLIC, SIGNED_IN / PUBLIC, SIGNED_IN / ROLE(admin)",
        ),
        ("Lamps. Guests can't add lamps", "lamps", _OPEN),
        (
            "Only librarians create books. Editors edit books",
            "books",
            "ROLE(librarian) / SIGNED_IN / ROLE(editor), ROLE(admin) / ROLE(librarian)",
        ),
        ("Lamps. Only electricians create lamps", "lamps", _CLOSED),
        (
            "Users with lamps. Only editors create lamps",
            "lamps",
            "ROLE(editor) / ROLE(editor), OWNER, ROLE(admin) / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        ),
        (
            "A CRM with contacts. Only managers create contacts",
            "contacts",
            "ROLE(manager) / SIGNED_IN / ROLE(manager) / ROLE(admin)",
        ),
        (
            "Teams of users with projects. Only team owners can create projects",
            "projects",
            "TEAM(owner) / TEAM / TEAM(owner) / TEAM(owner admin)",
        ),
    ],
)
def test_whoever_may_not_create_a_row_may_not_change_or_delete_those_of_others(
    description: str, table: str, expected: str
) -> None:
    assert rights(derive_schema(description))[table] == expected


@pytest.mark.parametrize(
    ("description", "table", "expected"),
    [
        ("Products and orders", "orders", _ORDERED),
        ("customer orders", "customer_orders", _ORDERED),
        ("Orders belong to customers", "customers", _OWN),
        ("Orders belong to customers", "orders", "OWNER, ROLE(admin) / OWNER, ROLE(admin) / ROLE(admin) / ROLE(admin)"),
        ("Carts and products", "carts", "SIGNED_IN / OWNER / OWNER / OWNER"),
        ("Carts and products", "cart_items", "OWNER / OWNER / OWNER / OWNER"),
        ("Invoices and lamps", "invoices", "ROLE(admin) / OWNER, ROLE(admin) / ROLE(admin) / ROLE(admin)"),
        ("Messages", "messages", _OWN),
        ("Patients have prescriptions", "patients", _OWN),
        (
            "Patients have prescriptions",
            "prescriptions",
            "ROLE(admin) / OWNER, ROLE(admin) / ROLE(admin) / ROLE(admin)",
        ),
        (
            "Comments on posts",
            "comments",
            "SIGNED_IN / SIGNED_IN when approved is True, OWNER, ROLE(admin) / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        ),
        (
            "Orders. Managers see all orders",
            "orders",
            "SIGNED_IN, ROLE(admin) / ROLE(manager), OWNER, ROLE(admin) / ROLE(admin) / ROLE(admin)",
        ),
        ("Salaries are confidential", "salaries", "SIGNED_IN / OWNER / OWNER / OWNER"),
    ],
)
def test_what_is_a_persons_is_theirs_whose_token_made_it_where_nobody_signs_in(
    description: str, table: str, expected: str
) -> None:
    schema = derive_schema(description)

    assert validate(schema) == []
    assert schema.accounts is None
    assert rights(schema)[table] == expected


def test_whose_token_made_a_row_or_whom_staff_name_is_its_owner() -> None:
    assert fields("Orders", "orders")["ownerId"].access is FieldAccess.READ_ONLY
    assert fields("Invoices and lamps", "invoices")["ownerId"].access is FieldAccess.MANAGED
    assert fields("Orders belong to customers", "orders")["ownerId"].access is FieldAccess.READ_ONLY


@pytest.mark.parametrize(
    ("description", "accounts", "table", "owner"),
    [
        ("Skippers log voyages", "skippers", "voyages", "skipperId"),
        ("Painters write letters", "painters", "letters", "painterId"),
        ("Beekeepers write inspections", "beekeepers", "inspections", "beekeeperId"),
        ("Customers send messages to support", "customers", "messages", "customerId"),
        ("Orders are placed by customers", "customers", "orders", "customerId"),
        ("Each order is placed by a customer", "customers", "orders", "customerId"),
    ],
)
def test_people_who_leave_rows_of_their_own_sign_in_and_own_them(
    description: str, accounts: str, table: str, owner: str
) -> None:
    schema = derive_schema(description)
    policy = next(one.policy for one in schema.tables if one.name == table)

    assert validate(schema) == []
    assert (schema.accounts and schema.accounts.table) == accounts
    assert policy is not None
    assert policy.owner == owner


@pytest.mark.parametrize(
    ("description", "table", "expected"),
    [
        ("A public catalogue of lamps", "lamps", _PUBLIC),
        ("A public API for mountains and lakes", "lakes", _PUBLIC),
        ("A public REST API of mountains", "mountains", _PUBLIC),
        ("Lamps are publicly available", "lamps", _PUBLIC),
        ("Lamps are open to everyone", "lamps", _PUBLIC),
        ("Lamps can be viewed without logging in", "lamps", _PUBLIC),
        ("Lamps. Visitors see lamps without having to sign in", "lamps", _PUBLIC),
        ("Lamps and cables, read-only for guests", "cables", _PUBLIC),
        ("Lamps are read-only for visitors", "lamps", _PUBLIC),
        ("Lamps. Guests can only read lamps", "lamps", _PUBLIC),
        ("Unauthenticated visitors may list lamps", "lamps", _PUBLIC),
        ("A public directory of lamps, and orders", "orders", _ORDERED),
        ("A public list of customers and lamps", "customers", _OWN),
        ("A public catalogue of lamps. We also have cables", "cables", "default"),
        ("A public library with books", "books", "default"),
        ("A public API of countries", "countries", _PUBLIC),
        (
            "Public posts",
            "posts",
            (
                "SIGNED_IN / PUBLIC when status is published, SIGNED_IN when status is published, OWNER, ROLE(admin)"
                " / OWNER, ROLE(admin) / OWNER, ROLE(admin)"
            ),
        ),
    ],
)
def test_strangers_read_what_is_public_and_nothing_else(description: str, table: str, expected: str) -> None:
    schema = derive_schema(description)

    assert rights(schema)[table] == expected
    assert {"visitors", "guests"}.isdisjoint(one.name for one in schema.tables)


@pytest.mark.parametrize(
    ("description", "table", "expected"),
    [
        ("Lamps are read-only", "lamps", " / SIGNED_IN /  / "),
        ("Lamps are read-only for everyone", "lamps", _CLOSED),
        ("Lamps. The lamps may not be deleted by anyone", "lamps", "SIGNED_IN / SIGNED_IN / SIGNED_IN / "),
        ("Lamps. A lamp may not be deleted by anyone", "lamps", "SIGNED_IN / SIGNED_IN / SIGNED_IN / "),
        ("Users write log entries. Log entries are append-only", "log_entries", "SIGNED_IN / OWNER, ROLE(admin) /  / "),
        ("Lamps. Lamps may not be deleted by anybody", "lamps", "SIGNED_IN / SIGNED_IN / SIGNED_IN / "),
        ("Lamps. Lamps can be deleted by nobody", "lamps", "SIGNED_IN / SIGNED_IN / SIGNED_IN / "),
        ("Lamps. Lamps can never be removed", "lamps", "SIGNED_IN / SIGNED_IN / SIGNED_IN / "),
        ("Lamps. No one may ever delete lamps", "lamps", "SIGNED_IN / SIGNED_IN / SIGNED_IN / "),
        ("Lamps. Lamps can't be changed once created", "lamps", "SIGNED_IN / SIGNED_IN /  / SIGNED_IN"),
        ("Lamps. Deleting lamps is not possible", "lamps", "SIGNED_IN / SIGNED_IN / SIGNED_IN / "),
        ("Lamps. It is forbidden to edit lamps", "lamps", "SIGNED_IN / SIGNED_IN /  / SIGNED_IN"),
        ("Lamps. Lamps are immutable", "lamps", "SIGNED_IN / SIGNED_IN /  / "),
        ("An append-only log of lamps", "lamps", "SIGNED_IN / SIGNED_IN /  / "),
        ("Users write notes. Nothing can be changed", "notes", "SIGNED_IN / OWNER /  / "),
        ("Lamps. Nothing can be changed", "lamps", _CLOSED),
        (
            "A public API of lamps. Nobody can change anything",
            "lamps",
            _CLOSED.replace("SIGNED_IN", "PUBLIC, SIGNED_IN"),
        ),
        (
            "Lamps. Lamps cannot be deleted by anyone but moderators",
            "lamps",
            "SIGNED_IN / SIGNED_IN / SIGNED_IN / ROLE(moderator)",
        ),
        (
            "Lamps. Editors edit lamps. Nobody else can edit lamps",
            "lamps",
            "SIGNED_IN / SIGNED_IN / ROLE(editor), ROLE(admin) / SIGNED_IN",
        ),
        ("Lamps. Members can't delete lamps", "lamps", "SIGNED_IN / SIGNED_IN / SIGNED_IN / ROLE(admin)"),
        ("Lamps. Everyone else can't edit lamps", "lamps", "SIGNED_IN / SIGNED_IN / ROLE(admin) / SIGNED_IN"),
        ("Lamps. Admins have full access, everyone else is read-only", "lamps", _CLOSED),
        (
            "Lamps. Editors have full access to lamps, others have read access",
            "lamps",
            " / ".join(["ROLE(editor), ROLE(admin)"] * 4),
        ),
        (
            "Lamps. Editors edit lamps. Moderators delete lamps",
            "lamps",
            "SIGNED_IN / SIGNED_IN / ROLE(editor), ROLE(admin) / ROLE(moderator), ROLE(admin)",
        ),
        (
            "Lamps can be deleted by their author or by a moderator",
            "lamps",
            "SIGNED_IN / SIGNED_IN / SIGNED_IN / OWNER, ROLE(moderator), ROLE(admin)",
        ),
        (
            "Users and lamps. Operators can only view lamps",
            "lamps",
            "ROLE(admin) / ROLE(operator), OWNER, ROLE(admin) / OWNER, ROLE(admin) / OWNER, ROLE(admin)",
        ),
        (
            "Operators can only view lamps",
            "lamps",
            "ROLE(admin) / ROLE(operator), ROLE(admin) / ROLE(admin) / ROLE(admin)",
        ),
        (
            "Editors approve lamps and everyone reads them",
            "lamps",
            "SIGNED_IN / PUBLIC, SIGNED_IN / ROLE(editor), ROLE(admin) / SIGNED_IN",
        ),
    ],
)
def test_no_more_is_open_than_is_said(description: str, table: str, expected: str) -> None:
    assert rights(derive_schema(description))[table] == expected


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Lamps and cables. Lamps are read-only except for electricians", _CLOSED),
        ("Lamps. Apprentices can only view lamps", "ROLE(admin) / ROLE(admin) / ROLE(admin) / ROLE(admin)"),
    ],
)
def test_what_is_not_understood_of_what_people_only_read_closes_what_they_do_not(
    description: str, expected: str
) -> None:
    schema = derive_schema(description)

    assert rights(schema)["lamps"] == expected
    assert not_followed(description, schema) != []


@pytest.mark.parametrize(
    ("description", "table", "field", "access"),
    [
        ("Employees have a name and a salary. Only HR edits salaries", "employees", "salary", FieldAccess.MANAGED),
        ("An app with employees. Only HR edits salaries", "employees", "salary", FieldAccess.MANAGED),
        ("Lamps have a colour. Only editors change the colour of lamps", "lamps", "colour", FieldAccess.MANAGED),
        ("Lamps have a colour. A lamp's colour can only be changed by editors", "lamps", "colour", FieldAccess.MANAGED),
        ("Lamps have a colour. Nobody but electricians sets colours", "lamps", "colour", FieldAccess.MANAGED),
        ("Lamps have a colour. Colours can never be changed", "lamps", "colour", FieldAccess.IMMUTABLE),
        ("Employees have a salary. Employees cannot change their salary", "employees", "salary", FieldAccess.MANAGED),
        ("Lamps have a colour. Anyone can change colours", "lamps", "colour", FieldAccess.READ_WRITE),
        ("Users write posts. Only admins change roles", "users", "role", FieldAccess.MANAGED),
    ],
)
def test_a_field_that_is_for_some_to_set_is_managed(
    description: str, table: str, field: str, access: FieldAccess
) -> None:
    schema = derive_schema(description)

    assert validate(schema) == []
    assert fields(description, table)[field].access is access
    assert {"salaries", "payslips", "colours", "roles"}.isdisjoint(one.name for one in schema.tables)


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        (
            "Lamps have a colour. Only editors change colours",
            "`colour` of lamps is set by those with a role who may update its row, which editor may not yet.",
        ),
        (
            "Lamps have a colour. Colours are only visible to editors",
            "`colour` of lamps is as open to read as its row is, which only owners and those with a role may.",
        ),
        (
            "An employee's salary can only be seen by HR",
            "`salary` of employees is as open to read as its row is, which only owners and those with a role may.",
        ),
        (
            "Lamps have a colour. Editors change colours",
            "A policy is about whole rows, and not about `colour` of lamps alone.",
        ),
        ("Lamps have a colour. Editors edit lamps. Only editors change colours", None),
        ("Lamps have a colour. Members can't change colours", None),
    ],
)
def test_what_a_schema_does_not_keep_of_the_rights_to_a_field_is_told(description: str, reason: str | None) -> None:
    schema = derive_schema(description)

    assert [one.reason for one in not_followed(description, schema)] == ([reason] if reason else [])


def test_rows_with_a_field_that_is_for_some_to_read_are_closed() -> None:
    schema = derive_schema("Lamps have a colour. Only editors see colours")

    assert rights(schema)["lamps"] == "SIGNED_IN, ROLE(admin) / ROLE(admin) / SIGNED_IN, ROLE(admin) / SIGNED_IN"


def test_users_sign_in_with_a_name_of_their_own_where_that_is_said() -> None:
    description = "Users sign in with a username and password. Users write notes"
    schema, users = derive_schema(description), fields(description, "users")

    assert validate(schema) == []
    assert schema.accounts is not None
    assert schema.accounts.login == "username"
    assert (users["username"].unique, users["username"].nullable) == (True, False)
    assert (users["email"].unique, users["email"].nullable) == (True, True)
    assert not_followed(description, schema) == []


@pytest.mark.parametrize(
    ("description", "login", "told"),
    [
        ("Customers log in by username. Customers place orders", "username", []),
        ("Username/password login for notes", "username", []),
        ("Users have a username and write notes", "email", []),
        ("Users can log in with email or username", "email", ["log in with email or username"]),
        ("Users log in with their phone number", "email", ["log in with their phone number"]),
    ],
)
def test_what_users_sign_in_with_is_as_said_or_told(description: str, login: str, told: list[str]) -> None:
    schema = derive_schema(description)

    assert schema.accounts is not None
    assert schema.accounts.login == login
    assert [one.text for one in not_followed(description, schema)] == told


@pytest.mark.parametrize(
    ("said", "is_open"),
    [
        ("Sign-up is closed: only admins create users", False),
        ("Accounts are created by admins", False),
        ("User accounts can only be made by administrators", False),
        ("The app is invite-only", False),
        ("No self-registration", False),
        ("There is no public sign-up", False),
        ("Registration is disabled", False),
        ("Users cannot sign up themselves", False),
        ("Nobody can register", False),
        ("Only managers add users", False),
        ("Users can sign up", True),
        ("Admins create users", True),
        ("Accounts have a balance. Only staff may open accounts", True),
    ],
)
def test_sign_up_is_closed_where_that_is_said(said: str, is_open: bool) -> None:  # noqa: FBT001 - a parameter of a test
    schema = derive_schema(f"Users write notes. {said}")

    assert validate(schema) == []
    assert schema.accounts is not None
    assert schema.accounts.sign_up is is_open
    assert not_followed(f"Users write notes. {said}", schema) == []


def test_sign_up_that_a_schema_has_and_a_description_does_not_want_is_told() -> None:
    schema = derive_schema("Users write notes")

    assert [(one.text, one.reason) for one in not_followed("Users write notes. No sign-up", schema)] == [
        ("No sign-up", "Everybody may make an account here.")
    ]


def test_a_password_and_a_role_that_are_said_are_those_of_the_account() -> None:
    schema = derive_schema("Users have an email, a password and a role (reader or editor)")
    names = [field.name for field in schema.tables[0].fields]

    assert validate(schema) == []
    assert names.count("password") == names.count("role") == 1
    role = schema.tables[0].fields[-1]
    assert role.rules is not None
    assert (role.name, role.rules.values) == ("role", ("user", "reader", "editor", "admin"))


def test_a_backend_says_who_may_do_what_and_what_of_that_was_said() -> None:
    description = "Customers place orders. Only admins create products. Anyone can browse products"
    schema = derive_schema(description)
    readme = write_backend(project_name="Shop", description=description, schema=schema)["README.md"]
    page = write_documentation("Shop", schema, description=description)["concepts/who-may-do-what.md"]
    products = "| `products` | admin (said) | everybody where `active` is `true`; admin (said) | admin | admin |\n"
    orders = "| `orders` | whoever is signed in; admin (said) | its owner; admin | admin | admin |\n"

    for text in (readme, page):
        assert products in text
        assert orders in text
        assert "The description says what is marked so. All else is assumed" in text


def test_where_nothing_is_said_all_is_assumed() -> None:
    schema = derive_schema("Orders")
    readme = write_backend(project_name="Shop", description="Orders", schema=schema)["README.md"]

    assert "| `orders` | whoever is signed in; admin | its owner; admin | admin | admin |\n" in readme
    assert "The description says nothing of this. It is assumed" in readme


@pytest.mark.parametrize(
    ("description", "table", "roles"),
    [
        ("Teams with roles admin, editor and viewer", "memberships", ("member", "editor", "viewer", "owner", "admin")),
        (
            "Teams have a name and roles: owner, guide and cook",
            "memberships",
            ("member", "guide", "cook", "owner"),
        ),
        ("Users have roles (clerk, manager)", "users", ("user", "clerk", "manager", "admin")),
        ("Users have the roles of clerk and manager", "users", ("user", "clerk", "manager", "admin")),
        ("Users with roles, projects and tasks", "users", ("user", "admin")),
    ],
)
def test_roles_that_are_listed_are_those_of_people(description: str, table: str, roles: tuple[str, ...]) -> None:
    schema = derive_schema(description)
    rules = fields(description, table)["role"].rules

    assert validate(schema) == []
    assert rules is not None
    assert rules.values == roles
