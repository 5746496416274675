"""How a deployment is asked for: by the digests of its files, of which Vercel says what it misses."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from services.platforms.archive import contents
from services.platforms.port import DeployFailed, Order
from services.platforms.vendors.client import Refused
from services.platforms.vercel.api import Vercel
from services.platforms.vercel.project import BEFORE, MARK, Deployment, Site
from services.platforms.vercel.source import fitted, settings

_AT_ONCE: Final = 8
_ROUNDS: Final = 5


class _Missing(msgspec.Struct, frozen=True):
    missing: list[str]


class _MissingFiles(msgspec.Struct, frozen=True):
    error: _Missing


async def create(site: Site, order: Order) -> Deployment:
    """Ask for a deployment of an order's archive. Raises as `Client.call` does, and DeployFailed for a bad archive."""
    archived = await asyncio.to_thread(contents, order.archive)
    files = fitted(archived, start_command=order.config.start_command)
    by_digest = {_digest(content): content for content in files.values()}
    project = await site.project()
    region = {"serverlessFunctionRegion": order.hosting.region} if order.hosting.region else {}
    body = {
        "name": order.site,
        "project": project.id,
        "target": "production",
        "files": [
            {"file": path, "sha": _digest(content), "size": len(content)} for path, content in sorted(files.items())
        ],
        "projectSettings": {**settings(archived, build_command=order.config.build_command), **region},
        "meta": {MARK: order.deployment_id} | ({BEFORE: project.production} if project.production else {}),
    }
    for _ in range(_ROUNDS):
        try:
            return (await site.api.create(body)).read(Deployment)
        except Refused as refused:
            missing = _missing(refused)
            if not missing or not by_digest.keys() >= set(missing):
                raise
        await _upload(site.api, {digest: by_digest[digest] for digest in missing})
    raise DeployFailed("REFUSED", "Vercel goes on to miss files that it was sent.")


async def _upload(api: Vercel, files: Mapping[str, bytes]) -> None:
    digests = list(files)
    for start in range(0, len(digests), _AT_ONCE):
        uploads = [api.upload(digest, files[digest]) for digest in digests[start : start + _AT_ONCE]]
        for result in await asyncio.gather(*uploads, return_exceptions=True):
            if result is not None:
                raise result


def _missing(refused: Refused) -> Sequence[str]:
    if refused.code != "missing_files":
        return ()
    try:
        return msgspec.convert(refused.body, _MissingFiles).error.missing
    except msgspec.ValidationError:
        return ()


def _digest(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
