"""The tests of creating a backend's tables from its own template."""

import json
from typing import Any

import pytest

from services.foundation.aws.clients import Aws, connect
from services.platforms.port import DeployFailed
from services.platforms.tables import StackTables


def table(name: str) -> dict[str, Any]:
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": {"Fn::Sub": "${TablePrefix}" + name},
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        },
    }


def template(*names: str) -> str:
    return json.dumps(
        {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Parameters": {"TablePrefix": {"Type": "String"}},
            "Resources": {name.title(): table(name) for name in names},
        }
    )


def tables(aws: Aws, prefix: str) -> list[str]:
    return [name for name in aws.dynamodb.list_tables()["TableNames"] if name.startswith(prefix)]


async def test_tables_get_the_prefix_of_their_site(aws: Aws) -> None:
    await StackTables(aws)(template("users", "posts"), prefix="project_a-", stack="snapinfra-project-a")

    assert tables(aws, "project_a-") == ["project_a-posts", "project_a-users"]


@pytest.mark.parametrize(
    ("stages", "name"),
    [
        (["development", "staging", "production"], "production"),
        (["dev", "prod"], "dev"),  # another's, of whose stages nothing is known
        (None, "dev"),
    ],
)
async def test_tables_elsewhere_are_those_of_production_where_a_template_has_it(
    aws: Aws, stages: list[str] | None, name: str
) -> None:
    default = "dev" if stages is None else stages[0]
    stage = {"Type": "String", "Default": default} | ({"AllowedValues": stages} if stages else {})
    document = json.loads(template("users"))
    document["Parameters"]["Stage"] = stage
    document["Resources"]["Users"]["Properties"]["TableName"] = {"Fn::Sub": "${TablePrefix}${Stage}"}

    prefix = f"project_s{len(stages or [])}-"
    await StackTables(aws, stage="production")(json.dumps(document), prefix=prefix, stack=f"snapinfra-{prefix[8:]}x")

    assert tables(aws, prefix) == [f"{prefix}{name}"]


async def test_a_template_that_aws_would_not_take_is_refused_before_it_is_asked(aws: Aws) -> None:
    sent = json.dumps(json.loads(template("users")), separators=(",", ":"))
    with pytest.raises(DeployFailed, match=rf"{len(sent):,} bytes.*fewer tables or indexes") as refused:
        await StackTables(aws, most_bytes=len(sent) - 1)(template("users"), prefix="project_l-", stack="snapinfra-l")

    assert refused.value.reason == "TABLES_FAILED"
    assert tables(aws, "project_l-") == []

    await StackTables(aws, most_bytes=len(sent))(template("users"), prefix="project_l-", stack="snapinfra-l")

    assert tables(aws, "project_l-") == ["project_l-users"]


async def test_applying_a_template_again_keeps_the_rows(aws: Aws) -> None:
    create = StackTables(aws)
    await create(template("users"), prefix="project_b-", stack="snapinfra-project-b")
    aws.dynamodb.put_item(TableName="project_b-users", Item={"id": {"S": "1"}})

    await create(template("users"), prefix="project_b-", stack="snapinfra-project-b")

    assert aws.dynamodb.scan(TableName="project_b-users")["Count"] == 1


async def test_a_new_template_adds_tables_and_keeps_the_rows_of_the_old_ones(aws: Aws) -> None:
    create = StackTables(aws)
    await create(template("users"), prefix="project_c-", stack="snapinfra-project-c")
    aws.dynamodb.put_item(TableName="project_c-users", Item={"id": {"S": "1"}})

    await create(template("users", "posts"), prefix="project_c-", stack="snapinfra-project-c")

    assert tables(aws, "project_c-") == ["project_c-posts", "project_c-users"]
    assert aws.dynamodb.scan(TableName="project_c-users")["Count"] == 1


async def test_what_ties_others_together_goes_when_a_migrated_template_has_it_no_more(aws: Aws) -> None:
    create = StackTables(aws)
    bare = json.loads(template("users"))
    bare["Metadata"] = {"Migrated": "by itself"}
    bare["Resources"]["Mails"] = {
        "Type": "AWS::SQS::Queue",
        "Properties": {"QueueName": {"Fn::Sub": "${TablePrefix}m"}},
    }
    bare["Resources"]["Events"] = {
        "Type": "AWS::SNS::Topic",
        "Properties": {"TopicName": {"Fn::Sub": "${TablePrefix}e"}},
    }
    tied = json.loads(json.dumps(bare))
    tied["Resources"]["Tie"] = {
        "Type": "AWS::SNS::Subscription",
        "Properties": {
            "TopicArn": {"Ref": "Events"},
            "Protocol": "sqs",
            "Endpoint": {"Fn::GetAtt": ["Mails", "Arn"]},
        },
    }

    await create(json.dumps(tied), prefix="project_t-", stack="snapinfra-project-t")
    before = aws.cloudformation.describe_stack_resources(StackName="snapinfra-project-t")["StackResources"]
    await create(json.dumps(bare), prefix="project_t-", stack="snapinfra-project-t")
    after = aws.cloudformation.describe_stack_resources(StackName="snapinfra-project-t")["StackResources"]

    left = {each["LogicalResourceId"] for each in before} - {
        each["LogicalResourceId"] for each in after if not each["ResourceStatus"].startswith("DELETE")
    }
    assert left == {"Tie"}


