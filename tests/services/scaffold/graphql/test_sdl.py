"""Tests of the GraphQL schema of a backend: what is in it, and that it is one, whatever tables are called."""

import re

import pytest
from graphql import GraphQLObjectType, build_schema
from msgspec.structs import replace

from services.designs.schema import (
    Accounts,
    Api,
    Audience,
    Field,
    FieldAccess,
    FieldFormat,
    FieldRules,
    FieldType,
    Grant,
    Index,
    OnDelete,
    Policy,
    Relationship,
    RelationshipType,
    SchemaModel,
    Secrecy,
    Table,
)
from services.designs.validation import validate
from services.scaffold.backend import write_backend
from services.scaffold.schema import derive_schema
from tests.backends.schemas import EVERY_FEATURE, forty_tables
from tests.services.scaffold.test_running import AWKWARD

T = FieldType
KEY = Field(name="id", type=T.STRING, primary_key=True)
ANYBODY = (Grant(audience=Audience.PUBLIC),)
SHELVES = SchemaModel(
    tables=(
        Table(name="shelves", fields=(Field(name="id", type=T.INTEGER, primary_key=True),)),
        Table(
            name="books",
            fields=(
                KEY,
                Field(name="shelfId", type=T.INTEGER, nullable=True),
                Field(name="title", type=T.STRING, rules=FieldRules(min_length=1, max_length=80)),
                Field(name="isbn", type=T.STRING, unique=True, access=FieldAccess.IMMUTABLE),
                Field(name="pages", type=T.INTEGER, default_value=1),
                Field(name="sold", type=T.INTEGER, access=FieldAccess.READ_ONLY, default_value=0),
                Field(name="note", type=T.STRING, nullable=True, secrecy=Secrecy.SEALED),
            ),
            indexes=(Index(name="by_title_and_pages", fields=("title", "pages")),),
        ),
    ),
    relationships=(
        Relationship(
            from_table="shelves",
            to_table="books",
            type=RelationshipType.ONE_TO_MANY,
            field="shelfId",
            on_delete=OnDelete.SET_NULL,
        ),
    ),
    default_policy=Policy(create=ANYBODY, read=ANYBODY, update=ANYBODY),
    api=Api.GRAPHQL,
)


def sdl(schema: SchemaModel) -> str:
    return write_backend(project_name="Trial", description="A trial", schema=schema)["schema.graphql"]


def block(text: str, head: str) -> str:
    """Return a definition without its descriptions."""
    (found,) = re.findall(rf"^{head}[^{{\n]*{{\n(.*?)^}}", text, re.DOTALL | re.MULTILINE)
    return "\n".join(line.strip() for line in str(found).splitlines() if not line.strip().startswith('"'))


def test_a_table_has_a_type_a_page_a_filter_an_order_and_inputs() -> None:
    text = sdl(SHELVES)

    lists = "filter: BookFilter, sort: BookSort = createdAt_DESC, limit: Int = 20, cursor: String"
    assert block(text, "type Book ") == (
        "id: ID!\nshelfId: SafeInt\ntitle: String!\nisbn: String!\npages: SafeInt!\nsold: SafeInt!\n"
        "createdAt: DateTime!\nupdatedAt: DateTime!\n_version: SafeInt!\n_etag: String!\nshelf: Shelf"
    )
    assert block(text, "type Shelf ") == (
        f"id: SafeInt!\ncreatedAt: DateTime!\nupdatedAt: DateTime!\n_version: SafeInt!\n_etag: String!\n"
        f"books({lists}): BookPage"
    )
    assert block(text, "type BookPage ") == "items: [Book!]!\nnextCursor: String\ntotal: Total"
    assert block(text, "enum BookSort") == "createdAt_ASC\ncreatedAt_DESC\npages_ASC\npages_DESC"
    assert block(text, "input BookFilter") == (
        "shelfId: SafeIntRange\ntitle: String\npages: SafeIntRange\nisbn: String\n"
        "createdAt: DateTimeRange\nupdatedAt: DateTimeRange"
    )
    assert block(text, "input BookCreate") == (
        "shelfId: SafeInt\ntitle: String!\nisbn: String!\npages: SafeInt\nnote: String"
    )
    assert block(text, "input BookPatch") == "shelfId: SafeInt\ntitle: String\npages: SafeInt\nnote: String"


