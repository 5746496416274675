"""What writing to a generated backend's tables is said to cost."""

from services.designs.schema import Field, FieldType, Index, Relationship, RelationshipType, SchemaModel, Table
from services.scaffold.backend import write_backend
from services.scaffold.costs import units_to_change, units_to_create
from services.scaffold.plan import plan_tables

KEY = Field(name="id", type=FieldType.STRING, primary_key=True)
USERS = Table(name="users", fields=(KEY, Field(name="email", type=FieldType.STRING, unique=True)))
TEAMS = Table(name="teams", fields=(KEY, Field(name="name", type=FieldType.STRING)))
MEMBERSHIPS = Table(
    name="memberships",
    fields=(KEY, Field(name="userId", type=FieldType.STRING), Field(name="teamId", type=FieldType.STRING)),
    indexes=(Index(name="once", fields=("userId", "teamId"), unique=True),),
)


def refers(parent: str, field: str) -> Relationship:
    return Relationship(
        from_table=parent, to_table="memberships", type=RelationshipType.ONE_TO_MANY, field=field, on_delete=None
    )


SCHEMA = SchemaModel(
    tables=(USERS, TEAMS, MEMBERSHIPS), relationships=(refers("users", "userId"), refers("teams", "teamId"))
)


def test_a_record_is_written_with_its_claims_its_references_and_into_every_index() -> None:
    users, teams, memberships = plan_tables(SCHEMA)

    assert units_to_create(teams) == 2 + 1  # the record in a transaction; the list of all
    assert units_to_create(users) == 2 + 2 + 1  # and the claim of its e-mail
    # and the claim of both, an item and a check for each of two references, and an index for each of these
    assert units_to_create(memberships) == 2 + 2 + 2 * (2 + 2) + 1 + 2
    assert [units_to_change(each) for each in (teams, users, memberships)] == [3, 3, 5]


def test_the_readme_says_it_for_every_table() -> None:
    readme = write_backend(project_name="Teams", description="", schema=SCHEMA)["README.md"]

    assert "| users | 5 | $0.0031 | 3 | $0.0019 |" in readme
    assert "| memberships | 15 | $0.0094 | 5 | $0.0031 |" in readme
