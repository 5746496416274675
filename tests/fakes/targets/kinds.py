"""The fake targets by the names of their platforms, and what programs that run all of them need to know."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.core.frozen import frozen
from tests.fakes.targets.aws import FakeAws
from tests.fakes.targets.heroku import FakeHeroku
from tests.fakes.targets.railway import FakeRailway
from tests.fakes.targets.render import FakeRender
from tests.fakes.targets.vercel import FakeVercel


@frozen
class Kind:
    fake: Callable[[], Any]
    setting: str
    """The environment variable that says where the target's API is."""
    integration: str
    begun: Callable[[Any], int]
    """Counts what must be begun once per deployment."""

    def settings(self, fake: Any) -> dict[str, str]:
        return {self.setting: fake.url}

    def integrations(self, fake: Any) -> dict[str, dict[str, Any]]:
        """Return the integrations that a deployment needs, by their types, with what they are created with."""
        return {self.integration: {"token": fake.token}}


class _Aws(Kind):
    def settings(self, fake: Any) -> dict[str, str]:
        return {f"{self.setting}_{part}": fake.url for part in ("ECS", "ECR", "CODEBUILD", "LOGS", "S3", "IAM", "STS")}

    def integrations(self, fake: Any) -> dict[str, dict[str, Any]]:
        return {self.integration: {"aws": {"accessKeyId": fake.access_key_id, "secretAccessKey": fake.token}}}


class _Render(Kind):
    def settings(self, fake: Any) -> dict[str, str]:
        return {**super().settings(fake), "GITHUB_API_URL": fake.github.url}

    def integrations(self, fake: Any) -> dict[str, dict[str, Any]]:
        return {**super().integrations(fake), "GITHUB": {"token": fake.github.token}}


KINDS: Final[Mapping[str, Kind]] = {
    "AWS_ECS": _Aws(FakeAws, "AWS_ENDPOINT_URL", "AWS", begun=lambda fake: len(fake.codebuild.builds)),
    "HEROKU": Kind(
        FakeHeroku, "HEROKU_API_URL", "HEROKU", begun=lambda fake: sum(len(app.builds) for app in fake.apps.values())
    ),
    "RAILWAY": Kind(FakeRailway, "RAILWAY_API_URL", "RAILWAY", begun=lambda fake: fake.uploads),
    "RENDER": _Render(FakeRender, "RENDER_API_URL", "RENDER", begun=lambda fake: fake.begun),
    "VERCEL": Kind(FakeVercel, "VERCEL_API_URL", "VERCEL", begun=lambda fake: fake.created),
}
