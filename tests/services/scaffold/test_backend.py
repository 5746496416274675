"""The tests of the files that the scaffold writes, without running them."""

import ast
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.frozen import frozen
from services.designs.schema import Field, FieldType, Index, Relationship, RelationshipType, SchemaModel, Table
from services.designs.validation import validate
from services.llm.files import encode
from services.llm.paths import Tree, path_fault
from services.scaffold.backend import write_backend
from services.scaffold.schema import derive_schema

KEY = Field(name="id", type=FieldType.STRING, primary_key=True)


def written(
    *tables: Table,
    relationships: tuple[Relationship, ...] = (),
    project_name: str = "My Shop",
    description: str = "A shop",
) -> dict[str, str]:
    schema = SchemaModel(tables=tables, relationships=relationships)
    return write_backend(project_name=project_name, description=description, schema=schema)


def test_a_backend_has_what_the_guide_asks_for() -> None:
    files = write_backend(project_name="My Shop", description="A shop", schema=derive_schema("users and posts"))

    assert list(files)[:3] == ["README.md", "package.json", "package-lock.json"]
    assert files.keys() >= {
        "infrastructure/template.json",
        ".env.example",
        ".gitignore",
        "Dockerfile",
        "src/server.ts",
        "src/app.ts",
        "src/config.ts",
        "src/middleware/auth.ts",
        "src/middleware/errorHandler.ts",
        "src/routes/users.ts",
        "src/models/posts.ts",
        "src/validation/posts.ts",
        "src/services/repository.ts",
        "src/types/index.ts",
        "src/tests/tables/users.test.ts",
    }
    assert "Snapinfra's scaffold" in files["README.md"]


def test_the_same_schema_gives_the_same_files() -> None:
    schema = derive_schema("E-commerce API")

    first = write_backend(project_name="Shop", description="E-commerce API", schema=schema)
    assert first == write_backend(project_name="Shop", description="E-commerce API", schema=schema)


def test_a_table_called_as_a_file_of_the_backend_takes_no_place_of_it() -> None:
    alone = written(Table(name="zebras", fields=(KEY,)))
    stems = {path.rpartition("/")[2].partition(".")[0] for path in alone} - {"zebras"}
    names = sorted({stem.lower() for stem in stems if re.fullmatch("[a-zA-Z][a-zA-Z0-9]*", stem)})

    files = written(*(Table(name=name, fields=(KEY,)) for name in ("zebras", *names)))

    own = [path for path in alone if "zebras" in path]
    assert {"evolution", "index", "crud", "types"} <= set(names)
    assert files.keys() >= alone.keys()
    assert len({path.lower() for path in files}) == len(alone) + len(names) * len(own)


def test_the_infrastructure_has_an_index_for_a_reference() -> None:
    posts = Table(name="posts", fields=(KEY, Field(name="userId", type=FieldType.STRING)))
    belongs = Relationship(from_table="users", to_table="posts", type=RelationshipType.ONE_TO_MANY)
    files = written(Table(name="users", fields=(KEY,)), posts, relationships=(belongs,))

    template = json.loads(files["infrastructure/template.json"])
    table = template["Resources"]["PostsTable"]["Properties"]
    assert template["Parameters"]["TablePrefix"]["Default"] == "my-shop-"
    assert table["TableName"] == {"Fn::Sub": "${TablePrefix}posts"}
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["all", "by_userId"]


def test_timestamps_that_a_schema_declares_are_set_by_the_backend() -> None:
    created = Field(name="created_at", type=FieldType.DATETIME)
    files = written(Table(name="users", fields=(KEY, Field(name="name", type=FieldType.STRING), created)))

    assert "created_at" not in files["src/validation/users.ts"]
    assert "timestamps: { created: 'created_at', updated: 'updatedAt' }" in files["src/models/users.ts"]


@pytest.mark.parametrize(
    "kind", [kind for kind in FieldType if kind not in (FieldType.DATETIME, FieldType.STRING, FieldType.TEXT)]
)
@pytest.mark.parametrize("name", ["createdAt", "created_at", "updatedAt", "updated_at"])
def test_a_timestamp_of_another_type_is_a_field_like_others(name: str, kind: FieldType) -> None:
    files = written(Table(name="users", fields=(KEY, Field(name=name, type=kind))))

    model, rules = files["src/models/users.ts"], files["src/validation/users.ts"]
    own = {"createdAt": "created: '_createdAt'", "updatedAt": "updated: '_updatedAt'"}.get(name, "created: 'createdAt'")
    assert own in model
    assert f"{name}: '{kind.value}'," in model
    assert f"  {name}: " in rules


