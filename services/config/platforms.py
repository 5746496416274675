"""The settings of deploy targets: where the API of each is."""

from collections.abc import Mapping
from typing import Final

from pydantic import Field

from services.config.forms import HttpUrl
from services.config.section import Section

_PARTS: Final = ("ecs", "ecr", "codebuild", "logs", "s3", "iam", "sts")
"""The parts of AWS that deployments call, by boto3's names of them."""


def _elsewhere(name: str, part: str) -> HttpUrl | None:
    """Declare the setting of where a part of AWS is, for deployments to AWS_ECS alone."""
    description = f"Where {part} is for deployments to AWS_ECS. Unset, at AWS, or in development at AWS_ENDPOINT_URL."
    return Field(None, alias=f"AWS_ENDPOINT_URL_{name}", description=description)


class PlatformSettings(Section):
    """Deploy targets. Whose account is used, a team's integrations say."""

    heroku_api_url: HttpUrl = Field(
        "https://api.heroku.com", alias="HEROKU_API_URL", description="Where Heroku's platform API is."
    )
    railway_api_url: HttpUrl = Field(
        "https://backboard.railway.com", alias="RAILWAY_API_URL", description="Where Railway's public API is."
    )
    vercel_api_url: HttpUrl = Field(
        "https://api.vercel.com", alias="VERCEL_API_URL", description="Where Vercel's API is."
    )
    github_api_url: HttpUrl = Field(
        "https://api.github.com",
        alias="GITHUB_API_URL",
        description="Where GitHub's REST API is, to which code is pushed.",
    )
    render_api_url: HttpUrl = Field(
        "https://api.render.com", alias="RENDER_API_URL", description="Where Render's API is."
    )
    aws_ecs_url: HttpUrl | None = _elsewhere("ECS", "ECS")
    aws_ecr_url: HttpUrl | None = _elsewhere("ECR", "ECR")
    aws_codebuild_url: HttpUrl | None = _elsewhere("CODEBUILD", "CodeBuild")
    aws_logs_url: HttpUrl | None = _elsewhere("LOGS", "CloudWatch Logs")
    aws_s3_url: HttpUrl | None = _elsewhere("S3", "S3")
    aws_iam_url: HttpUrl | None = _elsewhere("IAM", "IAM")
    aws_sts_url: HttpUrl | None = _elsewhere("STS", "STS")

    @property
    def aws_urls(self) -> Mapping[str, str]:
        """Where parts of AWS are, of those that are elsewhere, by boto3's names of them."""
        urls = {part: getattr(self, f"aws_{part}_url") for part in _PARTS}
        return {part: url for part, url in urls.items() if url is not None}
