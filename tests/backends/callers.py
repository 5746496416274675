"""Users of a backend that is put to the test, and their tokens."""

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import boto3
import httpx
import jwt

from services.core.tls import trusted
from services.designs.schema import Accounts, Field, FieldAccess, SchemaModel
from tests.backends.building import BackendFailed
from tests.backends.subjects import Subject

SECRET: Final = "a secret of the tests, longer than thirty-two characters"
PASSWORD: Final = "correct horse battery staple"


def client(url: str, token: str | None = None) -> httpx.AsyncClient:
    """Make a client of a backend, with a token where one is given."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(base_url=url, headers=headers, verify=trusted(), trust_env=False, timeout=30)


async def token_of(subject: Subject, url: str, name: str) -> str:
    """Let somebody sign up, or sign their token for an hour where accounts are elsewhere. Raises BackendFailed."""
    accounts = subject.schema.accounts
    if accounts is None:
        return jwt.encode({"sub": name, "exp": int(time.time()) + 3600}, SECRET, algorithm="HS256")
    async with client(url) as http:
        answer = await http.post("/auth/sign-up", json=_fields(subject.schema, accounts, name))
    if answer.status_code != HTTPStatus.CREATED:
        raise BackendFailed(f"sign-up: {answer.status_code} {answer.text}")
    return answer.json()["accessToken"]


async def admin_of(subject: Subject, url: str, environment: Mapping[str, str], name: str = "admin") -> str:
    """Make an admin, as whoever runs the backend does: in the database. Raises BackendFailed."""
    accounts = subject.schema.accounts
    if accounts is None or accounts.role is None:
        return await token_of(subject, url, name)
    token = await token_of(subject, url, name)
    async with client(url, token) as http:
        user = (await http.get("/auth/user")).json()
    key = next(field.name for field in _table(subject.schema, accounts) if field.primary_key)
    _set(f"{environment['TABLE_PREFIX']}{accounts.table}", {key: user[key]}, accounts.role, "admin", environment)
    return token


def _set(table: str, key: Mapping[str, str], field: str, value: str, environment: Mapping[str, str]) -> None:
    dynamodb = boto3.client(  # pyright: ignore[reportUnknownMemberType] - stubs of other parts of AWS are not installed
        "dynamodb",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    dynamodb.update_item(
        TableName=table,
        Key={name: {"S": text} for name, text in key.items()},
        UpdateExpression="SET #field = :value",
        ExpressionAttributeNames={"#field": field},
        ExpressionAttributeValues={":value": {"S": value}},
    )


def _fields(schema: SchemaModel, accounts: Accounts, name: str) -> dict[str, str]:
    """What somebody must say of themselves to sign up."""
    given = {accounts.login: f"{name}@example.com", accounts.password: PASSWORD}
    return {field.name: given.get(field.name, name) for field in _table(schema, accounts) if _is_asked(field)}


def _table(schema: SchemaModel, accounts: Accounts) -> tuple[Field, ...]:
    return next(table.fields for table in schema.tables if table.name == accounts.table)


def _is_asked(field: Field) -> bool:
    is_set = field.access in {FieldAccess.READ_ONLY, FieldAccess.MANAGED}
    return not (field.primary_key or field.nullable or is_set or field.default_value is not None)
