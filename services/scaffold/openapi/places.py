"""What operations on a table's records share: the id in the path, the page in the answer."""

from services.scaffold.openapi import answers
from services.scaffold.openapi.schemas import Json, reference_to, value
from services.scaffold.plan import TablePlan


def page(table: TablePlan) -> Json:
    return {"description": "A page of the list.", "content": answers.json_of(reference_to(f"{table.names.type}Page"))}


def record_id(table: TablePlan) -> Json:
    return {
        "name": "id",
        "in": "path",
        "required": True,
        "description": f"The record's `{table.key.name}`.",
        "schema": value(table, table.key),
    }
