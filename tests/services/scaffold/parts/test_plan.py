"""Tests of which parts are planned, and of their names."""

import re

from services.designs.architecture import ArchitectureModel, Node, NodeKind
from services.designs.schema import Field, FieldType, SchemaModel, Table
from services.scaffold.parts.plan import PartsPlan, plan_parts
from services.scaffold.plan import plan_tables

KEY = Field(name="id", type=FieldType.STRING, primary_key=True)
TABLES = plan_tables(
    SchemaModel(tables=(Table(name="order_items", fields=(KEY,)), Table(name="photos", fields=(KEY,))))
)


def planned(*names: str) -> PartsPlan:
    nodes = (Node(id=f"n{at}", kind=NodeKind.BUCKET, name=name) for at, name in enumerate(names))
    return plan_parts(ArchitectureModel(tuple(nodes)), TABLES)


def test_a_part_is_called_as_it_was_drawn_without_what_says_its_kind() -> None:
    (bucket,) = planned("User Avatars (S3 bucket)").buckets

    names = bucket.names
    assert (names.variable, names.route, names.setting) == ("userAvatars", "user-avatars", "USER_AVATARS")
    assert (names.physical, names.resource) == ("user-avatars", "UserAvatarsBucket")


def test_no_two_parts_and_no_table_and_no_route_of_the_server_have_one_name() -> None:
    plan = planned("Photos", "photos bucket", "Order items", "health", "S3", "Bucket", "オブジェクト", "2024 files")

    routes = [bucket.names.route for bucket in plan.buckets]
    assert routes == [
        "photos-bucket",
        "photos-2",
        "order-items-bucket",
        "health-bucket",
        "bucket",
        "bucket-2",
        "bucket-3",
        "bucket-2024-files",
    ]


def test_names_fit_where_they_are() -> None:
    plan = planned("x" * 100, "Documents that customers send us in December", "Documents that customers send us in May")

    for bucket in plan.buckets:
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,13}", bucket.names.physical)
        assert re.fullmatch(r"[a-z][A-Za-z0-9]*", bucket.names.variable)
    assert len({bucket.names.physical for bucket in plan.buckets}) == 3


def test_without_an_architecture_there_are_no_parts() -> None:
    assert plan_parts(None, TABLES).is_empty
    assert plan_parts(ArchitectureModel((Node(id="a", kind=NodeKind.API, name="Shop"),)), TABLES).is_empty
