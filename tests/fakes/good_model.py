"""What a good model answers to our prompts: a schema, files and pages that are as they should be."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from services.designs import architecture as architectures
from services.designs import schema as schemas
from services.llm.files import encode
from services.scaffold.architecture import derive_architecture
from services.scaffold.backend import write_backend
from services.scaffold.documentation import write_documentation
from services.scaffold.schema import derive_schema

if TYPE_CHECKING:
    from tests.fakes.llm import Answer


def good_pieces(body: Mapping[str, Any], answer: "Answer") -> list[str]:
    """What a good model answers to one of our prompts, in pieces."""
    text = good_answer([message["content"] for message in body["messages"]], answer)
    return [text[start : start + answer.piece_size] for start in range(0, len(text), answer.piece_size)]


def good_answer(messages: Sequence[str], answer: "Answer") -> str:
    """What a good model answers. Asked for missing files it brings these, asked to change files it brings `files`."""
    prompt = "\n".join(messages)
    if messages[0].startswith("You help the developers"):
        return f"You asked: {messages[-1]}\n"
    description, project = _string_after("Description: ", prompt), _string_after("Project: ", prompt)
    match = re.search(r"^Schema: (\{.*\})$", prompt, re.MULTILINE)
    schema = schemas.decode(match[1]) if match else derive_schema(description)
    if "as a JSON object" in messages[1]:
        is_schema = messages[1].startswith("Design")
        model = schemas.encode(schema) if is_schema else architectures.encode(derive_architecture(project, schema))
        return model.decode()
    boundary = re.search(r"^=== ([0-9a-zA-Z]+) MANIFEST$", prompt, re.MULTILINE)
    assert boundary is not None
    is_code = messages[1].startswith("Write the backend")
    whole = write_backend(project_name=project, description=description, schema=schema)
    made = answer.files if answer.files is not None else (whole if is_code else write_documentation(project, schema))
    missing = re.search(r"had brought these files: (\[.*\])$", messages[-1], re.MULTILINE)
    if missing is not None:
        made = {path: made[path] for path in json.loads(missing[1])}
    text = encode(boundary[1], made, removed=answer.removed, notes="Here it is.")
    if answer.stop_in is None:
        return text
    content = made[answer.stop_in]
    return text[: text.index(f"FILE {answer.stop_in}\n{content}") + len(f"FILE {answer.stop_in}\n") + len(content) // 2]


def _string_after(label: str, prompt: str) -> str:
    match = re.search(rf'^{label}(".*")$', prompt, re.MULTILINE)
    return json.loads(match[1]) if match is not None else prompt
