"""All settings together."""

from collections.abc import Iterator

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from services.config.ai import AiSettings
from services.config.auth import AuthSettings
from services.config.aws import AwsSettings
from services.config.jobs import JobSettings
from services.config.platforms import PlatformSettings
from services.config.server import ServerSettings


class Config(PlatformSettings, JobSettings, AuthSettings, AiSettings, AwsSettings, ServerSettings):
    """Every setting. The alias is the environment variable; a variable that is set but empty counts as unset."""

    @property
    def requests_per_minute(self) -> int:
        """Generations that a user may ask for within a minute; 0 for no limit."""
        if self.ai_requests is None:
            return 20 if self.development else 10
        return self.ai_requests

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every setting that is a secret, where it is set."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return tuple(value.get_secret_value() for value in values if isinstance(value, SecretStr))


def settings() -> Iterator[tuple[str, FieldInfo]]:
    """Yield every environment variable with its field, in the order of the reference."""
    for info in Config.model_fields.values():
        assert info.alias is not None  # noqa: S101 - a setting without a variable is a mistake in this file
        yield info.alias, info
