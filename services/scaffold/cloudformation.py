"""The CloudFormation templates of a backend: its tables and parts, and the role that may use them."""

import json
from collections.abc import Sequence
from typing import Any

from services.scaffold.parts import infrastructure
from services.scaffold.parts.plan import PartsPlan
from services.scaffold.plan import TablePlan
from services.scaffold.relations import NUMBERS

_KIND = "_kind"
_ALL = "all"
_SYSTEM = "system-records"
_REFERENCES = "system-references"
_EXPIRY = "expiresAt"
"""As in src/services/idempotency.ts: the second after which DynamoDB may remove a record of the system."""
_PRODUCTION = "IsProduction"
_RECORDS = (
    "dynamodb:BatchGetItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
)
"""What the calls of src/services need; those of a transaction are allowed one by one."""
_TABLES_IN_A_POLICY = 12
"""With the longest names, 5,100 of the 6,144 characters that IAM gives a policy."""


def template(tables: Sequence[TablePlan], parts: PartsPlan, *, slug: str, prefix: str) -> str:
    """Write the template of the tables as indented JSON. They outlive the stack: deleting it deletes no data."""
    resources = {table.names.resource: _resource(table.name, _properties(table), slug) for table in tables}
    system = {
        "AttributeDefinitions": [_attribute("key", "S")],
        **_key("key"),
        "TimeToLiveSpecification": {"AttributeName": _EXPIRY, "Enabled": True},
    }
    resources["SystemRecords"] = _resource(_SYSTEM, system, slug)
    references = {
        "AttributeDefinitions": [_attribute("parent", "S"), _attribute("child", "S")],
        **_key("parent", "child"),
    }
    resources["SystemReferences"] = _resource(_REFERENCES, references, slug)
    resources |= infrastructure.resources(parts, _tags(slug, with_stage=True))
    stage = {
        "Type": "String",
        "Default": "development",
        "AllowedValues": ["development", "staging", "production"],
        "Description": "In production, tables cannot be deleted before their protection is turned off",
    }
    document = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"DynamoDB tables of {slug}",
        "Metadata": {"Migrated": "Indexes of tables that are there are created and dropped by `npm run migrate`."},
        "Parameters": _parameters(parts, prefix) | {"Stage": stage},
        "Conditions": {_PRODUCTION: {"Fn::Equals": [{"Ref": "Stage"}, "production"]}},
        "Resources": resources,
        "Outputs": {
            "TablePrefix": {"Description": "TABLE_PREFIX of the backend", "Value": {"Ref": "TablePrefix"}},
            **{f"{name}Arn": {"Value": arn} for name, each in resources.items() if (arn := _arn(name, each))},
        },
    }
    return json.dumps(document, indent=2) + "\n"


def _arn(name: str, resource: dict[str, Any]) -> dict[str, Any] | None:
    """Return where CloudFormation has the ARN of a resource; None for what has none."""
    match resource["Type"]:
        case "AWS::SNS::Topic":
            return {"Ref": name}
        case "AWS::SNS::Subscription" | "AWS::SQS::QueuePolicy":
            return None
        case _:
            return {"Fn::GetAtt": [name, "Arn"]}


def role_template(tables: Sequence[TablePlan], parts: PartsPlan, *, slug: str, prefix: str) -> str:
    """Write the template of the role that a backend in AWS takes: what its code calls, on what is its own alone.

    A template of its own: who creates tables need not be allowed to create roles.
    """
    names = [*(table.name for table in tables), _SYSTEM, _REFERENCES]
    groups = [names[start : start + _TABLES_IN_A_POLICY] for start in range(0, len(names), _TABLES_IN_A_POLICY)]
    statements = [*map(_of_tables, groups), *infrastructure.policies(parts)]
    policies = {f"Policy{number}": _managed(each) for number, each in enumerate(statements, start=1)}
    trust = {"Effect": "Allow", "Principal": {"Service": [{"Ref": "Service"}]}, "Action": ["sts:AssumeRole"]}
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": _policy(trust),
            "ManagedPolicyArns": [{"Ref": name} for name in policies],
            "Tags": _tags(slug),
        },
    }
    service = {"Type": "String", "Default": "ecs-tasks.amazonaws.com", "Description": "Who takes the role"}
    document = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"The role of {slug}: what its code calls, on its own tables alone",
        "Parameters": _parameters(parts, prefix) | {"Service": service},
        "Resources": {**policies, "Role": role},
        "Outputs": {
            "RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}},
            **{f"{name}Arn": {"Value": {"Ref": name}} for name in policies},
        },
    }
    return json.dumps(document, indent=2) + "\n"


