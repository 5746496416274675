"""Who one is at a `snapinfra dev`: its settings, the secret of its data folder, and tokens that this signs."""

import secrets
from pathlib import Path

from services.config import BadConfig, Config, load, process_environment
from services.core.clock import utc_now
from services.foundation.auth.tokens import issue_dev_token


def development_config(*, port: int, data: Path, host: str) -> Config:
    """Return the settings of `snapinfra dev`: the environment's, with a secret of the data folder's own."""
    chosen = {"SNAPINFRA_ENV": "development", "PORT": str(port), "HOST": host, "SNAPINFRA_DATA": str(data)}
    chosen |= {"TLS_CERT_FILE": "", "TLS_KEY_FILE": ""}  # they may be in a .env; what is printed says http
    if not process_environment().get("JWT_SECRET"):
        chosen["JWT_SECRET"] = dev_secret(data)
    return load(**chosen)


def development_token(user: str, *, data: Path) -> str:
    """Return a token for the development server that uses this data folder, or will use it."""
    return token_for(user, development_config(port=8000, data=data, host="127.0.0.1"))


def own_token(data: Path) -> str:
    """Return a token for the development server that uses this data folder. Raises BadConfig where none has used it."""
    if not process_environment().get("JWT_SECRET") and not _secret_of(data).is_file():
        raise BadConfig(
            f"No `snapinfra dev` has used the folder {data}: start one with `make dev`, choose --data, or say who "
            "you are by --token."
        )
    return development_token("alice", data=data)


def token_for(user: str, config: Config) -> str:
    secret = config.jwt_secret.get_secret_value() if config.jwt_secret else ""
    return issue_dev_token(user, secret=secret, lifetime=config.jwt_lifetime, now=utc_now)


def dev_secret(data: Path) -> str:
    """Return the secret of a data folder's tokens; made once, so that tokens outlive a restart."""
    file = _secret_of(data)
    if not file.is_file():
        data.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32))
    return file.read_text()


def _secret_of(data: Path) -> Path:
    return data / "jwt-secret"
