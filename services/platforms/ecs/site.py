"""What a site is called in the user's account: every name there follows from the site's own."""

from typing import Final

from services.core.frozen import frozen
from services.platforms.ecs.account import Owner

CLUSTER: Final = "snapinfra"
"""Of all sites of an account."""
MARK: Final = "snapinfra:deployment"
"""The tag that says of which deployment something is."""
REQUEST: Final = "snapinfra:request"
"""The tag that says for what something was begun that was asked of what runs."""


@frozen
class Site:
    """At most 30 lower-case letters, digits and hyphens, so that all names are within AWS's limits."""

    name: str

    @property
    def repository(self) -> str:
        return f"snapinfra/{self.name}"

    @property
    def project(self) -> str:
        """The project of CodeBuild."""
        return f"snapinfra-{self.name}"

    @property
    def family(self) -> str:
        """The family of task definitions."""
        return f"snapinfra-{self.name}"

    @property
    def build_log(self) -> str:
        return f"/snapinfra/{self.name}/build"

    @property
    def log(self) -> str:
        return f"/snapinfra/{self.name}/service"

    def bucket(self, owner: Owner) -> str:
        """Return the bucket of sources; names of buckets are unique in the world."""
        return f"snapinfra-{self.name}-{owner.account}"

    def role(self, part: str) -> str:
        return f"snapinfra-{self.name}-{part}"

    def role_arn(self, owner: Owner, part: str) -> str:
        return f"arn:{owner.partition}:iam::{owner.account}:role/{self.role(part)}"


def console(region: str, path: str) -> str:
    """Return a page of AWS's console."""
    return f"https://{region}.console.aws.amazon.com/{path}"
