"""What the name of a text says of how it is to be kept."""

import pytest

from services.designs.schema import Field, FieldType, Secrecy
from services.designs.secrets import needs_secrecy, secrecy_by_name


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "passwordHash",
        "new_password",
        "PIN",
        "otp",
        "userPassword2",
        "passwordConfirm",
        "password_old",
        "PASSWORD",
    ],
)
def test_what_people_enter_is_hashed(name: str) -> None:
    assert secrecy_by_name(name) is Secrecy.HASHED


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "resetTokenHash",
        "clientSecret",
        "apiKey",
        "api_key",
        "signingKey",
        "cvv",
        "privateKeyPem",
        "recoveryCodes",
        "totpSeed",
        "secretAnswer",
        "access_token_raw",
        "jwt",
    ],
)
def test_other_secrets_are_sealed(name: str) -> None:
    assert secrecy_by_name(name) is Secrecy.SEALED


@pytest.mark.parametrize(
    "name",
    [
        "tokenType",
        "tokenId",
        "publicKey",
        "key",
        "passwordChangedAt",
        "passwordResetRequired",
        "tokenBudget",
        "zipCode",
        "answer",
        "pinnedAt",
        "hash",
        "",
        "_",
        "é",
    ],
)
def test_what_is_about_a_secret_is_none(name: str) -> None:
    assert secrecy_by_name(name) is None


@pytest.mark.parametrize(
    ("name", "kind", "needs"),
    [
        ("pin", FieldType.INTEGER, True),
        ("password", FieldType.DECIMAL, True),
        ("cardCvv", FieldType.INTEGER, True),
        ("tokens", FieldType.INTEGER, False),
        ("passwordLength", FieldType.INTEGER, False),
        ("hasPassword", FieldType.BOOLEAN, False),
        ("recoveryCodes", FieldType.JSON, True),
    ],
)
def test_digits_that_people_enter_are_secrets_too(name: str, kind: FieldType, *, needs: bool) -> None:
    assert needs_secrecy(Field(name=name, type=kind)) is needs
