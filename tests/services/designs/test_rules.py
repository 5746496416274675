"""What rules of a field promise: each that does not fit its type, another one or the default is named at its place."""

from typing import Any

import pytest

from services.designs.schema import (
    Audience,
    Field,
    FieldAccess,
    FieldFormat,
    FieldRules,
    FieldType,
    Grant,
    Index,
    Policy,
    SchemaModel,
    Secrecy,
    Table,
)
from services.designs.validation import validate

T = FieldType
KEY = Field(name="id", type=T.STRING, primary_key=True)
EMAIL, URL, CURRENCY = FieldFormat.EMAIL, FieldFormat.URL, FieldFormat.CURRENCY


def faults(*fields: Field, indexes: tuple[Index, ...] = ()) -> dict[str, str]:
    """Return what is wrong with fields beside a key, by the places within them."""
    schema = SchemaModel(tables=(Table(name="things", fields=(KEY, *fields), indexes=indexes),))
    return {".".join(fault.field).removeprefix("tables.0.fields.1."): fault.message for fault in validate(schema)}


def ruled(kind: FieldType, default: Any = None, /, **rules: Any) -> dict[str, str]:
    return faults(Field(name="x", type=kind, default_value=default, rules=FieldRules(**rules)))


@pytest.mark.parametrize(
    ("kind", "rules"),
    [
        (T.STRING, {"format": EMAIL, "min_length": 3, "max_length": 255}),
        (T.TEXT, {"format": URL, "max_length": 100_000}),
        (T.STRING, {"format": CURRENCY, "values": ("EUR", "USD")}),
        (T.STRING, {"values": ("on hold", "done")}),
        (T.STRING, {"values": tuple(map(str, range(100)))}),
        (T.STRING, {"pattern": "[a-z]+(?:-[a-z]+)*"}),
        (T.INTEGER, {"minimum": "-5", "maximum": "9007199254740991"}),
        (T.FLOAT, {"minimum": "0.5", "maximum": "0.5"}),
        (T.DECIMAL, {"minimum": "0", "maximum": "999999999999999.999999999999", "scale": 12}),
        (T.DATE, {"minimum": "2000-01-01", "maximum": "2000-01-01"}),
        (T.DATETIME, {"minimum": "2026-01-31T12:00:00+02:00", "maximum": "2026-01-31T10:00:00Z"}),
        (T.BOOLEAN, {}),
        (T.JSON, {}),
    ],
)
def test_rules_that_fit_have_no_fault(kind: FieldType, rules: dict[str, Any]) -> None:
    assert ruled(kind, **rules) == {}


@pytest.mark.parametrize(
    ("kind", "rules", "place", "says"),
    [
        (T.INTEGER, {"format": EMAIL}, "format", "a rule of a STRING or TEXT, and 'things.x' is a INTEGER"),
        (T.TEXT, {"format": CURRENCY}, "format", "CURRENCY is the format of a STRING"),
        (T.TEXT, {"values": ("a",)}, "values", "a rule of a STRING"),
        (T.STRING, {"minimum": "1"}, "minimum", "a rule of a INTEGER or FLOAT or DECIMAL or DATE or DATETIME"),
        (T.BOOLEAN, {"maximum": "1"}, "maximum", "leave it out"),
        (T.DATE, {"min_length": 1}, "minLength", "a rule of a STRING or TEXT"),
        (T.JSON, {"max_length": 1}, "maxLength", "a rule of a STRING or TEXT"),
        (T.DECIMAL, {"pattern": "a"}, "pattern", "a rule of a STRING or TEXT"),
        (T.FLOAT, {"scale": 2}, "scale", "a rule of a DECIMAL"),
        (T.TEXT, {"case_insensitive": True}, "caseInsensitive", "a rule of a STRING"),
    ],
)
def test_a_rule_is_for_some_types(kind: FieldType, rules: dict[str, Any], place: str, says: str) -> None:
    found = ruled(kind, **rules)

    assert list(found) == [f"rules.{place}"]
    assert says in found[f"rules.{place}"]


