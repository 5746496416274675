"""The S3 bucket of artifacts."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from botocore.exceptions import ClientError

from services.core.frozen import frozen
from services.foundation.aws.clients import Aws


@frozen
class Bucket:
    """Stores byte strings under keys."""

    aws: Aws
    name: str

    async def put(self, key: str, content: bytes, *, media_type: str) -> None:
        await self.aws.run(self.aws.s3.put_object, Bucket=self.name, Key=key, Body=content, ContentType=media_type)

    async def put_parts(self, key: str, parts: AsyncIterator[bytes], *, media_type: str) -> None:
        """Store parts, each but the last of 5 MiB at least, as one object. Cut short, nothing is there."""
        upload: dict[str, Any] = {"Bucket": self.name, "Key": key}
        begun = await self.aws.run(self.aws.s3.create_multipart_upload, **upload, ContentType=media_type)
        upload["UploadId"] = begun["UploadId"]
        stored: list[Any] = []
        try:
            async for part in parts:
                number = len(stored) + 1
                put = await self.aws.run(self.aws.s3.upload_part, **upload, PartNumber=number, Body=part)
                stored.append({"PartNumber": number, "ETag": put["ETag"]})
            await self.aws.run(self.aws.s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": stored})
        except BaseException:
            await asyncio.shield(self.aws.run(self.aws.s3.abort_multipart_upload, **upload))
            raise

    async def get(self, key: str) -> bytes | None:
        """Return what is stored under the key, or None."""
        return await self.aws.run(self._get, key)

    async def has(self, key: str) -> bool:
        """Tell whether anything is stored under the key."""
        return key in await self.aws.run(self._keys, key)

    async def objects(self, prefix: str) -> AsyncIterator[tuple[str, str, bytes]]:
        """Yield everything below a prefix: its key, its media type and what it is."""
        for key in await self.aws.run(self._keys, prefix):
            stored = await self.aws.run(self._object, key)
            if stored is not None:
                yield key, *stored

    async def remove(self, prefix: str) -> None:
        """Delete everything below a prefix; the bucket keeps what was there as old versions, for as long as it keeps
        those.
        """
        await self.aws.run(self._remove, prefix)

    def presign(self, key: str, *, seconds: int, filename: str) -> str:
        """Make a URL with which anybody may download the object, as `filename`, for that many seconds. No network."""
        return self.aws.links.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self.name,
                "Key": key,
                "ResponseContentDisposition": f'attachment; filename="{filename}"',
            },
            ExpiresIn=seconds,
        )

    def _remove(self, prefix: str) -> None:
        pages = self.aws.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        for page in pages:  # of a thousand at most, as many as one call deletes
            if keys := [{"Key": stored["Key"]} for stored in page.get("Contents", []) if "Key" in stored]:
                self.aws.s3.delete_objects(Bucket=self.name, Delete={"Objects": keys, "Quiet": True})  # pyright: ignore[reportArgumentType] - built above

    def _keys(self, prefix: str) -> list[str]:
        pages = self.aws.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [stored["Key"] for page in pages for stored in page.get("Contents", []) if "Key" in stored]

    def _get(self, key: str) -> bytes | None:
        stored = self._object(key)
        return None if stored is None else stored[1]

    def _object(self, key: str) -> tuple[str, bytes] | None:
        try:
            answer = self.aws.s3.get_object(Bucket=self.name, Key=key)
            return answer["ContentType"], answer["Body"].read()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchKey":
                return None
            raise