def _of_tables(names: Sequence[str]) -> list[dict[str, Any]]:
    rows = {"Effect": "Allow", "Action": list(_RECORDS), "Resource": _arns(names)}
    lists = {"Effect": "Allow", "Action": ["dynamodb:Query"], "Resource": _arns([_listed(name) for name in names])}
    return [rows, lists]


def _managed(statements: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": _policy(*statements)}}


def _listed(name: str) -> str:
    """Return what is queried of a table: its indexes; of the references, which have none, the table."""
    return name if name == _REFERENCES else f"{name}/index/*"


def _parameters(parts: PartsPlan, prefix: str) -> dict[str, Any]:
    table_prefix = {
        "Type": "String",
        "Default": prefix,
        "AllowedPattern": "[A-Za-z0-9_.-]{2,100}",
        "Description": "What the names of all tables begin with; TABLE_PREFIX of the backend",
    }
    return {"TablePrefix": table_prefix, **infrastructure.parameters(parts, prefix)}


def _arns(places: Sequence[str]) -> list[dict[str, str]]:
    table = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TablePrefix}"
    return [{"Fn::Sub": f"{table}{place}"} for place in places]


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _tags(slug: str, *, with_stage: bool = False) -> list[dict[str, Any]]:
    stage = [{"Key": "Stage", "Value": {"Ref": "Stage"}}] if with_stage else []
    return [{"Key": "Project", "Value": slug}, *stage]


def _resource(name: str, properties: dict[str, Any], slug: str) -> dict[str, Any]:
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "TableName": {"Fn::Sub": f"${{TablePrefix}}{name}"},
            "BillingMode": "PAY_PER_REQUEST",
            **properties,
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "SSESpecification": {"SSEEnabled": True},
            "DeletionProtectionEnabled": {"Fn::If": [_PRODUCTION, True, False]},
            "Tags": _tags(slug, with_stage=True),
        },
    }


def _properties(table: TablePlan) -> dict[str, Any]:
    attributes = {table.key.name: _scalar(table, table.key.name), _KIND: "S", table.created: "S"}
    attributes |= {name: _scalar(table, name) for name in table.indexed}
    attributes |= {name: _scalar(table, name) for pair in table.pairs for name in (pair.field, pair.range)}
    indexes = [_index(_ALL, _KIND, table.created)]
    indexes += [_index(f"by_{name}", name, table.created) for name in table.indexed]
    indexes += [_index(f"by_{pair.field}.{pair.range}", pair.field, pair.range) for pair in table.pairs]
    return {
        "AttributeDefinitions": [_attribute(name, kind) for name, kind in attributes.items()],
        **_key(table.key.name),
        "GlobalSecondaryIndexes": indexes,
    }


def _scalar(table: TablePlan, name: str) -> str:
    return "N" if table.field(name).type in NUMBERS else "S"


def _attribute(name: str, kind: str) -> dict[str, str]:
    return {"AttributeName": name, "AttributeType": kind}


def _index(name: str, hash_key: str, range_key: str) -> dict[str, Any]:
    """Lists show whole records, so an index has all of them: what it leaves out would be read again, one by one."""
    return {"IndexName": name, **_key(hash_key, range_key), "Projection": {"ProjectionType": "ALL"}}


def _key(hash_key: str, range_key: str | None = None) -> dict[str, Any]:
    parts = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    if range_key is not None:
        parts.append({"AttributeName": range_key, "KeyType": "RANGE"})
    return {"KeySchema": parts}