def test_a_unique_timestamp_is_a_field_like_others() -> None:
    files = written(Table(name="users", fields=(KEY, Field(name="createdAt", type=FieldType.DATETIME, unique=True))))

    assert "createdAt: dateTime().required()," in files["src/validation/users.ts"]
    assert "unique: [['createdAt']]" in files["src/models/users.ts"]


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"__proto__": {"admin": True}},
        [{"constructor": "</script>"}],
        {"a": "'); process.exit(); ('"},
        {"a": '"\\\u2028\n', "b": [1.5, None, "\\'"]},
    ],
)
def test_a_default_of_json_is_written_as_json_and_not_as_source(value: object) -> None:
    a = Field(name="a", type=FieldType.JSON, default_value=value)

    rules = written(Table(name="users", fields=(KEY, a)))["src/validation/users.ts"]

    line = re.search(
        r"^    a: json\(\)\.default\(JSON\.parse\(('(?:[^'\\]|\\.)*')\) as object\),$", rules, re.MULTILINE
    )
    assert line is not None
    assert json.loads(ast.literal_eval(line[1])) == value  # the escapes are those that Python has, too


def test_a_composite_index_is_over_both_fields() -> None:
    fields = (KEY, Field(name="state", type=FieldType.STRING), Field(name="rank", type=FieldType.INTEGER))
    table = Table(name="jobs", fields=fields, indexes=(Index(name="i", fields=("state", "rank")),))

    files = written(table)

    properties = json.loads(files["infrastructure/template.json"])["Resources"]["JobsTable"]["Properties"]
    assert [index["KeySchema"] for index in properties["GlobalSecondaryIndexes"]][-1] == [
        {"AttributeName": "state", "KeyType": "HASH"},
        {"AttributeName": "rank", "KeyType": "RANGE"},
    ]
    assert {"AttributeName": "rank", "AttributeType": "N"} in properties["AttributeDefinitions"]
    assert "pairs: [{ field: 'state', range: 'rank' }]," in files["src/models/jobs.ts"]


def test_nothing_is_enforced_that_no_relationship_declares() -> None:
    posts = Table(name="posts", fields=(KEY, Field(name="userId", type=FieldType.STRING)))

    assert "references: []," in written(Table(name="users", fields=(KEY,)), posts)["src/models/posts.ts"]


def test_a_default_is_written_so_that_it_cannot_be_code() -> None:
    evil = Field(name="a", type=FieldType.STRING, default_value="'); process.exit(); ('\n${x}\\\u2028")
    rule = written(Table(name="users", fields=(KEY, evil)))["src/validation/users.ts"]

    assert r"a: string().default('\'); process.exit(); (\'\n${x}\\\u2028')," in rule


def test_a_description_stays_text_in_the_readme() -> None:
    files = written(
        Table(name="users", fields=(KEY,)), project_name="<script>", description="<b>\n# x\x00{{slug}}\ud800"
    )

    assert "> &lt;b&gt; # x {{slug}}" in files["README.md"]
    assert files["README.md"].startswith("# &lt;script&gt;\n")


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,62}", fullmatch=True) | st.sampled_from(
    ["index", "con", "class", "default", "order", "crud", "table", "error", "types", "toString", "createdAt", "userId"]
)


@frozen
class Draft:
    name: str
    key: Field
    others: list[Field]

    def table(self) -> Table:
        """Index every field, and all of them together."""
        fields = (self.key, *self.others)
        names = [field.name for field in fields]
        singles = [Index(name=f"i{number}", fields=(name,)) for number, name in enumerate(names)]
        return Table(name=self.name, fields=fields, indexes=(*singles, Index(name="all", fields=tuple(names))))


def drafts() -> st.SearchStrategy[Draft]:
    field = st.builds(Field, name=NAMES, type=st.sampled_from(FieldType), nullable=st.booleans(), unique=st.booleans())
    key = st.builds(
        Field, name=NAMES, type=st.sampled_from([FieldType.STRING, FieldType.INTEGER]), primary_key=st.just(value=True)
    )
    return st.builds(Draft, name=NAMES, key=key, others=st.lists(field, max_size=6))


SCHEMAS = (
    st.lists(drafts(), min_size=1, max_size=8)
    .map(lambda made: SchemaModel(tables=tuple(draft.table() for draft in made)))
    .filter(lambda schema: not validate(schema))
)


