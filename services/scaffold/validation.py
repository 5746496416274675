"""How it is written in TypeScript what the bodies of requests for a table may hold."""

import json
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from unicodedata import normalize

from services.designs.schema import Field, FieldFormat, FieldRules, FieldType, Secrecy
from services.scaffold.identifiers import EMAIL
from services.scaffold.literals import literal, quoted
from services.scaffold.plan import TablePlan
from services.scaffold.policies import Setter
from services.scaffold.template import fill

_VALIDATORS = {
    FieldType.STRING: "string",
    FieldType.INTEGER: "integer",
    FieldType.FLOAT: "float",
    FieldType.DECIMAL: "decimal",
    FieldType.BOOLEAN: "boolean",
    FieldType.DATE: "date",
    FieldType.DATETIME: "dateTime",
    FieldType.TEXT: "text",
    FieldType.JSON: "json",
}
_FORMATS = {FieldFormat.EMAIL: "email", FieldFormat.URL: "url", FieldFormat.CURRENCY: "currency"}
_CHANGED_BY = "changedBy"
_WRAPPERS = {Setter.SERVER: "readOnly", Setter.CALLER: "assigned", Setter.ROLE: "managed"}
_TEXTUAL = frozenset({FieldType.STRING, FieldType.TEXT})
_NUMBERS = frozenset({FieldType.INTEGER, FieldType.FLOAT})
_SCALE = 2
"""As DEFAULT_SCALE in src/validation/types.ts."""
LONGEST_KEY = 255
"""As MAX_STRING in src/validation/types.ts."""


def validation(table: TablePlan) -> str:
    """Write what the bodies of requests must look like."""
    written = [field for field in table.fields if field.name != table.key.name or not table.generates_keys]
    groups = {"fields": _free(table, written), "fixed": _fixed(table, written), "kept": _kept(table, written)}
    rules = {name: [f"{field.name}: {_whole(table, field)}," for field in fields] for name, fields in groups.items()}
    text = "\n".join(f"  {name}: {_object(lines)}," for name, lines in rules.items() if lines)
    used = {_validator(table, field) for field in written}
    used |= {wrapper for field in written if (wrapper := _wrapper(table, field)) is not None}
    return fill(
        "src/validation/table.ts",
        imports=", ".join(["bodies", *sorted(used)]),
        name=table.name,
        variable=table.names.variable,
        fields=f"{{\n{text}\n}}" if text else "{}",
    )


def _free(table: TablePlan, fields: Iterable[Field]) -> list[Field]:
    """Return what clients set whenever they may change the record."""
    return [field for field in fields if not _is_fixed(table, field) and not _is_kept(table, field)]


def _fixed(table: TablePlan, fields: Iterable[Field]) -> list[Field]:
    return [field for field in fields if _is_fixed(table, field)]


def _kept(table: TablePlan, fields: Iterable[Field]) -> list[Field]:
    return [field for field in fields if _is_kept(table, field) and not _is_fixed(table, field)]


def _is_fixed(table: TablePlan, field: Field) -> bool:
    return field.name == table.key.name or field.name in table.permissions.fixed


def _is_kept(table: TablePlan, field: Field) -> bool:
    """Whether a body that replaces the record leaves the field as it is, where it does not set it."""
    return field.name in table.permissions.setters or field.name in table.secrecy


def _whole(table: TablePlan, field: Field) -> str:
    setter = table.permissions.setters.get(field.name)
    is_sent = setter not in {Setter.SERVER, Setter.CALLER} and not is_callers_unless_sent(table, field)
    rule = _rule(table, field, is_sent=is_sent)
    wrapper = _wrapper(table, field)
    if wrapper == _CHANGED_BY:
        return f"{wrapper}({quoted(table.permissions.changed_by[field.name])}, {rule})"
    return rule if wrapper is None else f"{wrapper}({rule})"


def _wrapper(table: TablePlan, field: Field) -> str | None:
    """Return the function for a field that clients do not set as all others."""
    setter = table.permissions.setters.get(field.name)
    if setter is not None:
        return _WRAPPERS[setter]
    return _CHANGED_BY if field.name in table.permissions.changed_by else None


