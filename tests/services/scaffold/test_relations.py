"""The tests of what the scaffold completes of a schema's relationships."""

import pytest

from services.designs.schema import Field, FieldType, OnDelete, Relationship, RelationshipType, SchemaModel, Table
from services.designs.validation import validate
from services.scaffold.plan import LinkSide, TablePlan, plan_tables
from services.scaffold.relations import explicit

KEY = Field(name="id", type=FieldType.STRING, primary_key=True)
ONE_MANY, ONE_ONE, MANY_MANY = (
    RelationshipType.ONE_TO_MANY,
    RelationshipType.ONE_TO_ONE,
    RelationshipType.MANY_TO_MANY,
)


def table(name: str, *fields: Field) -> Table:
    return Table(name=name, fields=(KEY, *fields))


def text(name: str, *, nullable: bool = False) -> Field:
    return Field(name=name, type=FieldType.STRING, nullable=nullable)


def related(
    parent: str,
    child: str,
    kind: RelationshipType = ONE_MANY,
    *,
    field: str | None = None,
    on_delete: OnDelete | None = None,
    through: str | None = None,
) -> Relationship:
    return Relationship(from_table=parent, to_table=child, type=kind, field=field, on_delete=on_delete, through=through)


def planned(*tables: Table, relationships: tuple[Relationship, ...]) -> dict[str, TablePlan]:
    schema = SchemaModel(tables=tables, relationships=relationships)
    assert validate(schema) == []
    return {plan.name: plan for plan in plan_tables(schema)}


def references(plan: TablePlan) -> list[tuple[str, str, bool, OnDelete]]:
    return [(one.field, one.table, one.nullable, one.on_delete) for one in plan.references]


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        (["userId"], "userId"),
        (["user_id"], "user_id"),
        (["usersId"], "usersId"),
        (["authorUserId"], "authorUserId"),
        (["authorUserId", "userId"], "userId"),
        (["authorUserId", "editorUserId"], "userId"),
        (["author"], "userId"),
    ],
)
def test_a_relationship_without_a_field_takes_the_one_that_is_named_for_its_parent_or_gets_one(
    columns: list[str], field: str
) -> None:
    posts = table("posts", *map(text, columns))
    plan = planned(table("users"), posts, relationships=(related("users", "posts"),))["posts"]

    assert references(plan) == [(field, "users", False, OnDelete.RESTRICT)]
    assert field in [column.name for column in plan.fields]


def test_a_field_is_made_of_the_type_of_the_key_that_it_refers_to() -> None:
    users = Table(name="users", fields=(Field(name="number", type=FieldType.INTEGER, primary_key=True),))
    links = (related("users", "posts", field="writtenBy", on_delete=OnDelete.SET_NULL),)

    made = planned(users, table("posts"), relationships=links)["posts"].field("writtenBy")

    assert (made.type, made.nullable) == (FieldType.INTEGER, True)


def test_several_relationships_of_two_tables_have_a_field_each() -> None:
    posts = table("posts", text("authorId"), text("editorId", nullable=True))
    plan = planned(
        table("users"),
        posts,
        relationships=(
            related("users", "posts", field="authorId", on_delete=OnDelete.CASCADE),
            related("users", "posts", field="editorId", on_delete=OnDelete.SET_NULL),
        ),
    )["posts"]

    assert references(plan) == [
        ("authorId", "users", False, OnDelete.CASCADE),
        ("editorId", "users", True, OnDelete.SET_NULL),
    ]


def test_one_to_one_is_unique() -> None:
    plan = planned(table("users"), table("profiles"), relationships=(related("users", "profiles", ONE_ONE),))

    assert plan["profiles"].unique == (("userId",),)


def test_a_reference_to_its_own_table_may_be_null_and_is_checked() -> None:
    made = planned(table("tasks"), relationships=(related("tasks", "tasks"),))
    declared = planned(table("tasks", text("parentId")), relationships=(related("tasks", "tasks", field="parentId"),))

    assert references(made["tasks"]) == [("taskId", "tasks", True, OnDelete.RESTRICT)]
    assert references(declared["tasks"]) == [("parentId", "tasks", True, OnDelete.RESTRICT)]


def test_references_that_need_each_other_are_both_checked_and_one_of_them_may_be_null() -> None:
    plan = planned(
        table("users", text("teamId")),
        table("teams", text("userId")),
        relationships=(related("teams", "users"), related("users", "teams")),
    )

    assert references(plan["users"]) == [("teamId", "teams", False, OnDelete.RESTRICT)]
    assert references(plan["teams"]) == [("userId", "users", True, OnDelete.RESTRICT)]
    assert plan["teams"].field("userId").nullable


def test_many_to_many_gets_a_table_of_links_that_go_with_either_side() -> None:
    plan = planned(table("posts"), table("tags"), relationships=(related("posts", "tags", MANY_MANY),))

    assert plan["post_tags"].is_made
    assert references(plan["post_tags"]) == [
        ("postId", "posts", False, OnDelete.CASCADE),
        ("tagId", "tags", False, OnDelete.CASCADE),
    ]
    side = LinkSide("tags", "post_tags", "postId", "tags", "tagId", is_writable=True, is_changed=True)
    assert plan["posts"].links == (side,)
    assert plan["tags"].links == (
        LinkSide("posts", "post_tags", "tagId", "posts", "postId", is_writable=True, is_changed=False),
    )


def test_many_to_many_goes_through_a_table_of_the_schema() -> None:
    plan = planned(
        table("users"),
        table("teams"),
        table("memberships", text("teamId"), text("userId"), text("role")),
        relationships=(
            related("users", "teams", MANY_MANY, through="memberships"),
            related("users", "memberships", on_delete=OnDelete.RESTRICT),
        ),
    )

    assert list(plan) == ["users", "teams", "memberships"]
    assert not plan["memberships"].is_made
    assert references(plan["memberships"]) == [
        ("userId", "users", False, OnDelete.RESTRICT),
        ("teamId", "teams", False, OnDelete.CASCADE),
    ]
    assert [(link.path, link.is_writable) for link in plan["users"].links] == [("teams", False)]


def test_a_table_of_many_to_many_with_itself_has_a_path_for_each_direction() -> None:
    plan = planned(table("users"), relationships=(related("users", "users", MANY_MANY, through="follows"),))

    assert [(one.path, one.field, one.other) for one in plan["users"].links] == [
        ("otherUser", "userId", "otherUserId"),
        ("user", "otherUserId", "userId"),
    ]


def test_a_path_of_links_is_not_that_of_children() -> None:
    plan = planned(
        table("users"),
        table("posts", text("userId")),
        relationships=(related("users", "posts"), related("users", "posts", MANY_MANY, through="likes")),
    )

    assert [one.path for one in plan["users"].links] == ["likes_posts"]
    assert [one.path for one in plan["posts"].links] == ["users"]


def test_what_is_complete_is_left_as_it_is() -> None:
    schema = SchemaModel(
        tables=(table("users"), table("posts", text("userId")), table("tags")),
        relationships=(related("users", "posts"), related("posts", "tags", MANY_MANY)),
    )

    once = explicit(schema).schema

    assert explicit(once).schema == once
