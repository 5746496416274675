"""This file is the S3 bucket of artifacts."""

from dataclasses import dataclass

from botocore.exceptions import ClientError

from services.aws.clients import Aws


@dataclass(frozen=True, slots=True)
class Bucket:
    """Stores byte strings under keys."""

    aws: Aws
    name: str

    async def put(self, key: str, content: bytes, *, media_type: str) -> None:
        await self.aws.run(self.aws.s3.put_object, Bucket=self.name, Key=key, Body=content, ContentType=media_type)

    async def get(self, key: str) -> bytes | None:
        """Return what is stored under the key, or None."""
        return await self.aws.run(self._get, key)

    async def remove(self, prefix: str) -> None:
        """Delete everything below a prefix; the bucket keeps what was there as old versions, for as long as it keeps
        those.
        """
        await self.aws.run(self._remove, prefix)

    def presign(self, key: str, *, seconds: int, filename: str) -> str:
        """Make a URL with which anybody may download the object, as `filename`, for that many seconds. No network."""
        return self.aws.s3.generate_presigned_url(
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
            if keys := [{"Key": one["Key"]} for one in page.get("Contents", []) if "Key" in one]:
                self.aws.s3.delete_objects(Bucket=self.name, Delete={"Objects": keys, "Quiet": True})  # pyright: ignore[reportArgumentType] - built above

    def _get(self, key: str) -> bytes | None:
        try:
            return self.aws.s3.get_object(Bucket=self.name, Key=key)["Body"].read()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchKey":
                return None
            raise
