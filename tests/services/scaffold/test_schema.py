"""The tests of the schemas that the scaffold derives from descriptions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.designs.schema import FieldType, OnDelete, RelationshipType, SchemaModel, Table
from services.designs.validation import validate
from services.scaffold.schema import derive_schema
from services.scaffold.selection import MOST_TABLES
from services.scaffold.vocabulary import vocabulary


def tables(description: str) -> list[str]:
    return [table.name for table in derive_schema(description).tables]


def table(schema: SchemaModel, name: str) -> Table:
    return next(table for table in schema.tables if table.name == name)


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Build a user management API with teams and roles", ["users", "teams", "roles", "memberships"]),
        ("A blog with posts, comments and tags", ["users", "posts", "comments", "tags", "post_tags"]),
        ("A clinic where patients book appointments with doctors", ["patients", "appointments", "doctors"]),
        ("A lending library for tools. Neighbours borrow tools", ["tools", "neighbours", "loans"]),
        ("Choirs borrow scores until a due date", ["scores", "choirs", "loans"]),
        (
            "Online learning platform with courses, students, lessons and quizzes",
            ["courses", "students", "lessons", "quizzes", "enrollments"],
        ),
        (
            "IoT platform that collects readings from sensors and sends alerts",
            ["sensors", "readings", "alerts"],
        ),
        ("Invoice clients and record payments", ["clients", "payments"]),
        ("Employee directory with departments and leave requests", ["employees", "departments", "leave_requests"]),
        ("Sports league with teams, players and matches", ["teams", "players", "matches"]),
        ("Support tickets with agents and customers", ["support_tickets", "agents", "customers"]),
        ("A library that lends books to members", ["members", "books", "loans"]),
        ("Let people book hotel rooms and pay for them", ["hotel_rooms", "bookings"]),
        ("Movie database with actors and directors", ["movies", "actors", "directors", "movie_actors"]),
        ("event ticketing platform", ["events", "event_tickets"]),
        ("A gym whose members book classes", ["members", "classes", "class_bookings"]),
        ("School where teachers give lessons to classes", ["teachers", "lessons", "classes"]),
        ("City library: readers borrow copies and pay late fees", ["readers", "books", "copies", "late_fees", "loans"]),
        ("A law firm's cases, hearings and hours", ["clients", "cases", "hearings", "hours"]),
        ("An IoT fleet of sensors with thresholds", ["sensors", "thresholds"]),
        ("Users can post, comment and rate photos", ["users", "photos", "comments", "reviews"]),
        ("A brewery tracks batches and kegs", ["batches", "kegs"]),
    ],
)
def test_a_description_gives_the_tables_of_its_domain(description: str, expected: list[str]) -> None:
    assert sorted(tables(description)) == sorted(expected)


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("E-commerce API", ["customers", "products", "orders", "order_items"]),
        ("A blog", ["users", "posts"]),
        ("A blog with pages", ["users", "pages", "posts"]),
        ("A shop with products and categories", ["users", "products", "categories"]),
        ("A CRM with contacts and deals", ["users", "contacts", "deals"]),
        ("A blog with comments and tags", ["users", "posts", "comments", "tags", "post_tags"]),
        ("Comments and tags", ["comments", "tags"]),
        ("A club with customers and bikes", ["customers", "bikes"]),
        ("Car rental with customers and bikes", ["customers", "bikes", "rentals"]),
        ("Customers rent bikes", ["customers", "bikes", "rentals"]),
        ("Clients with invoices", ["clients", "invoices"]),
    ],
)
def test_a_domain_adds_what_it_is_not_without_where_next_to_nothing_is_named_else_what_is_needed(
    description: str, expected: list[str]
) -> None:
    assert sorted(tables(description)) == sorted(expected)


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Bikes", ["bikes"]),
        ("Cars and bikes", ["cars", "bikes"]),
        ("Attorneys and paralegals", ["attorneys", "paralegals"]),
        ("Customers browse items and goods", ["customers", "items", "goods"]),
        ("Mountain bikes", ["mountain_bikes"]),
        ("Mountain bikes, electric bikes, and what bikes cost", ["mountain_bikes", "electric_bikes"]),
        ("Bikes and electric bikes", ["bikes", "electric_bikes"]),
        ("Posts, that is blog posts", ["posts"]),
        ("Doctors prescribe medications", ["doctors", "medications", "doctor_medications"]),
        ("Pending invoices", ["invoices"]),
        ("Paid invoices and draft articles", ["invoices", "articles"]),
        ("Honey harvests of crops", ["honey_harvests", "crops"]),
        ("A library with copies of books and readers", ["copies", "books", "readers", "loans"]),
        ("Court hearings", ["court_hearings"]),
        ("Lending of books", ["books", "loans"]),
        ("Books and borrowings", ["books", "borrowings"]),
        ("Users with signup", ["users"]),
        ("People with dogs", ["people", "dogs"]),
        ("用户和车辆", ["users", "vehicles"]),
        ("Todo items and to do items", ["todo_items"]),
        ("Past concerts and concerts", ["concerts"]),
        ("Shoppers browse goods. Only admins change products", ["shoppers", "goods"]),
        ("Shoppers browse goods. Customers can review them", ["shoppers", "goods", "reviews"]),
        (
            "Cars, rockets, boats, rafts, canoes, kayaks, skates, trams, gliders, balloons, barges, ferries and tanks",
            [
                *("cars", "rockets", "boats", "rafts", "canoes", "kayaks", "skates"),
                *("trams", "gliders", "balloons", "barges", "ferries", "tanks"),
            ],
        ),
    ],
)
def test_the_words_of_a_description_are_the_names_of_its_tables(description: str, expected: list[str]) -> None:
    assert sorted(tables(description)) == sorted(expected)


def test_a_table_has_the_fields_and_the_parents_of_what_it_is_like() -> None:
    schema = derive_schema("Attorneys, lawsuits of clients, and court dates")

    assert [field.name for field in table(schema, "attorneys").fields][1:] == [
        "name",
        "email",
        "barNumber",
        "specialty",
    ]
    assert {(link.from_table, link.to_table, link.field) for link in schema.relationships} == {
        ("clients", "lawsuits", "clientId"),
        ("attorneys", "lawsuits", "attorneyId"),
        ("lawsuits", "court_dates", "lawsuitId"),
    }


def test_a_row_may_refer_to_each_table_of_what_it_goes_with() -> None:
    schema = derive_schema("Customers rent cars and bikes")
    references = {field.name: field.nullable for field in table(schema, "rentals").fields if field.name.endswith("Id")}

    assert references == {"carId": True, "bikeId": True, "customerId": False}


def test_a_table_that_joins_two_refers_to_them_by_their_names() -> None:
    schema = derive_schema("Users have playlists. A playlist has many tracks and a track is in many playlists")
    joined = next(link for link in schema.relationships if link.type is RelationshipType.MANY_TO_MANY)

    assert (joined.from_table, joined.to_table, joined.through) == ("playlists", "tracks", "playlist_songs")
    fields = [field.name for field in table(schema, "playlist_songs").fields]
    assert fields == ["id", "position", "playlistId", "trackId", "userId"]


def test_a_noun_that_is_not_known_becomes_a_table() -> None:
    schema = derive_schema("Track coffee roasters, coffee beans and tastings")

    assert [table.name for table in schema.tables] == ["coffee_roasters", "coffee_beans", "tastings"]
    assert [field.name for field in schema.tables[0].fields] == ["id", "name", "description", "status"]


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Falconries in dark mode, with zoom levels", ["falconries", "zoom_levels"]),
        ("Drones with night mode and battery status", ["drones"]),
        ("Add dark mode", ["items"]),
        ("A falconry app", ["falconries"]),
        ("Drone data", ["drones"]),
        ("A site about dragon types", ["dragon_types"]),
    ],
)
def test_a_word_before_a_technical_one_is_a_table_where_that_names_what_is_kept(
    description: str, expected: list[str]
) -> None:
    assert tables(description) == expected


@pytest.mark.parametrize(
    "description",
    ["Castles have towers and dungeons", "Castles with towers and dungeons", "Towers of castles, dungeons of castles"],
)
def test_a_part_refers_to_its_whole(description: str) -> None:
    schema = derive_schema(description)

    assert {(link.from_table, link.to_table) for link in schema.relationships} == {
        ("castles", "towers"),
        ("castles", "dungeons"),
    }


def test_things_that_are_parts_of_each_other_give_a_valid_schema() -> None:
    schema = derive_schema("Castles have towers. Towers have castles")

    assert validate(schema) == []
    assert {(link.from_table, link.to_table, link.through) for link in schema.relationships} == {
        ("castles", "castle_towers", None),
        ("towers", "castle_towers", None),
        ("castles", "towers", "castle_towers"),
    }


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Manage categories, addresses and analyses", ["categories", "addresses", "analyses"]),
        ("People and their pets", ["people", "pets"]),
        ("dragon", ["dragons"]),
        ("create table customers (id int); drop table orders; --", ["customers", "orders"]),
        ("管理学生和课程", ["courses", "students", "enrollments"]),
        ("", ["items"]),
        ("🚀🔥", ["items"]),
        ("API", ["items"]),
    ],
)
def test_any_text_gives_tables_in_the_plural(description: str, expected: list[str]) -> None:
    assert sorted(tables(description)) == sorted(expected)


def test_a_word_that_is_a_verb_is_no_table() -> None:
    assert tables("An API in order to track users who post messages") == ["users", "messages"]


def test_a_membership_refers_to_its_user_and_team_once() -> None:
    schema = derive_schema("Build a user management API with teams and roles")
    memberships = table(schema, "memberships")

    references = {field.name: field.nullable for field in memberships.fields if field.name.endswith("Id")}
    assert references == {"userId": False, "teamId": False, "roleId": True}
    assert {index.fields: index.unique for index in memberships.indexes} == {
        ("userId",): False,
        ("teamId",): False,
        ("roleId",): False,
        ("userId", "teamId"): True,
    }
    assert {(link.from_table, link.on_delete) for link in schema.relationships if link.to_table == "memberships"} == {
        ("users", OnDelete.CASCADE),
        ("teams", OnDelete.CASCADE),
        ("roles", OnDelete.SET_NULL),
    }


def test_a_reference_that_is_unique_by_itself_has_one_index() -> None:
    schema = derive_schema("Users with profiles")

    assert validate(schema) == []
    assert [(index.fields, index.unique) for index in table(schema, "profiles").indexes] == [(("userId",), True)]


def test_users_sign_in_with_an_email_of_their_own() -> None:
    email = next(field for field in derive_schema("users").tables[0].fields if field.name == "email")

    assert (email.type, email.unique, email.nullable) == (FieldType.STRING, True, False)


@pytest.mark.parametrize(
    "text", ["users " * 5000, "x" * 10_000, "<b>" * 3000, "posts, tags, " * 800, "\x00\ud800\u2028"]
)
def test_a_long_or_broken_text_gives_a_valid_schema(text: str) -> None:
    schema = derive_schema(text)

    assert validate(schema) == []
    assert 1 <= len(schema.tables) <= MOST_TABLES


WORDS = st.sampled_from(sorted(" ".join(phrase) for phrase in vocabulary().phrases)) | st.sampled_from(
    ["and", "with", "of", "for", "to", "the", "wizards", "spell", "news", ",", ".", "<b>", "用户", "é"]
)
FUNCTION_WORDS = """
a each who that which has have is are belong by from in or not such as one of their they it there we note 5
status draft optional unique date la el de y o un con tiene cada le les des et une avec der die und ein hat
mit s x aux : ; ( ) - —
"""
HINGES = st.sampled_from(FUNCTION_WORDS.split()) | st.just("\n")


@given(st.text() | st.lists(WORDS | HINGES, max_size=60).map(" ".join))
def test_any_text_gives_a_valid_schema(description: str) -> None:
    schema = derive_schema(description)

    assert validate(schema) == []
    assert 1 <= len(schema.tables) <= MOST_TABLES
    assert schema == derive_schema(description)
    for one in schema.tables:
        assert one.name == one.name.lower()
        assert one.fields[0].name == "id"
        assert one.fields[0].primary_key


@given(st.lists(WORDS, max_size=60).map(" ".join))
def test_a_table_comes_after_those_it_cannot_be_without(description: str) -> None:
    schema = derive_schema(description)
    place = {table.name: number for number, table in enumerate(schema.tables)}

    for link in schema.relationships:
        if link.type is not RelationshipType.MANY_TO_MANY and link.on_delete is not OnDelete.SET_NULL:
            assert place[link.from_table] < place[link.to_table]


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Use tabs. Products", ["products"]),
        ("Keep a register of people and their addresses", ["people", "addresses"]),
        ("Eine App für Bücher und Ausleihen mit Mitgliedern", ["bucher", "ausleihen", "mitglieder"]),
    ],
)
def test_tables_are_made_of_what_is_described_alone(description: str, expected: list[str]) -> None:
    assert tables(description) == expected


@pytest.mark.parametrize(
    ("description", "assumed", "said"),
    [
        ("Hives, inspections and honey harvests", {"hives > inspections", "hives > honey_harvests"}, set[str]()),
        ("Tools, borrowers, deposits", {"tools > deposits", "borrowers > deposits"}, set[str]()),
        ("Plots, crops, sprays", {"plots > crops", "crops > sprays"}, set[str]()),
        (
            "Members book classes: instructors teach classes",
            set[str](),
            {"members > bookings", "classes > bookings", "instructors > classes"},
        ),
        ("Customers place orders of products", set[str](), {"customers > orders", "products > orders"}),
        ("Hives. Each hive has frames", set[str](), {"hives > frames"}),
    ],
)
def test_what_a_description_does_not_say_of_tables_is_marked_as_assumed(
    description: str, assumed: set[str], said: set[str]
) -> None:
    links = derive_schema(description).relationships

    assert {f"{one.from_table} > {one.to_table}" for one in links if one.is_assumed} == assumed
    assert {f"{one.from_table} > {one.to_table}" for one in links if not one.is_assumed} == said


def test_a_guess_decides_nothing_of_who_may_do_what() -> None:
    alone, beside = derive_schema("Users and products"), derive_schema("Users, widgets and products")

    assert "widgets" in {link.from_table for link in beside.relationships if link.to_table == "products"}
    assert table(beside, "products").policy == table(alone, "products").policy


@pytest.mark.parametrize(
    ("description", "name", "present", "absent"),
    [
        (
            "A clinic with patients, who have a name, a species and a birth date.",
            "patients",
            {"name", "birthDate"},
            {"birthdate", "firstName", "lastName"},
        ),
        (
            "Concerts have a title, a start time and an end time.",
            "concerts",
            {"startTime", "endTime"},
            {"startsAt", "endsAt"},
        ),
        ("Projects have a budget and a deadline.", "projects", {"deadline"}, {"dueOn"}),
        ("Expenses have an amount, a date and a category.", "expenses", {"date"}, {"spentOn"}),
        ("Tasks have a due date.", "tasks", {"dueDate"}, {"dueOn"}),
        ("Doctors with a first name, a last name and a date of birth.", "doctors", {"firstName", "lastName"}, {"name"}),
    ],
)
def test_what_is_said_stands_in_place_of_a_field_that_means_the_same(
    description: str, name: str, present: set[str], absent: set[str]
) -> None:
    schema = derive_schema(description)

    fields = {field.name for field in table(schema, name).fields}
    assert present <= fields
    assert not absent & fields
    assert {field for index in table(schema, name).indexes for field in index.fields} <= fields


@pytest.mark.parametrize(
    "description",
    [
        "Users sign in and belong to clubs. Each club has boats with a unique serial number.",
        "Employees sign in. Each department has employees, and each employee has holidays.",
        "Customers belong to a company. Customers place orders.",
    ],
)
def test_nobody_loses_their_account_with_what_they_belong_to(description: str) -> None:
    schema = derive_schema(description)

    assert schema.accounts is not None
    assert OnDelete.CASCADE not in {
        one.on_delete for one in schema.relationships if one.to_table == schema.accounts.table
    }
