"""How a planned table is written in TypeScript: its model, its validation and its routes."""

import re
from collections.abc import Iterable, Mapping, Sequence

from services.designs.schema import Api, FieldType, SchemaModel
from services.scaffold import policies, validation
from services.scaffold.lists import Child, expansion
from services.scaffold.literals import literal, quoted
from services.scaffold.parts.files import route_imports, route_mounts
from services.scaffold.parts.plan import PartsPlan
from services.scaffold.plan import TablePlan
from services.scaffold.template import fill

_TYPES = {
    FieldType.STRING: "string",
    FieldType.INTEGER: "number",
    FieldType.FLOAT: "number",
    FieldType.DECIMAL: "string",
    FieldType.BOOLEAN: "boolean",
    FieldType.DATE: "string",
    FieldType.DATETIME: "string",
    FieldType.TEXT: "string",
    FieldType.JSON: "unknown",
}
_INHERITED = re.compile("constructor|toString|toLocaleString|valueOf|hasOwnProperty|isPrototypeOf|propertyIsEnumerable")
"""Of properties by these names TypeScript forgets what type the object around them expects."""

_LONGEST_LIST = 100


def model(table: TablePlan, dependants: Sequence[Mapping[str, str]], children: Sequence[Child]) -> str:
    """Write the interface of a table's records and the constant that describes the table."""
    return fill(
        "src/models/table.ts",
        purpose=f"A record of the table `{table.name}`.",
        type=table.names.type,
        variable=table.names.variable,
        properties=_lines(_properties(table), indent=2),
        name=quoted(table.name),
        primaryKey=quoted(table.key.name),
        generatesKeys=literal(table.generates_keys),
        fields=_lines((f"{_of_field(field.name, field.type.value)}," for field in table.fields), indent=4),
        created=quoted(table.created),
        updated=quoted(table.updated),
        unique=_list(f"[{', '.join(map(quoted, names))}]" for names in table.unique),
        indexed=_list(quoted(name) for name in table.indexed),
        pairs=_list(f"{{ field: {quoted(pair.field)}, range: {quoted(pair.range)} }}" for pair in table.pairs),
        periods=_list(f"{{ start: {quoted(period.start)}, end: {quoted(period.end)} }}" for period in table.periods),
        references=_list(
            f"{{ field: {quoted(reference.field)}, table: {quoted(reference.table)}, key: {quoted(reference.key)}, "
            f"nullable: {literal(reference.nullable)}, expansion: {quoted(expansion(table, reference))} }}"
            for reference in table.references
        ),
        dependants=_list(
            f"{{ {', '.join(f'{key}: {quoted(value)}' for key, value in dependant.items())} }}"
            for dependant in dependants
        ),
        links=_list(
            f"{{ path: {quoted(link.path)}, through: {quoted(link.through)}, field: {quoted(link.field)}, "
            f"table: {quoted(link.table)}, other: {quoted(link.other)}, isWritable: {literal(link.is_writable)}, "
            f"isChanged: {literal(link.is_changed)} }}"
            for link in table.links
        ),
        children=_list(
            f"{{ path: {quoted(child.path)}, table: {quoted(child.table)}, field: {quoted(child.field)} }}"
            for child in children
        ),
        setters=_map({name: setter.value for name, setter in table.permissions.setters.items()}),
        secrecy=_map({name: secrecy.value for name, secrecy in table.secrecy.items()}),
        caseInsensitive=_list(
            quoted(field.name) for field in table.fields if field.rules and field.rules.case_insensitive
        ),
        policy=policies.written(table.permissions.policy),
    )


def routes(table: TablePlan) -> str:
    """Write the router of a table."""
    return fill("src/routes/table.ts", variable=table.names.variable, type=table.names.type, file=table.names.file)


def client_test(table: TablePlan) -> str:
    """Write the test of a client that is generated from the OpenAPI document; `table` is what it tries."""
    path = f"/{table.names.route}"
    return fill(
        "client/client.test.ts",
        type=table.names.type,
        ownPath=path,
        path=quoted(path),
        recordPath=quoted(f"{path}/{{id}}"),
        key=f".{table.key.name}",
        sort=quoted(f"-{table.created}"),
        range=quoted(f"{table.created}[gte]"),
        created=f".{table.created}",
    )


def models_index(tables: Sequence[TablePlan]) -> str:
    """Write the file that lists every table."""
    by_file = sorted(tables, key=lambda table: table.names.file)
    return fill(
        "src/models/index.ts",
        imports=_lines(f"import {{ {t.names.variable}Table }} from './{t.names.file}.js';" for t in by_file),
        tables=_lines((f"{t.name}: {t.names.variable}Table," for t in tables), indent=2),
    )


