"""What the README of a backend says of its routes, with examples of its own tables."""

from collections.abc import Sequence
from typing import Final

from services.scaffold.lists import children, expansion, filterable
from services.scaffold.plan import TablePlan

_MOST_EXAMPLES: Final = 5
_CHILDREN: Final = "| `GET /<path>/<id>/<children>` | 200 and a page of what refers to the record, such as {} |\n"


def route_parts(tables: Sequence[TablePlan]) -> dict[str, str]:
    """Write the rows and examples of routes and parameters; what the backend has none of is left out."""
    shown = [table for table in tables if not table.is_made]
    first = shown[0]
    lists = [f"`/{table.names.route}/<id>/{child.path}`" for table in shown for child in children(table, tables)]
    unique = [name for table in shown for names in table.unique if len(names) == 1 for name in names]
    listed = [name for name in unique if any(field.name == name for table in shown for field in filterable(table))]
    fields = [field.name for table in shown for field in filterable(table) if field.name != table.created]
    return {
        "childRow": _CHILDREN.format(", ".join(lists[:_MOST_EXAMPLES])) if lists else "",
        "linkRows": "".join(_link_rows(shown)),
        "filter": fields[0],
        "created": first.created,
        "expandRow": _expansion(shown),
        "unique": f" (`{listed[0]}=…`)" if listed else "",
    }


def _link_rows(tables: Sequence[TablePlan]) -> list[str]:
    rows: list[str] = []
    for table in tables:
        for link in table.links:
            path = f"/{table.names.route}/<id>/{link.path}"
            rows.append(f"| `GET {path}` | 200 and a page of the {link.table} it is linked to, the last link first |\n")
            if link.is_writable:
                both = f"`PUT {path}/<other>`, `DELETE {path}/<other>`"
                rows.append(f"| {both} | 204: the two are linked, or not any more |\n")
            else:
                rows.append(
                    f"| `POST /{_route(tables, link.through)}` | 201: links are records of `{link.through}` |\n"
                )
    return list(dict.fromkeys(rows))


def _route(tables: Sequence[TablePlan], name: str) -> str:
    return next(table.names.route for table in tables if table.name == name)


def _expansion(tables: Sequence[TablePlan]) -> str:
    for table in tables:
        for reference in table.references:
            name = expansion(table, reference)
            said = f"in lists of {table.name}, the record that `{reference.field}` refers to, as `{name}`"
            return f"| `expand={name}` | {said}; null where the caller may not read it |\n"
    return ""
