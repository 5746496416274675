"""Backends as different people and models write them, each sound, for one schema; and mistakes in them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from services.core.frozen import frozen
from services.designs.schema import (
    Accounts,
    Audience,
    Field,
    FieldAccess,
    FieldType,
    Grant,
    Policy,
    Relationship,
    RelationshipType,
    SchemaModel,
    Secrecy,
    Table,
)

_KEY: Final = Field(name="id", type=FieldType.STRING, primary_key=True)
_OWNER: Final = (Grant(audience=Audience.OWNER),)
_ADMIN: Final = (Grant(audience=Audience.ROLE, roles=("admin",)),)
_SIGNED_IN: Final = (Grant(audience=Audience.SIGNED_IN),)
_PUBLIC: Final = (Grant(audience=Audience.PUBLIC),)


def _text(name: str, access: FieldAccess = FieldAccess.READ_WRITE, secrecy: Secrecy | None = None) -> Field:
    return Field(name=name, type=FieldType.STRING, access=access, secrecy=secrecy, unique=name == "email")


BLOG: Final = SchemaModel(
    tables=(
        Table(
            name="users",
            fields=(
                _KEY,
                _text("email"),
                _text("password", secrecy=Secrecy.HASHED),
                Field(
                    name="role",
                    type=FieldType.STRING,
                    default_value="user",
                    access=FieldAccess.READ_ONLY,
                ),
            ),
            policy=Policy(create=_ADMIN, read=_OWNER + _ADMIN, update=_OWNER, delete=_ADMIN, owner="id"),
        ),
        Table(
            name="posts",
            fields=(_KEY, _text("userId"), _text("title")),
            policy=Policy(create=_SIGNED_IN, read=_PUBLIC, update=_OWNER, delete=_OWNER + _ADMIN, owner="userId"),
        ),
    ),
    relationships=(
        Relationship(from_table="users", to_table="posts", type=RelationshipType.ONE_TO_MANY, field="userId"),
    ),
    accounts=Accounts(table="users", login="email", password="password", role="role"),
)
"""Users with a password, and posts that everybody reads and their owner changes."""

_HERE: Final = Path(__file__).parent

STYLES: Final = {
    folder.name: {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.[tj]s"))
    }
    for folder in sorted((_HERE / "styles").iterdir())
}
"""The contents of the files of each backend by path: handlers behind routers that the application mounts, classes of
handlers with routes in one table and views, small functions that are put together, all in one file of JavaScript, and
resolvers of GraphQL."""


@frozen
class Mistake:
    """What is wrong in one file of a style, and what is said of it. What it changes is there once."""

    name: str
    style: str
    path: str
    says: str
    right: str
    wrong: str

    def made(self) -> dict[str, str]:
        """Return the files of the style with the mistake."""
        sound = STYLES[self.style]
        assert sound[self.path].count(self.right) == 1
        return {**sound, self.path: sound[self.path].replace(self.right, self.wrong)}


def _changes(file: str) -> Iterator[Mistake]:
    blocks = (_HERE / file).read_text(encoding="utf-8").split("@@ ")[1:]
    for number, block in enumerate(blocks, start=1):
        head, *lines = block.rstrip("\n").split("\n")
        style, _, rest = head.partition(" ")
        path, _, says = rest.partition(": ")
        right = "".join(f"{line[1:]}\n" for line in lines if line[0] in " -")
        wrong = "".join(f"{line[1:]}\n" for line in lines if line[0] in " +")
        yield Mistake(f"{number}. {path}: {says}", style, path, says, right, wrong)


MISTAKES: Final = tuple(_changes("mistakes.diff"))
VARIANTS: Final = tuple(_changes("variants.diff"))
"""Other ways to write it, which are as sound."""
