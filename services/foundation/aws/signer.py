"""Signatures of requests to a service of AWS that speaks JSON: Signature Version 4, the key of the day remembered.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hmac
import time
from hashlib import sha256
from typing import Final, Protocol
from urllib.parse import quote, urlsplit

from botocore.utils import normalize_url_path

_PORTS: Final = {"http": 80, "https": 443}


class Keys(Protocol):
    """Who signs; of temporary keys, with their token."""

    access_key: str
    secret_key: str
    token: str | None


class Signer:
    """Writes the heads of requests that POST JSON to one endpoint.

    A service that is compatible with its earlier protocol, as SQS is, is asked for the codes of errors that it had.
    """

    def __init__(
        self, url: str, *, service: str, region: str, media: str, agent: str, is_query_compatible: bool = False
    ) -> None:
        parts = urlsplit(url)
        port = "" if parts.port in {None, _PORTS.get(parts.scheme)} else f":{parts.port}"
        name = parts.hostname or ""
        self.host = (f"[{name}]" if ":" in name else name) + port
        self.media = media
        self._mode = "x-amzn-query-mode:true\n" if is_query_compatible else ""
        self._mode_name = ";x-amzn-query-mode" if is_query_compatible else ""
        self._line = (
            f"POST {quote(parts.path or '/', safe='/~%')} HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: {media}\r\n"
        )
        mode = "X-Amzn-Query-Mode: true\r\n" if is_query_compatible else ""
        self._rest = f"{mode}User-Agent: {agent}\r\nAccept-Encoding: identity\r\nContent-Length: "
        self._path = quote(normalize_url_path(parts.path or "/"), safe="/~")
        self._scope = f"{region}/{service}/aws4_request"
        self._parts = (region.encode(), service.encode(), b"aws4_request")
        self._stamp = (0, "")
        self._key = (("", ""), b"")

    def head(self, target: str, body: bytes, keys: Keys, now: float) -> bytes:
        """Return a request's line and headers, signed. `target` is its operation; `now` is in seconds since 1970."""
        stamp = self._time(int(now))
        token = f"x-amz-security-token:{keys.token}\n" if keys.token else ""
        signed = f"content-type;host;x-amz-date;{'x-amz-security-token;' if token else ''}x-amz-target{self._mode_name}"
        canonical = (
            f"POST\n{self._path}\n\ncontent-type:{self.media}\nhost:{self.host}\nx-amz-date:{stamp}\n{token}"
            f"x-amz-target:{target}\n{self._mode}\n{signed}\n{sha256(body).hexdigest()}"
        )
        scope = f"{stamp[:8]}/{self._scope}"
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._of_the_day(stamp[:8], keys.secret_key), text.encode(), "sha256").hex()
        security = f"X-Amz-Security-Token: {keys.token}\r\n" if token else ""
        return (
            f"{self._line}X-Amz-Date: {stamp}\r\nX-Amz-Target: {target}\r\n{security}"
            f"Authorization: AWS4-HMAC-SHA256 Credential={keys.access_key}/{scope}, SignedHeaders={signed}, "
            f"Signature={signature}\r\n{self._rest}{len(body)}\r\n\r\n"
        ).encode()

    def _time(self, second: int) -> str:
        if second != self._stamp[0]:
            self._stamp = (second, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second)))
        return self._stamp[1]

    def _of_the_day(self, day: str, secret: str) -> bytes:
        if self._key[0] != (day, secret):
            key = hmac.digest(f"AWS4{secret}".encode(), day.encode(), "sha256")
            for part in self._parts:
                key = hmac.digest(key, part, "sha256")
            self._key = ((day, secret), key)
        return self._key[1]
