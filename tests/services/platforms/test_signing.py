"""The tests of the secrets that backends on this machine get."""

from pathlib import Path

import jwt

from services.core.clock import utc_now
from services.platforms.signing import asks_for_secret, is_settled, secret_of, token_for


def test_a_site_keeps_its_secret_which_only_its_owner_reads(tmp_path: Path) -> None:
    secret = secret_of("project_1", folder=tmp_path)

    assert secret_of("project_1", folder=tmp_path) == secret != secret_of("project_2", folder=tmp_path)
    assert len(secret) >= 32
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {
        "project_1": 0o600,
        "project_2": 0o600,
    }


def test_a_backend_asks_for_a_secret_in_its_example_of_settings(tmp_path: Path) -> None:
    assert not asks_for_secret(tmp_path)
    (tmp_path / ".env.example").write_text("PORT=3000\n", encoding="utf-8")
    assert not asks_for_secret(tmp_path)
    (tmp_path / ".env.example").write_text("PORT=3000\nJWT_SECRET=\n", encoding="utf-8")
    assert asks_for_secret(tmp_path)


def test_a_token_names_its_user_and_ends() -> None:
    secret = "x" * 32

    claims = jwt.decode(token_for("developer", secret=secret, now=utc_now), secret, algorithms=["HS256"])

    assert claims["sub"] == "developer"
    assert claims["exp"] > utc_now().timestamp()


def test_an_order_may_say_itself_how_tokens_are_verified() -> None:
    assert not is_settled({"GREETING": "hello"})
    for name in ("JWT_SECRET", "JWKS_URL", "AUTH"):
        assert is_settled({name: "x"})