@given(schema=SCHEMAS, project_name=st.text(), description=st.text())
def test_any_schema_gives_safe_unique_paths_and_sound_json(
    schema: SchemaModel, project_name: str, description: str
) -> None:
    files = write_backend(project_name=project_name, description=description, schema=schema)

    tree = Tree()
    assert all(path_fault(path) is None and tree.add(path) for path in files)
    assert all(content.endswith("\n") and content.encode() for content in files.values())
    template = json.loads(files["infrastructure/template.json"])
    package = json.loads(files["package.json"])
    assert len(template["Resources"]) == len(schema.tables) + 2
    assert all(resource.isalnum() for resource in template["Resources"])
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*", package["name"])
    assert encode("boundary", files)


@given(schema=SCHEMAS)
def test_any_schema_gives_tables_that_dynamodb_accepts(schema: SchemaModel) -> None:
    files = write_backend(project_name="x", description="", schema=schema)

    for resource in json.loads(files["infrastructure/template.json"])["Resources"].values():
        table = resource["Properties"]
        indexes = table.get("GlobalSecondaryIndexes", [])
        keys = [table["KeySchema"], *(index["KeySchema"] for index in indexes)]
        assert len(indexes) <= 20
        assert len({index["IndexName"] for index in indexes}) == len(indexes)
        assert all(len({part["AttributeName"] for part in key}) == len(key) for key in keys)
        defined = [attribute["AttributeName"] for attribute in table["AttributeDefinitions"]]
        assert sorted(defined) == sorted({part["AttributeName"] for key in keys for part in key})


@pytest.mark.parametrize("description", ["A blog with posts, tags and comments", "Teams with projects", "rockets"])
def test_the_readme_names_routes_that_there_are(description: str) -> None:
    files = write_backend(project_name="x", description=description, schema=derive_schema(description))

    paths = {re.sub(r"\{\w+\}", "_", path) for path in json.loads(files["openapi.json"])["paths"]}
    api = files["README.md"].partition("## The API")[2].partition("## In production")[0]
    named = re.findall(r"`(?:(?:GET|PUT|POST|DELETE) )?(/\w+(?:\.json)?(?:/(?:<\w+>|\w+))*)`", api)
    assert named != []
    assert {re.sub(r"<\w+>", "_", path) for path in named} <= paths


def test_the_readme_says_how_records_are_linked() -> None:
    posts, tags = Table(name="posts", fields=(KEY,)), Table(name="tags", fields=(KEY,))
    links = Relationship(from_table="posts", to_table="tags", type=RelationshipType.MANY_TO_MANY)

    readme = written(posts, tags, relationships=(links,))["README.md"]

    assert "`PUT /posts/<id>/tags/<other>`, `DELETE /posts/<id>/tags/<other>`" in readme
    assert "`GET /tags/<id>/posts`" in readme


def test_where_nobody_signs_up_the_documents_have_a_command_for_the_first_account_and_no_sign_up() -> None:
    internal = derive_schema(
        "An internal HR tool: managers create employees, employees sign in and see their own salary"
    )
    blog = derive_schema("A blog with posts and comments")

    closed = write_backend(project_name="HR", description="", schema=internal)
    opened = write_backend(project_name="Blog", description="", schema=blog)

    assert internal.accounts is not None
    assert not internal.accounts.sign_up
    assert "| `POST /auth/sign-up` |" not in closed["README.md"]
    assert "`POST /auth/sign-up` is answered with 403" in closed["README.md"]
    assert "/auth/sign-up" not in closed["openapi.json"]
    assert "    npm run account -- <email> admin '{" in closed["README.md"]
    assert "| `POST /auth/sign-up` | the fields of `users` |" in opened["README.md"]
    assert "/auth/sign-up" in opened["openapi.json"]
    for files in (closed, opened):
        assert '"account": "node --env-file-if-exists=.env dist/account.js"' in files["package.json"]


def test_the_readme_says_whose_tokens_are_taken_and_what_signs_them() -> None:
    own = write_backend(project_name="Blog", description="", schema=derive_schema("A blog with posts and comments"))
    others = write_backend(project_name="Rockets", description="", schema=derive_schema("rockets"))

    assert "JWKS_URL" not in own["README.md"]
    assert "the role is what `users.role` says" in own["README.md"]
    assert "`JWT_SECRET` or `JWKS_URL`" in others["README.md"]
    assert "Changed by `PATCH /auth/user` alone." in own["openapi.json"]
