"""Schemas made up at random, with the names that the code of a backend has itself."""

import re
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Final

from services.designs.schema import (
    Accounts,
    Api,
    Audience,
    Condition,
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
RANKS: Final = ("low", "boss")
_RULES: Final = {
    FieldType.STRING: (
        FieldRules(values=("a", 'it\'s "x"', "ß")),
        FieldRules(format=FieldFormat.URL),
        FieldRules(format=FieldFormat.EMAIL),
        FieldRules(format=FieldFormat.CURRENCY),
        FieldRules(pattern=r"[A-Z]{2,4}-\d+"),
        FieldRules(min_length=3, max_length=3),
        FieldRules(min_length=40),
    ),
    FieldType.TEXT: (FieldRules(pattern=r"\p{L}+ \d+"), FieldRules(min_length=1), FieldRules(max_length=9)),
    FieldType.DECIMAL: (
        FieldRules(scale=0),
        FieldRules(minimum="-5", scale=12),
        FieldRules(minimum="0", maximum="1.5"),
    ),
    FieldType.INTEGER: (FieldRules(minimum="1", maximum="3"), FieldRules(minimum="1"), FieldRules(maximum="-1")),
    FieldType.FLOAT: (FieldRules(minimum="0.5"), FieldRules(minimum="-1", maximum="0.25")),
    FieldType.DATE: (FieldRules(minimum="2020-01-01", maximum="2020-01-03"), FieldRules(minimum="2020-01-01")),
    FieldType.DATETIME: (
        FieldRules(minimum="2020-01-01T00:00:00Z"),
        FieldRules(minimum="2020-01-01T00:00:00+02:00", maximum="2020-01-01T12:00:00.5Z"),
    ),
}
_DEFAULTS: Final = {
    FieldType.STRING: "a default",
    FieldType.TEXT: "",
    FieldType.INTEGER: 0,
    FieldType.FLOAT: 0.5,
    FieldType.DECIMAL: "1.5",
    FieldType.BOOLEAN: False,
    FieldType.DATE: "2024-02-29",
    FieldType.DATETIME: "2024-02-29T12:00:00+01:00",
}
"""Of fields without rules."""
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
        self.has_accounts, self.has_teams = self._likely(0.7), self._likely(0.7)
        self.key = self._key_type() if self.has_accounts else FieldType.STRING
        self.team_key = self._key_type()
        self.ranks = tuple(random.sample(RANKS, 2)) if self._likely(0.8) else ()
        self.owner_rank = "boss" if self.ranks and self._likely(0.7) else None
        self.tables: list[Table] = []
        self.relationships: list[Relationship] = []

    def schema(self) -> SchemaModel:
        users, teams, memberships, *others = self._names(TABLES)
        self.tables += [self._users(users), self._teams(teams), self._memberships(memberships)]
        self._relate(users, memberships, "userRef")
        self._relate(teams, memberships, "teamRef")
        for name in others:
            self._add(name)
        login = self.random.choice(["email", "email", "handle"])
        accounts = Accounts(users, login, "password", "role", sign_up=self._likely(0.7))
        rank = "rank" if self.ranks else None
        return SchemaModel(
            tables=tuple(self.tables),
            relationships=tuple(self.relationships),
            default_policy=self._policy((), None, None) if self._likely(0.5) else None,
            accounts=accounts if self.has_accounts else None,
            teams=Teams(teams, memberships, "userRef", "teamRef", rank, self.owner_rank) if self.has_teams else None,
            api=self.random.choice([Api.REST, Api.REST, Api.GRAPHQL, Api.BOTH]),
        )

    def _likely(self, chance: float) -> bool:
        return self.random.random() < chance

    def _names(self, number: int) -> list[str]:
        by_case = {name.lower(): name for name in self.random.sample(_words(), 2 * number)}
        return self.random.sample(sorted(by_case.values()), number)

    def _users(self, name: str) -> Table:
        values = FieldRules(values=ROLES) if self._likely(0.3) else None
        access = self.random.choice([FieldAccess.MANAGED, FieldAccess.MANAGED, FieldAccess.READ_ONLY])
        email = FieldRules(FieldFormat.EMAIL, case_insensitive=True)
        fields = (
            Field("id", self.key, primary_key=True),
            Field("email", FieldType.STRING, unique=True, rules=email),
            Field("handle", FieldType.STRING, unique=True),
            Field("password", FieldType.STRING, secrecy=Secrecy.HASHED),
            Field("role", FieldType.STRING, nullable=True, access=access, rules=values),
        )
        fields += tuple(self._fields({field.name for field in fields}))
        return Table(name, fields, policy=self._policy(fields, "id", None))

    def _teams(self, name: str) -> Table:
        fields = (Field("id", self.team_key, primary_key=True), *self._fields({"id"}))
        return Table(name, fields, policy=self._policy(fields, None, "id" if self.has_teams else None))

    def _memberships(self, name: str) -> Table:
        rank = Field(
            "rank",
            FieldType.STRING,
            nullable=not self.ranks,
            default_value="low" if self.ranks and (self.owner_rank is None or self._likely(0.7)) else None,
            rules=FieldRules(values=self.ranks) if self.ranks else None,
        )
        fields = (
            Field("id", self._key_type(), primary_key=True),
            Field("userRef", self.key),
            Field("teamRef", self.team_key),
            rank,
        )
        indexes = (Index("once", ("userRef", "teamRef"), unique=True),)
        team = "teamRef" if self.has_teams and self._likely(0.8) else None
        return Table(name, fields, indexes, self._policy(fields, "userRef" if self._likely(0.8) else None, team))

    def _add(self, name: str) -> None:
        """Add a table, and what it refers to."""
        parent = self.random.choice(self.tables)
        key = Field(self.random.choice(["id", "code", *_words()]), self._key_type(), primary_key=True)
        owner = Field("ownerRef", self.key, nullable=self._likely(0.3)) if self._likely(0.6) else None
        team = Field("teamRef", self.team_key) if self._likely(0.5) and self.has_teams else None
        above = Field("above", parent.fields[0].type, nullable=self._likely(0.5)) if self._likely(0.4) else None
        same = Field("same", key.type, nullable=True) if self._likely(0.2) else None
        aside = self.random.choice(self.tables)
        beside = Field("beside", aside.fields[0].type) if self._likely(0.3) else None
        given = [field for field in (key, owner, team, above, same, beside) if field is not None]
        fields = (*given, *self._fields({field.name for field in given}))
        is_below = above is not None and not above.nullable and self._likely(0.5)
        policy = self._policy(fields, owner and owner.name, team and team.name, "above" if is_below else None)
        self.tables.append(Table(name, fields, tuple(self._indexes(fields)), policy))
        users, teams, *_ = self.tables
        parents = ((users, owner), (teams, team), (parent, above), (self.tables[-1], same), (aside, beside))
        for table, field in parents:
            if field is not None:
                self._relate(table.name, name, field.name, is_nullable=field.nullable, is_alone=self._likely(0.2))
        if beside is not None and above is not None and parent is not aside:
            many = RelationshipType.MANY_TO_MANY
            self.relationships.append(Relationship(parent.name, aside.name, many, through=name))
        if self._likely(0.5):
            other = self.random.choice(self.tables).name
            self.relationships.append(Relationship(other, name, self.random.choice(list(RelationshipType))))

    def _relate(
        self, parent: str, child: str, field: str, *, is_nullable: bool = False, is_alone: bool = False
    ) -> None:
        kind = RelationshipType.ONE_TO_ONE if is_alone else RelationshipType.ONE_TO_MANY
        ways = [OnDelete.CASCADE, OnDelete.RESTRICT, *([OnDelete.SET_NULL] * 2 if is_nullable else [])]
        self.relationships.append(Relationship(parent, child, kind, self.random.choice(ways), field))

    def _key_type(self) -> FieldType:
        return self.random.choice([FieldType.STRING, FieldType.INTEGER])

    def _fields(self, taken: set[str]) -> Iterator[Field]:
        free = [name for name in self.random.sample(_words(), 6) if name not in taken]
        yield from (self._field(name) for name in free[: self.random.randint(0, 6)])

    def _field(self, name: str) -> Field:
        kind = self.random.choice(list(FieldType))
        is_secret = kind in {FieldType.STRING, FieldType.TEXT} and self._likely(0.1)
        access = self.random.choice([FieldAccess.READ_WRITE] * 3 + list(FieldAccess))
        rules = self.random.choice(_RULES[kind]) if kind in _RULES and not is_secret and self._likely(0.5) else None
        unique = not is_secret and kind not in {FieldType.JSON, FieldType.BOOLEAN} and self._likely(0.25)
        has_default = rules is None and not (is_secret or unique) and self._likely(0.3)
        can_be_left = access in {FieldAccess.READ_ONLY, FieldAccess.MANAGED}
        return Field(
            name,
            kind,
            nullable=can_be_left or self._likely(0.4),
            unique=unique,
            default_value=_DEFAULTS.get(kind) if has_default else None,
            access=access,
            secrecy=self.random.choice(list(Secrecy)) if is_secret else None,
            rules=rules,
        )

    def _indexes(self, fields: tuple[Field, ...]) -> Iterator[Index]:
        names = [field.name for field in fields if field.secrecy is None]
        for number in range(self.random.choice([0, 1, 1, 2])):
            several = self.random.sample(names, min(len(names), self.random.choice([1, 2, 2, 3])))
            yield Index(f"index{number}", tuple(several), unique=self._likely(0.4))

    def _policy(
        self, fields: tuple[Field, ...], owner: str | None, team: str | None, inherited_from: str | None = None
    ) -> Policy:
        create, read, update, delete = (
            tuple(self._grants(fields if action != "create" else (), owner, team))
            for action in ("create", "read", "update", "delete")
        )
        return Policy(create, read, update, delete, owner, team, inherited_from if owner or team else None)

    def _grants(self, fields: tuple[Field, ...], owner: str | None, team: str | None) -> Iterator[Grant]:
        audiences = [Audience.SIGNED_IN, Audience.PUBLIC, Audience.ROLE]
        audiences += [Audience.OWNER] * 2 if owner else []
        audiences += [Audience.TEAM] * 2 if team else []
        for audience in dict.fromkeys(self.random.sample(audiences, self.random.randint(0, 2))):
            when = self._condition(fields) if self._likely(0.15) else None
            if audience is Audience.ROLE:
                yield Grant(audience, tuple(self.random.sample(ROLES, 2)), when)
            else:
                is_ranked = audience is Audience.TEAM and self.ranks and self._likely(0.5)
                yield Grant(audience, ("boss",) if is_ranked else (), when)

    def _condition(self, fields: tuple[Field, ...]) -> Condition | None:
        """Return a condition on a field of a few values, where there is one."""
        few = [field for field in fields if field.type is FieldType.BOOLEAN or (field.rules and field.rules.values)]
        if not few:
            return None
        field = self.random.choice(few)
        values = field.rules.values if field.rules else ()
        return Condition(field.name, self.random.choice(values or (True, False)))