@pytest.mark.parametrize(
    ("kind", "rules", "places"),
    [
        (T.INTEGER, {"minimum": "5", "maximum": "4"}, ["minimum"]),
        (T.INTEGER, {"minimum": "1.5", "maximum": "9007199254740992"}, ["minimum", "maximum"]),
        (T.FLOAT, {"minimum": "1e3", "maximum": "NaN"}, ["minimum", "maximum"]),
        (T.DECIMAL, {"minimum": "٣", "maximum": "1.0000000000001"}, ["minimum", "maximum"]),
        (T.DECIMAL, {"minimum": "10.5", "maximum": "9"}, ["minimum"]),
        (T.DATE, {"minimum": "2026-02-30", "maximum": "yesterday"}, ["minimum", "maximum"]),
        (T.DATE, {"minimum": "2026-02-02", "maximum": "2026-02-01"}, ["minimum"]),
        (T.DATETIME, {"minimum": "2026-01-31T12:00:00", "maximum": "2026-01-31"}, ["minimum", "maximum"]),
        (T.DATETIME, {"minimum": "2026-01-31T11:00:01Z", "maximum": "2026-01-31T13:00:00+02:00"}, ["minimum"]),
        (T.STRING, {"min_length": -1, "max_length": 0}, ["minLength", "maxLength"]),
        (T.STRING, {"min_length": 256, "max_length": 256}, ["minLength", "maxLength"]),
        (T.TEXT, {"min_length": 100_001, "max_length": 100_001}, ["minLength", "maxLength"]),
        (T.STRING, {"min_length": 9, "max_length": 8}, ["minLength"]),
        (T.DECIMAL, {"scale": -1}, ["scale"]),
        (T.DECIMAL, {"scale": 13}, ["scale"]),
        (T.STRING, {"pattern": "(a+)+"}, ["pattern"]),
        (T.STRING, {"pattern": "["}, ["pattern"]),
        (T.STRING, {"values": ("a", "", "a", " b", "x" * 256, "c\x00")}, [f"values.{nth}" for nth in range(1, 6)]),
        (T.STRING, {"values": ("Open", "open"), "case_insensitive": True}, ["values.1"]),
        (T.STRING, {"values": tuple(map(str, range(101)))}, ["values"]),
    ],
)
def test_rules_hold_together(kind: FieldType, rules: dict[str, Any], places: list[str]) -> None:
    found = ruled(kind, **rules)

    assert list(found) == [f"rules.{place}" for place in places]
    assert all("'things.x'" in message and message.endswith(".") for message in found.values())


@pytest.mark.parametrize(
    ("kind", "rules", "good", "bad"),
    [
        (T.STRING, {"values": ("open", "done")}, "open", "Open"),
        (T.STRING, {"min_length": 2}, "é😀", "😀"),
        (T.STRING, {"max_length": 2}, "😀😀", "abc"),
        (T.STRING, {}, "x" * 255, "x" * 256),
        (T.STRING, {"format": EMAIL}, "a@example.com", "a"),
        (T.TEXT, {"format": URL}, "https://example.com/a", "ftp://example.com"),
        (T.STRING, {"format": CURRENCY}, "EUR", "banana"),
        (T.STRING, {"pattern": "[a-z]+"}, "abc", "abc1"),
        (T.INTEGER, {"minimum": "1"}, 1, 0),
        (T.INTEGER, {"maximum": "5"}, 5, 6),
        (T.FLOAT, {"minimum": "0.1"}, 0.1, 0.09),
        (T.DECIMAL, {"minimum": "0"}, "0.00", "-0.01"),
        (T.DECIMAL, {}, "19.99", "19.999"),
        (T.DECIMAL, {"scale": 0}, "19", "19.9"),
        (T.DATE, {"maximum": "2026-01-31"}, "2026-01-31", "2026-02-01"),
        (T.DATETIME, {"minimum": "2026-01-31T12:00:00Z"}, "2026-01-31T14:00:00+02:00", "2026-01-31T12:00:00+02:00"),
    ],
)
def test_a_default_keeps_the_rules(kind: FieldType, rules: dict[str, Any], good: Any, bad: Any) -> None:
    assert ruled(kind, good, **rules) == {}
    assert list(ruled(kind, bad, **rules)) == ["defaultValue"]


def test_a_primary_key_keeps_its_case() -> None:
    key = Field(name="id", type=T.STRING, primary_key=True, rules=FieldRules(case_insensitive=True))
    schema = SchemaModel(tables=(Table(name="things", fields=(key,)),))

    assert [fault.field[-1] for fault in validate(schema)] == ["caseInsensitive"]


def secret(*, kind: FieldType = T.STRING, secrecy: Secrecy = Secrecy.HASHED, **more: Any) -> Field:
    return Field(name="x", type=kind, secrecy=secrecy, **more)


