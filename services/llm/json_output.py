"""This file is how a model's answer in JSON is read: tolerant of what surrounds the JSON, strict about it."""

import re
from typing import Final

from services.architectures.model import ArchitectureModel
from services.architectures.model import decode as decode_architecture
from services.architectures.model import validate as validate_architecture
from services.core.errors import Invalid
from services.schemas.model import SchemaModel, decode
from services.schemas.validation import validate

_FENCE: Final = re.compile(r"```[A-Za-z]*[ \t]*\r?\n(.*?)```", re.DOTALL)
_THOUGHTS_END: Final = "</think>"
"""Some reasoning models write their thoughts into the answer, before it."""


def read_schema(text: str) -> SchemaModel:
    """Read and validate a schema. Raises Invalid with every fault."""
    schema = decode(extract_json(text))
    faults = validate(schema)
    if faults:
        raise Invalid(faults)
    return schema


def read_architecture(text: str) -> ArchitectureModel:
    """Read and validate an architecture. Raises Invalid with every fault."""
    architecture = decode_architecture(extract_json(text))
    if faults := validate_architecture(architecture):
        raise Invalid(faults)
    return architecture


def extract_json(text: str) -> str:
    """Return the JSON object in a text: the content of its code fence if it has one, else first to last brace."""
    answer = text.rpartition(_THOUGHTS_END)[2]
    fenced = _FENCE.search(answer) if "```" in answer else None
    body = fenced[1] if fenced is not None and "{" in fenced[1] else answer
    start, stop = body.find("{"), body.rfind("}")
    if start < 0 or stop < start:
        raise Invalid.one("The answer holds no JSON object.")
    return body[start : stop + 1]