async def test_a_template_gets_the_prefix_of_buckets_that_it_declares(aws: Aws) -> None:
    document = json.loads(template("users"))
    document["Parameters"]["BucketPrefix"] = {"Type": "String"}
    document["Resources"]["Files"] = {
        "Type": "AWS::S3::Bucket",
        "Properties": {"BucketName": {"Fn::Sub": "${BucketPrefix}files-${AWS::AccountId}"}},
    }

    await StackTables(aws)(json.dumps(document), prefix="project_B-", stack="snapinfra-project-bucket")

    (resource,) = [
        each
        for each in aws.cloudformation.describe_stack_resources(StackName="snapinfra-project-bucket")["StackResources"]
        if each["LogicalResourceId"] == "Files"
    ]
    assert resource.get("PhysicalResourceId") == "project-b-files-000000000000"


async def test_a_stack_that_failed_is_made_anew(aws: Aws) -> None:
    create = StackTables(aws)
    wrong = json.loads(template("users"))
    wrong["Resources"]["Bad"] = {"Type": "AWS::Nothing::AtAll", "Properties": {}}

    with pytest.raises(DeployFailed) as failure:
        await create(json.dumps(wrong), prefix="project_d-", stack="snapinfra-project-d")
    await create(template("users"), prefix="project_d-", stack="snapinfra-project-d")

    assert failure.value.reason == "TABLES_FAILED"
    assert "AWS::Nothing::AtAll" in failure.value.message
    assert tables(aws, "project_d-") == ["project_d-users"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is not valid JSON"),
        ("not json", "is not valid JSON"),
        ("[" * 50_000, "is nested too deeply"),
        ('{"Parameters":' * 50_000, "is nested too deeply"),
        ("[]", "is not a JSON object"),
        ("5", "is not a JSON object"),
        ("9" * 5000, "is not a JSON object"),
    ],
    ids=["nothing", "words", "lists", "objects", "a list", "a number", "a long number"],
)
async def test_a_template_that_is_no_json_object_is_refused(text: str, why: str, aws: Aws) -> None:
    with pytest.raises(DeployFailed, match=f"the template {why}") as failure:
        await StackTables(aws)(text, prefix="project_e-", stack="snapinfra-project-e")

    assert failure.value.reason == "TABLES_FAILED"


async def test_an_emulator_that_does_not_answer_fails_the_deployment() -> None:
    nobody = connect(region="us-east-1", endpoint="http://127.0.0.1:1")

    with pytest.raises(DeployFailed) as failure:
        await StackTables(nobody)(template("users"), prefix="project_f-", stack="snapinfra-project-f")
    nobody.close()

    assert failure.value.reason == "TABLES_FAILED"
    assert failure.value.message.endswith(" could not be created: AWS does not answer just now.")


def migrated(resources: dict[str, Any]) -> str:
    document = json.loads(template())
    return json.dumps({**document, "Metadata": {"Migrated": "by the backend"}, "Resources": resources})


def indexed(name: str, by: str) -> dict[str, Any]:
    resource = table(name)
    key = [{"AttributeName": by, "KeyType": "HASH"}]
    resource["Properties"]["AttributeDefinitions"].append({"AttributeName": by, "AttributeType": "S"})
    index = {"IndexName": f"by_{by}", "KeySchema": key, "Projection": {"ProjectionType": "ALL"}}
    resource["Properties"]["GlobalSecondaryIndexes"] = [index]
    return resource


async def test_tables_that_a_backend_migrates_keep_their_indexes_until_it_does_and_stay_in_the_stack(aws: Aws) -> None:
    create = StackTables(aws)
    names = {"prefix": "project_m-", "stack": "snapinfra-project-m"}
    before = {"Users": indexed("users", "email"), "Posts": table("posts")}
    await create(migrated(before), **names)

    await create(migrated({"Users": indexed("users", "name"), "Tags": table("tags")}), **names)

    described = aws.dynamodb.describe_table(TableName="project_m-users")["Table"]
    assert [index.get("IndexName") for index in described.get("GlobalSecondaryIndexes", [])] == ["by_email"]
    assert tables(aws, "project_m-") == ["project_m-posts", "project_m-tags", "project_m-users"]
    listed = aws.cloudformation.describe_stack_resources(StackName="snapinfra-project-m")["StackResources"]
    assert sorted(resource["LogicalResourceId"] for resource in listed) == ["Posts", "Tags", "Users"]
    await create(migrated(before), **names)  # a table that comes back is there
