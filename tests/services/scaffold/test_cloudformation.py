"""The CloudFormation templates of a generated backend: its tables and its role."""

import json
from typing import Any

import pytest

from services.designs.schema import Field, FieldType, SchemaModel, Table
from services.scaffold.backend import write_backend
from tests.backends.schemas import EVERY_FEATURE, forty_tables

KEY = Field(name="id", type=FieldType.STRING, primary_key=True)
SMALL = SchemaModel(tables=(Table(name="users", fields=(KEY, Field(name="name", type=FieldType.STRING))),))


def template(schema: SchemaModel, name: str = "template") -> Any:
    files = write_backend(project_name="My Shop", description="A shop", schema=schema)
    return json.loads(files[f"infrastructure/{name}.json"])


@pytest.mark.parametrize("schema", [SMALL, EVERY_FEATURE], ids=["small", "every feature"])
def test_every_table_is_kept_protected_backed_up_encrypted_and_tagged(schema: SchemaModel) -> None:
    resources = template(schema)["Resources"].values()

    for resource in resources:
        properties = resource["Properties"]
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert properties["SSESpecification"] == {"SSEEnabled": True}
        assert properties["DeletionProtectionEnabled"] == {"Fn::If": ["IsProduction", True, False]}
        tags = [{"Key": "Project", "Value": "my-shop"}, {"Key": "Stage", "Value": {"Ref": "Stage"}}]
        assert properties["Tags"] == tags


def test_only_what_the_system_keeps_for_a_while_expires() -> None:
    resources = template(SMALL)["Resources"]

    expiring = {name for name, each in resources.items() if "TimeToLiveSpecification" in each["Properties"]}
    assert expiring == {"SystemRecords"}
    expiry = resources["SystemRecords"]["Properties"]["TimeToLiveSpecification"]
    assert expiry == {"AttributeName": "expiresAt", "Enabled": True}


def test_the_role_may_do_what_the_code_calls_on_its_own_tables_and_their_indexes() -> None:
    role = template(SMALL, "role")["Resources"]

    arn = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TablePrefix}"
    rows, lists = role["Policy1"]["Properties"]["PolicyDocument"]["Statement"]
    assert rows["Action"] == [
        "dynamodb:BatchGetItem",
        "dynamodb:ConditionCheckItem",
        "dynamodb:DeleteItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    ]
    places = ["users", "system-records", "system-references"]
    assert rows["Resource"] == [{"Fn::Sub": f"{arn}{place}"} for place in places]
    assert lists["Action"] == ["dynamodb:Query"]
    queried = ["users/index/*", "system-records/index/*", "system-references"]
    assert lists["Resource"] == [{"Fn::Sub": f"{arn}{place}"} for place in queried]
    assert role["Role"]["Properties"]["ManagedPolicyArns"] == [{"Ref": "Policy1"}]


def test_policies_of_many_tables_are_no_longer_than_iam_takes() -> None:
    role = template(forty_tables(), "role")["Resources"]

    policies = [each["Properties"]["PolicyDocument"] for name, each in role.items() if name != "Role"]
    arns = [place["Fn::Sub"] for each in policies for one in each["Statement"] for place in one["Resource"]]
    twice = 1  # the references are read and queried as a table: they have no index
    assert len(arns) == len(set(arns)) + twice == 2 * len(template(forty_tables())["Resources"])
    assert len(policies) <= 10
    assert all(len(json.dumps(each, separators=(",", ":"))) < 6_144 for each in policies)
