"""GitHub's published description of its REST API, reduced to what pushes call: `schemas/github.json`.

After a push calls more, reduce the whole description anew (github.com/github/rest-api-description, MIT):

    .venv/bin/python -m tests.fakes.targets.github_schema api.github.com.json
"""

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import jsonschema

REDUCED: Final = Path(__file__).parent / "schemas" / "github.json"
CALLED: Final = (
    "GET /user",
    "POST /user/repos",
    "POST /orgs/{org}/repos",
    "GET /repos/{owner}/{repo}",
    "GET /repos/{owner}/{repo}/git/ref/{ref}",
    "GET /repos/{owner}/{repo}/commits",
    "GET /repos/{owner}/{repo}/git/trees/{tree_sha}",
    "GET /repos/{owner}/{repo}/git/blobs/{file_sha}",
    "PUT /repos/{owner}/{repo}/contents/{path}",
    "POST /repos/{owner}/{repo}/git/blobs",
    "POST /repos/{owner}/{repo}/git/trees",
    "POST /repos/{owner}/{repo}/git/commits",
    "POST /repos/{owner}/{repo}/git/refs",
    "PATCH /repos/{owner}/{repo}/git/refs/{ref}",
    "GET /repos/{owner}/{repo}/compare/{basehead}",
    "POST /repos/{owner}/{repo}/merges",
    "GET /repos/{owner}/{repo}/pulls",
    "POST /repos/{owner}/{repo}/pulls",
)
_LEFT_OUT: Final = {"description", "title", "externalDocs", "deprecated", "discriminator", "examples", "nullable"}
_WORDS: Final = {"oneOf": "anyOf"}
"""What GitHub writes, by what it means: of its errors, one type takes all that is of another."""
_ANY_ERROR: Final = {"$ref": "#/$defs/basic-error"}
_Json = dict[str, Any]


@cache
def _published() -> _Json:
    return json.loads(REDUCED.read_text(encoding="utf-8"))


@cache
def _validator(operation: str, part: str) -> Any:
    """Return what checks the `request` of an operation, or its answer of a status."""
    described = _published()["operations"][operation]
    schema = described["request"] if part == "request" else described["answers"].get(part) or _ANY_ERROR
    return jsonschema.Draft202012Validator({**schema, "$defs": _published()["$defs"]})


def require_valid_request(operation: str, body: object) -> None:
    """Raise jsonschema.ValidationError for a request that is not as GitHub describes it."""
    _validator(operation, "request").validate(body)


def require_valid_answer(operation: str, status: int, body: object) -> None:
    """Raise jsonschema.ValidationError for an answer that is not as GitHub describes it."""
    _validator(operation, str(status)).validate(body)


def filled(name: str, /, **values: Any) -> _Json:
    """Return an object of a described type: what it must have and is not given is an example."""
    return _filled(_published()["$defs"][name], values)


def _filled(schema: _Json, values: _Json) -> _Json:
    missing = (name for name in schema.get("required", ()) if name not in values)
    return {**values, **{name: _example(schema["properties"][name]) for name in missing}}


def _example(schema: _Json) -> Any:
    if "anyOf" in schema or "null" in schema.get("type", ()):
        return None
    if "$ref" in schema:
        referred = _published()["$defs"][schema["$ref"].rpartition("/")[2]]
        is_always = "null" not in referred.get("type", ()) and "properties" in referred
        return _filled(referred, {}) if is_always else _example(referred)
    if "example" in schema:
        return schema["example"]
    if schema.get("type") == "object":
        return _filled(schema, {})
    plain: _Json = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": []}
    return plain[schema["type"]]


class Reduction:
    """A description of OpenAPI 3.0, of which the operations that are called are kept, with what they refer to."""

    def __init__(self, whole: _Json) -> None:
        self._whole = whole
        self._referred: dict[str, None] = {}
        """Names of types, in the order in which they were come upon."""

    def reduced(self) -> _Json:
        operations = {called: self._operation(*called.split(" ")) for called in CALLED}
        types: _Json = {}
        while todo := [name for name in self._referred if name not in types]:
            types |= {name: self._schema(self._whole["components"]["schemas"][name]) for name in todo}
        return {"operations": operations, "$defs": dict(sorted(types.items()))}

    def _operation(self, method: str, path: str) -> _Json:
        described = self._whole["paths"][path][method.lower()]
        request = {"request": self._content(described["requestBody"])} if "requestBody" in described else {}
        responses: dict[str, _Json] = described["responses"]
        return {**request, "answers": {status: self._content(answer) for status, answer in responses.items()}}

    def _content(self, described: _Json) -> _Json | None:
        if "$ref" in described:
            described = self._whole["components"]["responses"][described["$ref"].rpartition("/")[2]]
        content = described.get("content", {}).get("application/json")
        return self._schema(content["schema"]) if content else None

    def _schema(self, schema: _Json) -> _Json:
        """Write a schema as JSON Schema does, where null is a type."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            self._referred[name] = None
            return {"$ref": f"#/$defs/{name}"}
        words = (word for word in schema if word not in _LEFT_OUT and not word.startswith("x-"))
        kept = {_WORDS.get(word, word): self._value(word, schema[word]) for word in words}
        if not schema.get("nullable"):
            return kept
        if "type" not in kept:
            return {"anyOf": [kept, {"type": "null"}]}
        return {**kept, "type": [kept["type"], "null"], **({"enum": [*kept["enum"], None]} if "enum" in kept else {})}

    def _value(self, word: str, value: Any) -> Any:
        if word == "properties":
            return {name: self._schema(each) for name, each in value.items()}
        if word in {"example", "default", "enum", "required"}:
            return value
        if isinstance(value, list):
            return [self._schema(each) for each in cast("list[_Json]", value)]
        return self._schema(cast("_Json", value)) if isinstance(value, dict) else value


if __name__ == "__main__":
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    text = json.dumps(Reduction(given).reduced(), indent=1, ensure_ascii=False)
    REDUCED.write_text(f"{text}\n", encoding="utf-8")
