"""The source as CodeBuild takes it: a ZIP with a Dockerfile, and the commands that make an image of it."""

import shlex
import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Final

import msgspec

PORT: Final = 3000
"""On which a backend listens in its container; it is told by PORT."""

_THEN: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every file: the same files make the same ZIP."""

_COMMANDS: Final = (
    'aws ecr get-login-password | docker login --username AWS --password-stdin "${IMAGE%%/*}"',
    'docker build --tag "$IMAGE" .',
    'docker push "$IMAGE"',
)


def dockerfile(build_command: str | None) -> str:
    """Return the Dockerfile of a Node backend that has none of its own.

    From Amazon's mirror: Docker Hub limits pulls by address, and CodeBuild's addresses are shared by many.
    """
    build = f"sh -c {shlex.quote(build_command)}" if build_command else "npm run build --if-present"
    return "\n".join(
        [
            "FROM public.ecr.aws/docker/library/node:22-slim",
            "WORKDIR /app",
            "COPY . .",
            "RUN if [ -f package-lock.json ]; then npm ci; else npm install; fi",
            f"RUN {build} && npm prune --omit=dev",
            f"ENV NODE_ENV=production HOST=0.0.0.0 PORT={PORT}",
            "USER node",
            f"EXPOSE {PORT}",
            'CMD ["npm", "start"]',
            "",
        ]
    )


def packed(files: Mapping[str, bytes], *, build_command: str | None) -> bytes:
    """Pack files as a ZIP, the same bytes for the same files. A build command asks for our own Dockerfile. Blocks."""
    content = dict(files)
    if build_command or "Dockerfile" not in content:
        content["Dockerfile"] = dockerfile(build_command).encode()
        content.setdefault(".dockerignore", b"node_modules\n.env\n")
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for path in sorted(content):
            opened.writestr(zipfile.ZipInfo(path, _THEN), content[path], zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def buildspec() -> str:
    """Return what CodeBuild does, as YAML that is JSON.

    All in one phase: CodeBuild runs `post_build` also after a `build` that failed.
    """
    spec = {"version": 0.2, "phases": {"build": {"on-failure": "ABORT", "commands": list(_COMMANDS)}}}
    return msgspec.json.encode(spec).decode()