@pytest.mark.parametrize(
    ("field", "place"),
    [
        (secret(kind=T.INTEGER), "secrecy"),
        (secret(kind=T.JSON, secrecy=Secrecy.SEALED), "secrecy"),
        (secret(unique=True), "secrecy"),
        (secret(default_value="x"), "defaultValue"),
        (secret(rules=FieldRules(values=("a", "b"))), "rules.values"),
    ],
)
def test_a_secret_is_text_that_nothing_is_found_by(field: Field, place: str) -> None:
    assert list(faults(field)) == [place]


def test_a_secret_is_in_no_index_and_no_key() -> None:
    key = Field(name="id", type=T.STRING, primary_key=True, secrecy=Secrecy.SEALED)

    assert [fault.field[-1] for fault in validate(SchemaModel(tables=(Table(name="things", fields=(key,)),)))] == [
        "secrecy"
    ]
    assert list(faults(secret(), indexes=(Index(name="by_x", fields=("id", "x"), unique=True),))) == ["secrecy"]


def test_a_secret_may_have_a_length_a_pattern_and_be_null() -> None:
    rules = FieldRules(min_length=12, max_length=100, pattern="[!-~]+")

    assert faults(secret(rules=rules, nullable=True)) == {}
    assert faults(secret(kind=T.TEXT, secrecy=Secrecy.SEALED)) == {}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("password", T.STRING),
        ("passwordHash", T.TEXT),
        ("hashed_password", T.STRING),
        ("userPassword2", T.STRING),
        ("TOKEN", T.STRING),
        ("resetToken", T.STRING),
        ("client_secret", T.STRING),
        ("apiKey", T.STRING),
        ("api_key_hash", T.STRING),
        ("privateKey", T.TEXT),
        ("credentials", T.JSON),
        ("pin", T.STRING),
    ],
)
def test_what_is_named_like_a_secret_has_a_secrecy(name: str, kind: FieldType) -> None:
    assert list(faults(Field(name=name, type=kind))) == ["secrecy"]
    if kind is not T.JSON:
        assert faults(Field(name=name, type=kind, secrecy=Secrecy.SEALED)) == {}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("passwordChangedAt", T.DATETIME),
        ("tokens", T.INTEGER),
        ("hasPassword", T.BOOLEAN),
        ("tokenType", T.STRING),
        ("tokenId", T.STRING),
        ("key", T.STRING),
        ("keyHash", T.STRING),
        ("publicKey", T.STRING),
        ("secretary", T.STRING),
        ("passport", T.STRING),
        ("pinCode", T.STRING),
        ("value", T.STRING),
        ("hash", T.STRING),
    ],
)
def test_what_is_about_a_secret_is_none(name: str, kind: FieldType) -> None:
    assert faults(Field(name=name, type=kind)) == {}


def test_a_former_name_is_no_name_that_a_field_has_now() -> None:
    def renamed(*former: str) -> list[str]:
        other = Field(name="other", type=T.STRING, former_names=("old",))
        return list(faults(Field(name="x", type=T.STRING, former_names=former), other))

    assert renamed("was", "wasBefore") == []
    assert renamed("X") == []
    assert renamed("x") == renamed("id") == renamed("OTHER") == ["formerNames.0"]
    assert renamed("was", "was") == ["formerNames.1"]
    assert renamed("old") == ["tables.0.fields.2.formerNames.0"]
    assert renamed("a b") == renamed("") == ["formerNames.0"]
    assert renamed(*(f"x{number}" for number in range(11))) == ["formerNames"]


@pytest.mark.parametrize("access", [FieldAccess.READ_ONLY, FieldAccess.MANAGED])
def test_what_nobody_sets_has_a_default_or_may_be_null(access: FieldAccess) -> None:
    fields = (KEY, Field(name="x", type=T.STRING, access=access))
    policy = Policy(create=(Grant(audience=Audience.SIGNED_IN),))

    (fault,) = validate(SchemaModel(tables=(Table(name="things", fields=fields, policy=policy),)))

    assert fault.field == ("tables", "0", "fields", "1", "access")
    assert faults(Field(name="x", type=T.STRING, access=access, nullable=True)) == {}
    assert faults(Field(name="x", type=T.STRING, access=access, default_value="a")) == {}
    assert faults(Field(name="createdAt", type=T.DATETIME, access=access)) == {}


def test_a_schema_has_so_many_patterns() -> None:
    def patterned(count: int) -> list[str]:
        fields = [
            Field(name=f"f{nth}", type=T.STRING, rules=FieldRules(pattern=f"a{{{nth}}}")) for nth in range(1, count)
        ]
        return list(faults(*fields, Field(name="last", type=T.STRING, rules=FieldRules(pattern="a{1}"))))

    assert patterned(31) == []
    assert patterned(32) == ["tables"]