def _rule(table: TablePlan, field: Field, *, is_sent: bool) -> str:
    default = default_value(table, field)
    rule = f"{_validator(table, field)}({_options(field)})"
    if field.name == table.key.name and _is_any_text(field):
        rule += ".invalid('.', '..')"  # segments of a path that clients take away before they ask
    if field.nullable:
        rule += ".allow(null)"
    if default == "''" and field.type is not FieldType.TEXT:
        rule += ".allow('')"
    if default is not None:
        return f"{rule}.default({default})"
    if field.nullable:
        return f"{rule}.default(null)"
    return f"{rule}.required()" if is_sent else rule


def _is_any_text(field: Field) -> bool:
    rules = field.rules
    return field.type in _TEXTUAL and (rules is None or not (rules.pattern or rules.values or rules.format))


def _validator(table: TablePlan, field: Field) -> str:
    if field.name in table.secrecy:
        return "password" if table.secrecy[field.name] is Secrecy.HASHED else "text"
    if field.rules is not None and field.rules.format is not None:
        return _FORMATS[field.rules.format]
    if field.type is FieldType.STRING and EMAIL.search(field.name):
        return "email"
    if field.type is FieldType.TEXT and is_key(table, field):
        return "string"
    return _VALIDATORS[field.type]


def is_callers_unless_sent(table: TablePlan, field: Field) -> bool:
    """Whether a new record belongs to the one who makes it, unless they may name somebody else and do."""
    is_managed = table.permissions.setters.get(field.name) is Setter.ROLE
    return is_managed and field.name == table.permissions.policy.owner


def is_key(table: TablePlan, field: Field) -> bool:
    """Whether the field is one that records are found by, so that DynamoDB bounds it."""
    return field.name in {table.key.name, *table.indexed, *(pair.range for pair in table.pairs)}


def fits_index(table: TablePlan, field: Field, value: object) -> bool:
    """Whether a field's value is one that DynamoDB takes, where records are found by it."""
    return not (isinstance(value, str) and is_key(table, field)) or 0 < len(value) <= LONGEST_KEY


def _options(field: Field) -> str:
    options = list(_limits(field, field.rules)) if field.rules is not None else []
    return f"{{ {', '.join(options)} }}" if options else ""


def _limits(field: Field, rules: FieldRules) -> Iterator[str]:
    if rules.values:
        yield f"values: [{', '.join(map(quoted, rules.values))}]"
    for name, bound in (("minimum", rules.minimum), ("maximum", rules.maximum)):
        if bound is not None:
            yield f"{name}: {_number(bound) if field.type in _NUMBERS else quoted(bound)}"
    for name, length in (("minLength", rules.min_length), ("maxLength", rules.max_length)):
        if length is not None:
            yield f"{name}: {length}"
    if rules.pattern is not None:
        yield f"pattern: {quoted(rules.pattern)}"
    if rules.scale is not None:
        yield f"scale: {rules.scale}"


def _number(text: str) -> str:
    number = Decimal(text)
    return json.dumps(int(number) if number == number.to_integral_value() else float(number))


def default_value(table: TablePlan, field: Field) -> str | None:
    """Write the value that a field has when none is sent; None where it has none, or one that no index accepts.

    It is normal, as values of bodies are.
    """
    value = field.default_value
    if value is None or field.name == table.key.name or field.name in table.secrecy:
        return None
    if not fits_index(table, field, value):
        return None
    if field.type is FieldType.DATETIME:
        return f"new Date({literal(value)}).toISOString()"
    if field.type is FieldType.DECIMAL:
        return quoted(f"{Decimal(value):.{scale(field)}f}")
    return literal(normalize("NFC", value) if isinstance(value, str) else value)


def scale(field: Field) -> int:
    """Return how many digits after the point are kept of a decimal number."""
    asked = field.rules.scale if field.rules is not None else None
    return _SCALE if asked is None else asked


def _object(lines: Sequence[str]) -> str:
    return "{\n" + "".join(f"    {line}\n" for line in lines) + "  }"