def test_queries_find_one_record_by_its_key_or_unique_values_and_mutations_write_one() -> None:
    text = sdl(SHELVES)

    assert block(text, "type Query ").splitlines()[:3] == [
        "shelf(id: SafeInt!): Shelf",
        "shelves(filter: ShelfFilter, sort: ShelfSort = createdAt_DESC, limit: Int = 20, cursor: String): ShelfPage",
        "book(id: ID!): Book",
    ]
    assert "bookByIsbn(isbn: String!): Book" in block(text, "type Query ")
    assert block(text, "type Mutation ").splitlines() == [
        "createShelf(idempotencyKey: String): Shelf!",
        "deleteShelf(id: SafeInt!, ifMatch: String): Boolean!",
        "createBook(input: BookCreate!, idempotencyKey: String): Book!",
        "updateBook(id: ID!, input: BookPatch!, ifMatch: String): Book!",
        "deleteBook(id: ID!, ifMatch: String): Boolean!",
    ]
    assert '"Change what the input has. Who may: everybody."' in text
    assert '"False means that it is accepted, and goes on after the answer. Who may: nobody."' in text


def test_links_and_accounts_have_mutations_of_their_own() -> None:
    mutations = block(sdl(replace(EVERY_FEATURE, api=Api.BOTH)), "type Mutation ")

    assert "linkTaskLabels(id: ID!, other: SafeInt!): Boolean!" in mutations
    assert "unlinkLabelTasks(id: SafeInt!, other: ID!): Boolean!" in mutations
    assert "signUp(input: UserCreate!): Welcome!" in mutations
    assert "signIn(login: String!, password: String!): Welcome!" in mutations


def _table(name: str, *fields: Field) -> Table:
    return Table(name=name, fields=(KEY, *fields))


def _text(name: str) -> Field:
    return Field(name=name, type=T.STRING)


CLASHING = SchemaModel(
    tables=(
        Table(
            name="people",
            fields=(
                KEY,
                Field(name="mail", type=T.STRING, unique=True, rules=FieldRules(format=FieldFormat.EMAIL)),
                Field(name="password", type=T.STRING, secrecy=Secrecy.HASHED),
            ),
        ),
        _table("news", Field(name="newsId", type=T.STRING, nullable=True), _text("news")),
        *(
            _table(name)
            for name in ("queries", "mutations", "pages", "totals", "tokens", "welcomes", "ids", "decimals")
        ),
        *(
            _table(name)
            for name in ("news_pages", "news_creates", "news_filters", "date_time_ranges", "graphql", "strings")
        ),
        _table("sign_ups", _text("_etag"[1:]), _text("nextCursor"), _text("items")),
        _table("current_users"),
    ),
    relationships=(
        Relationship(from_table="news", to_table="news", type=RelationshipType.ONE_TO_MANY, field="newsId"),
        Relationship(from_table="news", to_table="pages", type=RelationshipType.MANY_TO_MANY),
    ),
    accounts=Accounts(table="people", login="mail", password="password"),
)


@pytest.mark.parametrize(
    "schema",
    [EVERY_FEATURE, forty_tables(), AWKWARD, CLASHING, SHELVES, derive_schema("A shop with products and reviews")],
    ids=["every feature", "forty tables", "awkward names", "clashing names", "shelves", "derived"],
)
def test_whatever_tables_are_called_it_is_a_schema_with_queries_and_mutations_for_each(schema: SchemaModel) -> None:
    built = build_schema(sdl(replace(schema, api=Api.BOTH)))

    query, mutation = built.query_type, built.mutation_type
    assert isinstance(query, GraphQLObjectType)
    assert isinstance(mutation, GraphQLObjectType)
    assert sum("create" in name for name in mutation.fields) == len(schema.tables)
    assert len(query.fields) >= 2 * len(schema.tables)


def test_the_schema_of_clashing_names_is_a_valid_one() -> None:
    assert validate(CLASHING) == []


def test_a_backend_with_rest_alone_has_nothing_of_graphql() -> None:
    files = write_backend(project_name="Trial", description="A trial", schema=replace(SHELVES, api=Api.REST))

    assert [path for path, text in files.items() if "graphql" in f"{path} {text}".lower()] == []


def test_a_backend_with_graphql_alone_leaves_the_routes_off() -> None:
    files = write_backend(project_name="Trial", description="A trial", schema=SHELVES)
    both = write_backend(project_name="Trial", description="A trial", schema=replace(SHELVES, api=Api.BOTH))

    assert "if (services.config.restApi === 'off') return router;" in files["src/routes/index.ts"]
    assert "REST_API=off\n" in files[".env.example"]
    assert "A GraphQL API in Express" in files["README.md"]
    assert "restApi" not in both["src/routes/index.ts"] + both["src/config.ts"] + both[".env.example"]
    assert "COPY openapi.json schema.graphql ./\n" in both["Dockerfile"]
