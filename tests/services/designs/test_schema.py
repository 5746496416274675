"""What a schema's JSON promises: what has its default is not in it, and JSON of before is read."""

import pytest

from services.core.errors import Invalid
from services.designs.schema import Api, FieldAccess, decode, encode
from tests.backends.schemas import EVERY_FEATURE

BEFORE = b"""{
  "tables": [{
    "name": "users",
    "fields": [{
      "name": "id", "type": "STRING", "nullable": false, "primaryKey": true, "unique": false, "defaultValue": null
    }],
    "indexes": []
  }],
  "relationships": [{"fromTable": "users", "toTable": "users", "type": "MANY_TO_MANY", "onDelete": null}]
}"""


def test_json_of_before_there_were_policies_is_read() -> None:
    schema = decode(BEFORE)

    (field,) = schema.tables[0].fields
    assert (field.access, field.secrecy, field.rules, field.former_names) == (FieldAccess.READ_WRITE, None, None, ())
    assert (schema.tables[0].policy, schema.default_policy, schema.accounts, schema.teams) == (None, None, None, None)
    assert schema.api is Api.REST


def test_what_has_its_default_is_not_written() -> None:
    assert encode(decode(BEFORE)) == (
        b'{"tables":[{"name":"users","fields":[{"name":"id","type":"STRING","primaryKey":true}]}],'
        b'"relationships":[{"fromTable":"users","toTable":"users","type":"MANY_TO_MANY"}]}'
    )


def test_what_is_written_is_read_again() -> None:
    assert decode(encode(EVERY_FEATURE)) == EVERY_FEATURE


def test_what_a_schema_does_not_know_is_refused() -> None:
    with pytest.raises(Invalid, match="rules"):
        decode(b'{"tables": [{"name": "a", "fields": [{"name": "id", "type": "STRING", "rules": {"colour": "red"}}]}]}')
