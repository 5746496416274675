"""Tests of the OpenAPI document of a backend."""

import json
import re
from typing import Any

import pytest

from services.designs.schema import SchemaModel
from services.scaffold.backend import write_backend
from services.scaffold.schema import derive_schema
from tests.backends.schemas import EVERY_FEATURE

USERS_AND_TEAMS = derive_schema("Build a user management API with teams and roles")


def document(schema: SchemaModel) -> dict[str, Any]:
    return json.loads(write_backend(project_name="Trial", description="A trial", schema=schema)["openapi.json"])


@pytest.mark.parametrize("schema", [USERS_AND_TEAMS, EVERY_FEATURE], ids=["derived", "every feature"])
def test_everything_that_is_referred_to_is_there_and_operations_have_names_of_their_own(schema: SchemaModel) -> None:
    whole = document(schema)
    there = {f"#/components/{kind}/{name}" for kind, parts in whole["components"].items() for name in parts}
    operations = [
        operation["operationId"]
        for item in whole["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    ]

    assert set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(whole))) <= there
    assert len(operations) == len(set(operations))
    assert whole["openapi"] == "3.1.0"


def test_every_table_has_its_paths_and_those_of_what_refers_to_it() -> None:
    paths = document(EVERY_FEATURE)["paths"]

    assert set(paths["/books"]) == {"get", "post"}
    assert set(paths["/books/{id}"]) == {"parameters", "get", "put", "patch", "delete"}
    assert set(paths["/teams/{id}/memberships"]) == {"parameters", "get"}
    assert set(paths["/tasks/{id}/labels/{other}"]) == {"parameters", "put", "delete"}
    assert "/auth/sign-in" in paths


def test_fields_have_their_rules_and_secrets_are_only_sent() -> None:
    schemas = document(EVERY_FEATURE)["components"]["schemas"]

    assert "password" not in schemas["User"]["properties"]
    assert schemas["UserCreate"]["properties"]["password"] == {
        "type": "string",
        "minLength": 12,
        "maxLength": 200,
        "writeOnly": True,
        "description": "Changed by `POST /auth/password` alone.",
    }
    assert schemas["BookCreate"]["properties"]["isbn"]["pattern"] == "^(?:97[89][0-9]{10})$"
    assert schemas["BookCreate"]["required"] == ["isbn", "title", "price"]
    assert schemas["TaskPatch"]["properties"]["priority"] == {"type": "integer", "minimum": 1, "maximum": 5}
    assert schemas["Order"]["properties"]["status"]["readOnly"] is True
    assert "status" not in schemas["OrderCreate"]["properties"]


def test_filters_are_of_what_is_indexed_or_unique_with_ranges_where_values_have_an_order() -> None:
    filters = {
        parameter["name"]
        for parameter in document(EVERY_FEATURE)["paths"]["/tasks"]["get"]["parameters"]
        if "name" in parameter
    }

    assert {"projectId", "status", "priority", "priority[gte]", "createdAt[lt]", "sort", "expand"} <= filters
    assert not {"title", "estimate", "status[gte]"} & filters


def test_a_document_says_who_may() -> None:
    paths = document(EVERY_FEATURE)["paths"]

    assert paths["/books"]["get"]["security"] == [{"token": []}, {}]
    assert paths["/books"]["post"]["security"] == [{"token": []}]
    assert paths["/books"]["post"]["description"] == "Who may: users with the role `admin`."
    assert paths["/audit_entries"]["get"]["description"].endswith("Who may: nobody.")
