"""How a model's answer in JSON is read: tolerant of what surrounds the JSON, strict about it."""

import json
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from services.core.errors import Invalid
from services.designs.architecture import ArchitectureModel
from services.designs.architecture import decode as decode_architecture
from services.designs.architecture import validate as validate_architecture
from services.designs.schema import SchemaModel, decode
from services.designs.validation import validate

T = TypeVar("T")

_DECODER: Final = json.JSONDecoder(parse_int=float)  # of any number of digits
_MOST_TRIED: Final = 100
"""Objects, from the last one on."""


def read_schema(text: str) -> SchemaModel:
    """Read and validate a schema. Raises Invalid with every fault."""
    return _read(text, _schema)


def read_architecture(text: str) -> ArchitectureModel:
    """Read and validate an architecture. Raises Invalid with every fault."""
    return _read(text, _architecture)


def _schema(text: str) -> SchemaModel:
    schema = decode(text)
    faults = validate(schema)
    if faults:
        raise Invalid(faults)
    return schema


def _architecture(text: str) -> ArchitectureModel:
    architecture = decode_architecture(text)
    if faults := validate_architecture(architecture):
        raise Invalid(faults)
    return architecture


def _read(text: str, read: Callable[[str], T]) -> T:
    """Read the last JSON object of a text that is what is wanted: a draft, or an example, may stand before or after it.

    Where none is, the faults are those of what is most likely meant: the object that makes up most of what stands
    between the first and the last brace, else all of that.
    """
    start, stop = text.find("{"), text.rfind("}") + 1
    if start < 0 or stop <= start:
        raise Invalid.one("The answer holds no JSON object.")
    objects = list(_objects(text))
    for candidate in objects[: -_MOST_TRIED - 1 : -1]:
        try:
            return read(candidate)
        except Invalid:
            continue
    longest = max(objects, key=len, default="")
    return read(longest if len(longest) * 2 > stop - start else text[start:stop])


def _objects(text: str) -> Iterator[str]:
    """Yield the whole JSON objects of a text that stand in no other, in order. Takes time in proportion to the text."""
    position = text.find("{")
    while position >= 0:
        try:
            _, stop = _DECODER.raw_decode(text, position)
        except json.JSONDecodeError as error:
            stop = max(error.pos, position + 1)  # what was read so far is the beginning of something broken
        except RecursionError:
            return
        else:
            yield text[position:stop]
        position = text.find("{", stop)
