"""What the name of a text says of how it is to be kept."""

import pytest

from services.designs.schema import Secrecy
from services.designs.secrets import secrecy_by_name


@pytest.mark.parametrize("name", ["password", "passwordHash", "new_password", "PIN", "otp", "userPassword2"])
def test_what_people_enter_is_hashed(name: str) -> None:
    assert secrecy_by_name(name) is Secrecy.HASHED


@pytest.mark.parametrize("name", ["token", "resetTokenHash", "clientSecret", "apiKey", "api_key", "signingKey", "cvv"])
def test_other_secrets_are_sealed(name: str) -> None:
    assert secrecy_by_name(name) is Secrecy.SEALED


@pytest.mark.parametrize(
    "name", ["tokenType", "tokenId", "publicKey", "key", "passwordChangedAt", "hash", "", "_", "é"]
)
def test_what_is_about_a_secret_is_none(name: str) -> None:
    assert secrecy_by_name(name) is None
