"""Which packages a generated package.json asks for, and which of them are not fetched for a check."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from services.checks.port import TYPES, FileFault
from services.core.foreign_json import UnreadableJson, read_json
from services.core.frozen import frozen

PACKAGE: Final = "package.json"
MAX_DEPENDENCIES: Final = 100

_LISTS: Final = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
# https://docs.npmjs.com/cli/v11/configuring-npm/package-json#name, without the capitals of old packages
_NAME: Final = re.compile(r"(?=.{1,214}\Z)(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*")
# To npm it is a version, a range or a tag if it has none of ":/@\\", does not begin with "." and does not end like an
# archive's name: https://github.com/npm/npm-package-arg
_VERSIONS: Final = re.compile(
    r"(?![.])[A-Za-z0-9 .*^~<>=|+-]{0,200}(?<![.]tgz)(?<![.]tar)(?<![.]tar[.]gz)", re.IGNORECASE
)


@frozen
class Dependencies:
    """What npm is given to install: texts of ours, never the generated files themselves."""

    package: str
    lock: str | None = None
    """Ours alone have one."""

    @property
    def key(self) -> str:
        return hashlib.sha256(f"{self.package}\0{self.lock}".encode()).hexdigest()


class Declined(Exception):
    """A package.json asks for what is not installed for a check."""

    def __init__(self, faults: list[FileFault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def dependencies_of(text: str) -> Dependencies:
    """Return the dependencies of a package.json, and nothing else of it: no script, no workspace, no override.

    Raises Declined unless it is a JSON object and all are packages of the registry, by a range of versions or a tag.
    """
    try:
        package = read_json(text)
    except UnreadableJson as error:
        raise Declined([FileFault(TYPES, PACKAGE, 1, 1, f"It {error}.")]) from error
    if not isinstance(package, dict):
        raise Declined([FileFault(TYPES, PACKAGE, 1, 1, "It is not an object.")])
    content = cast("dict[str, object]", package)
    lists = {name: content[name] for name in _LISTS if content.get(name)}
    if faults := list(_faults(lists, text)):
        raise Declined(faults)
    return Dependencies(json.dumps({"private": True} | lists, sort_keys=True))


def _faults(lists: Mapping[str, object], text: str) -> Iterator[FileFault]:
    count = sum(
        len(cast("dict[str, Any]", dependencies)) for dependencies in lists.values() if isinstance(dependencies, dict)
    )
    if count > MAX_DEPENDENCIES:  # alone: to place the fault of each takes a look through the whole file
        yield _fault(
            text, next(iter(lists)), f"{count} dependencies are more than the {MAX_DEPENDENCIES} that are checked."
        )
        return
    for name, dependencies in lists.items():
        if not isinstance(dependencies, dict):
            yield _fault(text, name, f"{name} is not an object.")
            continue
        wanted = cast("dict[str, Any]", dependencies)
        for package, version in wanted.items():
            if why := _refusal(package, version):
                yield _fault(text, package, why)


def _refusal(package: str, version: object) -> str | None:
    shown = package[:80]
    if not _NAME.fullmatch(package):
        return f"'{shown}' is not the name of a package."
    if not isinstance(version, str):
        return f"The version of '{shown}' is not a text."
    if not _VERSIONS.fullmatch(version.strip()):
        return (
            f"'{shown}' is wanted as '{version[:120]}': only versions from the package registry are checked, "
            "no addresses, repositories, files or aliases."
        )
    return None


def _fault(text: str, name: str, message: str) -> FileFault:
    """Place a fault at the first time that the file says the name as a key."""
    match = re.search(re.escape(json.dumps(name, ensure_ascii=False)) + r"\s*:", text)
    before = text[: match.start()] if match else ""
    return FileFault(TYPES, PACKAGE, before.count("\n") + 1, len(before) - before.rfind("\n"), message)
