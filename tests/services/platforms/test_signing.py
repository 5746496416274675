"""The tests of the secrets that backends on this machine get."""

from pathlib import Path

import jwt

from services.core.clock import utc_now
from services.platforms.signing import asks_for_secret, secrets_of, token_for


def test_a_site_keeps_its_secrets_which_only_their_owner_reads(tmp_path: Path) -> None:
    secrets = secrets_of("project_1", environment={}, folder=tmp_path)

    assert secrets_of("project_1", environment={}, folder=tmp_path) == secrets
    assert secrets_of("project_2", environment={}, folder=tmp_path) != secrets
    assert len(secrets["JWT_SECRET"]) >= 32
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {
        "project_1": 0o600,
        "project_2": 0o600,
    }


def test_an_order_may_set_them_itself(tmp_path: Path) -> None:
    def given(**environment: str) -> set[str]:
        return set(secrets_of("project_1", environment=environment, folder=tmp_path))

    assert given(GREETING="hello") == {"JWT_SECRET", "SEALING_KEYS"}
    assert given(JWT_SECRET="x") == given(JWKS_URL="x") == given(AUTH="off") == {"SEALING_KEYS"}
    assert given(AUTH="on") == given(AUTH="", JWT_SECRET=" ", JWKS_URL="") == {"JWT_SECRET", "SEALING_KEYS"}
    assert given(SEALING_KEYS="") == {"JWT_SECRET", "SEALING_KEYS"}
    assert given(SEALING_KEYS="x") == {"JWT_SECRET"}


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
