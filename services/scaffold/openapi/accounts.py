"""The operations on accounts and sessions, as OpenAPI describes them."""

from collections.abc import Sequence
from typing import Any, Final

from services.designs.schema import Accounts, Field
from services.scaffold.identifiers import address_of, identifiers
from services.scaffold.openapi import answers
from services.scaffold.openapi.schemas import LONGEST_PASSWORD, SHORTEST_PASSWORD, Json, reference_to, sent
from services.scaffold.plan import TablePlan

_TAG: Final = "accounts"
TAG: Final[Json] = {"name": _TAG, "description": "Accounts, and the sessions of those who are signed in."}
_TEXT: Final[Json] = {"type": "string", "minLength": 1, "maxLength": 1000}
_SECRET: Final[Json] = {**_TEXT, "writeOnly": True}
_PASSWORD: Final[Json] = {
    "type": "string",
    "minLength": SHORTEST_PASSWORD,
    "maxLength": LONGEST_PASSWORD,
    "writeOnly": True,
}
_TOKENS: Final[Json] = {
    "accessToken": {"type": "string", "description": "For the header Authorization."},
    "expiresIn": {"type": "integer", "minimum": 1, "description": "Seconds for which the token is good."},
    "refreshToken": {"type": "string", "description": "For one refresh."},
}
_MOMENT: Final[Json] = {"type": "string", "format": "date-time"}
_SESSION: Final[Json] = {
    "id": {"type": "string"},
    "agent": {"type": "string", "description": "The User-Agent that it began with."},
    "createdAt": _MOMENT,
    "usedAt": _MOMENT,
    "expiresAt": _MOMENT,
    "isCurrent": {"type": "boolean", "description": "Whether it is that of the request."},
}


def schemas(table: TablePlan) -> dict[str, Json]:
    """Return the schemas that only these operations have, by name."""
    tokens = _object(_TOKENS)
    signed_in = _object({**_TOKENS, "user": reference_to(table.names.type)})
    return {"Tokens": tokens, "SignedIn": signed_in, "Session": _object(_SESSION)}


def paths(accounts: Accounts, table: TablePlan) -> dict[str, Json]:
    """Return the paths under `/auth`."""
    password = next((field for field in table.fields if field.name == accounts.password), None)
    rules = password.rules if password is not None else None
    least = rules.min_length if rules is not None and rules.min_length is not None else SHORTEST_PASSWORD
    most = rules.max_length if rules is not None and rules.max_length is not None else LONGEST_PASSWORD
    new = {**_PASSWORD, "minLength": least, "maxLength": most}
    login = {accounts.login: _TEXT}
    known_by = [field for field in table.fields if field.name in list(identifiers(table.fields, accounts))]
    return {
        **(_sign_up(table) if accounts.sign_up else {}),
        "/auth/sign-in": _post(
            "signIn", "Sign in", _object({**login, "password": _SECRET}), {"200": _answer("SignedIn", "Tokens.")}
        ),
        "/auth/refresh": _post(
            "refreshTokens", "Get new tokens", _object({"refreshToken": _SECRET}), {"200": _answer("Tokens", "Tokens.")}
        ),
        "/auth/sign-out": _post("signOut", "End this session", None, _NOTHING, is_open=False),
        "/auth/sign-out-everywhere": _post("signOutEverywhere", "End all sessions", None, _NOTHING, is_open=False),
        "/auth/password": _post(
            "changePassword",
            "Change the password",
            _object({"current": _SECRET, "password": new}),
            _NOTHING,
            (403, 409),
            is_open=False,
        ),
        **(_resets(login, new) if address_of(table.fields, accounts) is not None else {}),
        "/auth/user": {
            "get": _read("readCurrentUser", "Read the account of the token", reference_to(table.names.type)),
            **(_change_of(known_by, table) if known_by else {}),
        },
        "/auth/sessions": {
            "get": _read(
                "listSessions",
                "List the sessions of the account",
                _object({"items": {"type": "array", "items": reference_to("Session")}}),
            )
        },
        "/auth/sessions/{id}": {
            "parameters": [
                {
                    "name": "id",
                    "in": "path",
                    "required": True,
                    "description": "The session's `id`.",
                    "schema": {"type": "string", "minLength": 1},
                }
            ],
            "delete": _operation("endSession", "End a session", is_open=False)
            | {"responses": {**_NOTHING, **answers.refusals(*answers.ALWAYS, 404)}},
        },
    }


def _sign_up(table: TablePlan) -> dict[str, Json]:
    return {
        "/auth/sign-up": _post(
            "signUp",
            "Make an account, and sign in",
            reference_to(f"{table.names.type}Create"),
            {"201": _answer("SignedIn", "The account, and the tokens of its first session.")},
            (403, 409),
        )
    }


def _resets(login: Json, new: Json) -> dict[str, Json]:
    return {
        "/auth/password-reset": _post(
            "requestPasswordReset",
            "Ask for a mail with which to choose a new password",
            _object(login),
            {
                "202": {
                    "description": "If there is such an account, a mail is on its way.",
                    "content": answers.json_of(_object({"message": {"type": "string"}})),
                }
            },
        ),
        "/auth/password-reset/confirm": _post(
            "confirmPasswordReset",
            "Choose a new password, with the token of the mail",
            _object({"token": _SECRET, "password": new}),
            _NOTHING,
            (403, 409),
        ),
    }


def _change_of(fields: Sequence[Field], table: TablePlan) -> Json:
    properties = {"current": _SECRET} | {field.name: sent(table, field) for field in fields}
    body = {"type": "object", "properties": properties, "required": ["current"], "minProperties": 2}
    summary = "Change what the account is known by, or reached at"
    patch = _post("changeCurrentUser", summary, body, {}, (403, 409), is_open=False)["post"]
    patch["responses"]["200"] = {
        "description": "It is so now; all other sessions have ended.",
        "content": answers.json_of(reference_to(table.names.type)),
    }
    return {"patch": patch}


_NOTHING: Final[Json] = {"204": {"description": "It is so now."}}


def _post(
    operation: str,
    summary: str,
    body: Json | None,
    responses: Json,
    refusals: Sequence[int] = (),
    *,
    is_open: bool = True,
) -> Json:
    content = {} if body is None else {"requestBody": {"required": True, "content": answers.json_of(body)}}
    refused = answers.refusals(*answers.ALWAYS, 413, 415, *refusals)
    return {
        "post": {**_operation(operation, summary, is_open=is_open), **content, "responses": {**responses, **refused}}
    }


def _read(operation: str, summary: str, schema: Json) -> Json:
    responses = {
        "200": {"description": "As asked for.", "content": answers.json_of(schema)},
        **answers.refusals(*answers.ALWAYS, 404),
    }
    return _operation(operation, summary, is_open=False) | {"responses": responses}


def _operation(operation: str, summary: str, *, is_open: bool) -> dict[str, Any]:
    return {
        "operationId": operation,
        "summary": summary,
        "description": f"{summary}. {'Needs no token.' if is_open else 'Needs a token.'}",
        "tags": [_TAG],
        "security": [] if is_open else [{"token": []}],
    }


def _answer(name: str, description: str) -> Json:
    return {"description": description, "content": answers.json_of(reference_to(name))}


def _object(properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}
