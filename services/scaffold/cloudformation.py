"""The CloudFormation template of a backend's DynamoDB tables."""

import json
from collections.abc import Sequence
from typing import Any

from services.scaffold.plan import TablePlan
from services.scaffold.relations import NUMBERS

_KIND = "_kind"
_ALL = "all"
_SYSTEM = "system-records"


def template(tables: Sequence[TablePlan], *, slug: str, prefix: str) -> str:
    """Write the template as indented JSON. Tables outlive the stack: deleting it deletes no data."""
    resources = {table.names.resource: _resource(table.name, _properties(table)) for table in tables}
    resources["SystemRecords"] = _resource(_SYSTEM, {"AttributeDefinitions": [_attribute("key", "S")], **_key("key")})
    document = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"DynamoDB tables of {slug}",
        "Parameters": {
            "TablePrefix": {
                "Type": "String",
                "Default": prefix,
                "AllowedPattern": "[A-Za-z0-9_.-]{2,100}",
                "Description": "What the names of all tables begin with; TABLE_PREFIX of the backend",
            }
        },
        "Resources": resources,
    }
    return json.dumps(document, indent=2) + "\n"


def _resource(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "TableName": {"Fn::Sub": f"${{TablePrefix}}{name}"},
            "BillingMode": "PAY_PER_REQUEST",
            **properties,
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
    return {"IndexName": name, **_key(hash_key, range_key), "Projection": {"ProjectionType": "ALL"}}


def _key(hash_key: str, range_key: str | None = None) -> dict[str, Any]:
    parts = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    if range_key is not None:
        parts.append({"AttributeName": range_key, "KeyType": "RANGE"})
    return {"KeySchema": parts}
