"""What the bucket promises of its download links."""

from urllib.parse import urlsplit

from services.foundation.aws.bucket import Bucket
from services.foundation.aws.clients import connect


def test_a_download_link_leads_to_where_browsers_reach_the_emulator(emulator: str) -> None:
    inside = connect(region="us-east-1", endpoint=emulator)
    outside = connect(region="us-east-1", endpoint=emulator, public_endpoint="http://localhost:4566")

    links = [Bucket(aws, "files").presign("a.zip", seconds=60, filename="a.zip") for aws in (inside, outside)]

    assert [urlsplit(link).netloc for link in links] == [urlsplit(emulator).netloc, "localhost:4566"]
    inside.close()
    outside.close()
