"""The fake targets by the names of their platforms, and what programs that run all of them need to know."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.core.frozen import frozen
from tests.fakes.targets.aws import FakeAws
from tests.fakes.targets.heroku import FakeHeroku
from tests.fakes.targets.railway import FakeRailway
from tests.fakes.targets.vercel import FakeVercel


@frozen
class Kind:
    fake: Callable[[], Any]
    setting: str
    """The environment variable that says where the target's API is."""
    begun: Callable[[Any], int]
    """Counts what must be begun once per deployment."""

    def settings(self, fake: Any) -> dict[str, str]:
        return {self.setting: fake.url}

    def credentials(self, fake: Any) -> dict[str, Any]:
        """Return what an integration is created with."""
        return {"token": fake.token}


class _Aws(Kind):
    def settings(self, fake: Any) -> dict[str, str]:
        return {f"{self.setting}_{part}": fake.url for part in ("ECS", "ECR", "CODEBUILD", "LOGS", "S3", "IAM", "STS")}

    def credentials(self, fake: Any) -> dict[str, Any]:
        return {"aws": {"accessKeyId": fake.access_key_id, "secretAccessKey": fake.token}}


KINDS: Final[Mapping[str, Kind]] = {
    "AWS_ECS": _Aws(FakeAws, "AWS_ENDPOINT_URL", begun=lambda fake: len(fake.codebuild.builds)),
    "HEROKU": Kind(FakeHeroku, "HEROKU_API_URL", begun=lambda fake: sum(len(app.builds) for app in fake.apps.values())),
    "RAILWAY": Kind(FakeRailway, "RAILWAY_API_URL", begun=lambda fake: fake.uploads),
    "VERCEL": Kind(FakeVercel, "VERCEL_API_URL", begun=lambda fake: fake.created),
}
