"""Schemas made up at random, with the names that the code of a backend has itself."""

import re
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Final

from services.designs.schema import (
    Accounts,
    Audience,
    Field,
    FieldAccess,
    FieldFormat,
    FieldRules,
    FieldType,
    Grant,
    Index,
    OnDelete,
    Policy,
    Relationship,
    RelationshipType,
    SchemaModel,
    Secrecy,
    Table,
    Teams,
)
from services.designs.validation import validate
from services.scaffold.backend import write_backend
from services.schemas.unbuilt import without_unbuilt
from tests.backends.schemas import EVERY_FEATURE

TABLES: Final = 12
ROLES: Final = ("admin", "site-admin", "site_admin", "Prüfer", "owner", "user", "team")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}")


@cache
def _words() -> list[str]:
    files = write_backend(project_name="Names", description="Names", schema=EVERY_FEATURE)
    code = "\n".join(content for path, content in files.items() if path.endswith(".ts"))
    stems = {path.rpartition("/")[2].partition(".")[0] for path in files}
    return sorted(word for word in {*_NAME.findall(code), *stems} if _NAME.fullmatch(word))


def schema(seed: int) -> SchemaModel:
    """Return a valid schema, all of which is built; the same one for the same seed."""
    random = Random(seed)  # noqa: S311 - no secret
    while True:
        draft = _Draft(random).schema()
        built, _ = without_unbuilt(draft) if not validate(draft) else (None, [])
        if built is not None and not validate(built):
            return built