def evolution(tables: Sequence[TablePlan]) -> str:
    """Write what a migration has to know of the fields of every table."""
    lines: list[str] = []
    for table in tables:
        defaults = {field.name: validation.default_value(table, field) for field in table.fields}
        former = {field.name: _flat(field.former_names) for field in table.fields if field.former_names}
        required = [field.name for field in table.fields if not field.nullable and field.name != table.key.name]
        scales = {field.name: str(validation.scale(field)) for field in table.fields if field.type is FieldType.DECIMAL}
        lines += [
            f"{table.name}: {{",
            f"  required: {_flat(required)},",
            f"  defaults: {_members({name: value for name, value in defaults.items() if value is not None})},",
            f"  formerNames: {_members(former)},",
            f"  scales: {_members(scales)},",
            "},",
        ]
    return fill("src/models/evolution.ts", tables=_lines(lines, indent=2))


def _flat(names: Iterable[str]) -> str:
    return f"[{', '.join(map(quoted, names))}]"


def _members(members: Mapping[str, str]) -> str:
    return f"{{ {', '.join(f'{name}: {value}' for name, value in members.items())} }}" if members else "{}"


def validation_index(tables: Sequence[TablePlan]) -> str:
    """Write the file that lists what every table with routes of its own accepts."""
    tables = [table for table in tables if not table.is_made]
    by_file = sorted(tables, key=lambda table: table.names.file)
    return fill(
        "src/validation/index.ts",
        imports=_lines(f"import {{ {t.names.variable}Bodies }} from './{t.names.file}.js';" for t in by_file),
        tables=_lines((f"{t.name}: {t.names.variable}Bodies," for t in tables), indent=2),
    )


def routes_index(tables: Sequence[TablePlan], schema: SchemaModel, parts: PartsPlan) -> str:
    """Write the file that mounts every table's routes, those of accounts, and GraphQL."""
    tables = [table for table in tables if not table.is_made]
    by_file = sorted(tables, key=lambda table: table.names.file)
    imports = [
        *(["import { graphql } from '../graphql/route.js';"] if schema.api is not Api.REST else []),
        *route_imports(parts),
        "import type { Services } from '../services/index.js';",
        *(["import { authRoutes } from './auth.js';"] if schema.accounts is not None else []),
        *(f"import {{ {t.names.variable}Routes }} from './{t.names.file}.js';" for t in by_file),
    ]
    mounts = [
        *(["router.use('/auth', authRoutes(services));"] if schema.accounts is not None else []),
        *(["router.use(graphql(services));"] if schema.api is not Api.REST else []),
        *route_mounts(parts),
        *(["if (services.config.restApi === 'off') return router;"] if schema.api is Api.GRAPHQL else []),
        *(f"router.use({quoted(f'/{t.names.route}')}, {t.names.variable}Routes(services));" for t in tables),
    ]
    return fill(
        "src/routes/index.ts",
        imports=_lines(imports),
        resources=_lines(
            (f"{{ table: {quoted(t.name)}, path: {quoted(f'/{t.names.route}')} }}," for t in tables), indent=2
        ),
        mounts=_lines(mounts, indent=2),
    )


def _of_field(field: str, value: str) -> str:
    """Write a property of a field, whose value is one of the names that a type allows."""
    name = quoted(value)
    return f"{field}: {name} as const" if _INHERITED.fullmatch(field) else f"{field}: {name}"


def _properties(table: TablePlan) -> Iterable[str]:
    for field in table.fields:
        if field.name in table.secrecy:
            continue
        kind = _TYPES[field.type]
        yield f"{field.name}: {f'{kind} | null' if field.nullable and kind != 'unknown' else kind};"
    yield f"{table.created}: string;"
    yield f"{table.updated}: string;"
    yield "_version: number;"


def _lines(lines: Iterable[str], indent: int = 0) -> str:
    return "\n".join(f"{' ' * indent}{line}" for line in lines)


def _list(items: Iterable[str]) -> str:
    written = list(items)
    flat = f"[{', '.join(written)}]"
    if len(flat) < _LONGEST_LIST and ("{" not in flat or len(written) == 1):
        return flat
    return "[\n" + _lines((f"{item}," for item in written), indent=4) + "\n  ]" if written else "[]"


def _map(members: Mapping[str, str]) -> str:
    written = [_of_field(name, value) for name, value in members.items()]
    return f"{{ {', '.join(written)} }}" if written else "{}"
