"""What users of a backend are known by and reached at: who can change that, has the account."""

import re
from collections.abc import Iterator, Sequence

from services.designs.schema import Accounts, Field, FieldAccess, FieldFormat, FieldType

EMAIL = re.compile(r"(?:^e|_e|E)mail(?:_?[aA]ddress)?$")
"""What a STRING is called that has an e-mail address."""


def address_of(fields: Sequence[Field], accounts: Accounts) -> str | None:
    """Return the field with the address that a user gets mails at: the login, or another; None where there is none."""
    named = {field.name: field for field in fields if is_address(field)}
    return accounts.login if accounts.login in named else next(iter(named), None)


def identifiers(fields: Sequence[Field], accounts: Accounts) -> Iterator[str]:
    """Yield the login, and the address of mails, of those that a user may change: with the password alone."""
    names = {accounts.login, address_of(fields, accounts)}
    for field in fields:
        if field.name in names and field.access is FieldAccess.READ_WRITE and not field.primary_key:
            yield field.name


def is_address(field: Field) -> bool:
    """Whether a field has an e-mail address, by its format or by its name."""
    if field.type is not FieldType.STRING or field.secrecy is not None:
        return False
    if field.rules is not None and field.rules.format is not None:
        return field.rules.format is FieldFormat.EMAIL
    return EMAIL.search(field.name) is not None