class _Draft:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.has_accounts, self.has_teams = random.random() < 0.7, random.random() < 0.7
        self.key = random.choice([FieldType.STRING, FieldType.INTEGER])

    def schema(self) -> SchemaModel:
        users, teams, memberships, *others = names = self._names(TABLES)
        if not self.has_accounts:
            self.key = FieldType.STRING
        tables = [self._users(users), self._teams(teams), self._memberships(memberships)]
        tables += [self._table(name) for name in others]
        relationships = [
            Relationship(users, memberships, RelationshipType.ONE_TO_MANY, OnDelete.CASCADE, "userRef"),
            Relationship(teams, memberships, RelationshipType.ONE_TO_MANY, OnDelete.CASCADE, "teamRef"),
            *(relationship for table in tables[3:] for relationship in self._relationships(table, names)),
        ]
        accounts = Accounts(users, "email", "password", "role", sign_up=self._likely(0.7))
        owner_role = "boss" if self._likely(0.7) else None
        return SchemaModel(
            tables=tuple(tables),
            relationships=tuple(relationships),
            default_policy=self._policy(None, None) if self._likely(0.5) else None,
            accounts=accounts if self.has_accounts else None,
            teams=Teams(teams, memberships, "userRef", "teamRef", "rank", owner_role) if self.has_teams else None,
        )

    def _likely(self, chance: float) -> bool:
        return self.random.random() < chance

    def _names(self, number: int) -> list[str]:
        by_case = {name.lower(): name for name in self.random.sample(_words(), 2 * number)}
        return self.random.sample(sorted(by_case.values()), number)

    def _users(self, name: str) -> Table:
        fields = (
            Field("id", self.key, primary_key=True),
            Field("email", FieldType.STRING, unique=True, rules=FieldRules(FieldFormat.EMAIL, case_insensitive=True)),
            Field("password", FieldType.STRING, secrecy=Secrecy.HASHED),
            Field("role", FieldType.STRING, nullable=True, access=FieldAccess.MANAGED),
        )
        return Table(name, fields, policy=self._policy("id", None))

    def _teams(self, name: str) -> Table:
        fields = (Field("id", FieldType.STRING, primary_key=True), *self._fields({"id"}))
        return Table(name, fields, policy=self._policy(None, "id" if self.has_teams else None))

    def _memberships(self, name: str) -> Table:
        rules = FieldRules(values=("low", "boss"))
        fields = (
            Field("id", FieldType.STRING, primary_key=True),
            Field("userRef", self.key),
            Field("teamRef", FieldType.STRING),
            Field("rank", FieldType.STRING, default_value="low", rules=rules),
        )
        indexes = (Index("once", ("userRef", "teamRef"), unique=True),)
        return Table(name, fields, indexes, self._policy("userRef", "teamRef" if self.has_teams else None))

    def _table(self, name: str) -> Table:
        key = Field(self.random.choice(["id", "code", *_words()]), self._key_type(), primary_key=True)
        owner = Field("ownerRef", self.key) if self._likely(0.6) else None
        team = Field("teamRef", FieldType.STRING) if self._likely(0.5) and self.has_teams else None
        given = [field for field in (key, owner, team) if field is not None]
        fields = (*given, *self._fields({field.name for field in given}))
        policy = self._policy(owner and owner.name, team and team.name)
        return Table(name, fields, tuple(self._indexes(fields)), policy)

    def _key_type(self) -> FieldType:
        return self.random.choice([FieldType.STRING, FieldType.INTEGER])

    def _fields(self, taken: set[str]) -> Iterator[Field]:
        free = [name for name in self.random.sample(_words(), 6) if name not in taken]
        yield from (self._field(name) for name in free[: self.random.randint(0, 6)])

    def _field(self, name: str) -> Field:
        kind = self.random.choice(list(FieldType))
        is_secret = kind is FieldType.STRING and self._likely(0.1)
        access = self.random.choice([FieldAccess.READ_WRITE] * 3 + list(FieldAccess))
        can_be_left = access in {FieldAccess.READ_ONLY, FieldAccess.MANAGED}
        return Field(
            name,
            kind,
            nullable=can_be_left or self._likely(0.4),
            unique=not is_secret and kind not in {FieldType.JSON, FieldType.BOOLEAN} and self._likely(0.25),
            access=access,
            secrecy=self.random.choice(list(Secrecy)) if is_secret else None,
            rules=None if is_secret else self._rules(kind),
        )

    def _rules(self, kind: FieldType) -> FieldRules | None:
        rules = {
            FieldType.STRING: [
                FieldRules(values=("a", 'it\'s "x"', "ß")),
                FieldRules(format=FieldFormat.URL),
                FieldRules(pattern=r"[A-Z]{2,4}-\d+"),
                FieldRules(min_length=3, max_length=3),
            ],
            FieldType.DECIMAL: [FieldRules(scale=0), FieldRules(minimum="-5", scale=12)],
            FieldType.INTEGER: [FieldRules(minimum="1", maximum="3"), FieldRules(minimum="1")],
            FieldType.DATE: [FieldRules(minimum="2020-01-01", maximum="2020-01-03")],
        }
        return self.random.choice(rules[kind]) if kind in rules and self._likely(0.5) else None

    def _indexes(self, fields: tuple[Field, ...]) -> Iterator[Index]:
        names = [field.name for field in fields if field.secrecy is None]
        if len(names) > 1 and self._likely(0.6):
            yield Index("pair", tuple(self.random.sample(names, 2)), unique=self._likely(0.4))

    def _policy(self, owner: str | None, team: str | None) -> Policy:
        create, read, update, delete = (
            tuple(self._grants(owner, team)) for _ in ("create", "read", "update", "delete")
        )
        return Policy(create, read, update, delete, owner, team)

    def _grants(self, owner: str | None, team: str | None) -> Iterator[Grant]:
        audiences = [Audience.SIGNED_IN, Audience.PUBLIC, Audience.ROLE]
        audiences += [Audience.OWNER] * 2 if owner else []
        audiences += [Audience.TEAM] * 2 if team else []
        for audience in dict.fromkeys(self.random.sample(audiences, self.random.randint(0, 2))):
            if audience is Audience.ROLE:
                yield Grant(audience, tuple(self.random.sample(ROLES, 2)))
            else:
                yield Grant(audience, ("boss",) if audience is Audience.TEAM and self._likely(0.5) else ())

    def _relationships(self, table: Table, names: list[str]) -> Iterator[Relationship]:
        fields = {field.name for field in table.fields}
        on_delete = self.random.choice([OnDelete.CASCADE, OnDelete.RESTRICT])
        if "ownerRef" in fields:
            yield Relationship(names[0], table.name, RelationshipType.ONE_TO_MANY, on_delete, "ownerRef")
        if "teamRef" in fields:
            yield Relationship(names[1], table.name, RelationshipType.ONE_TO_MANY, on_delete, "teamRef")
        if self._likely(0.6):
            yield Relationship(self.random.choice(names), table.name, self.random.choice(list(RelationshipType)))
