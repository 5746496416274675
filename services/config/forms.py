"""The forms that settings have: what a value must look like, as far as that can be told before it is used."""

import base64
import os
import re
import ssl
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import SplitResult, urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import AfterValidator, BeforeValidator, SecretStr

from services.core.text import is_email

LEAST_SECRET: Final = 32
"""Characters of a secret that is ours to choose."""

_PEM: Final = re.compile(r"-----BEGIN ([A-Z ]+)-----(.+)-----END \1-----", re.DOTALL)
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET: Final = re.compile(
    r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$)[a-z0-9](?!.*\.\.)[a-z0-9.-]*[a-z0-9]"
)
_FOUR_NUMBERS: Final = re.compile(r"\d+\.\d+\.\d+\.\d+")
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html, and the same of a topic
_HOST: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_REGION: Final = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")

LONGEST_BUCKET: Final = 63
LONGEST_QUEUE: Final = 80 - len("-dlq")
LONGEST_TOPIC: Final = 256


def words(text: object) -> object:
    return tuple(part for part in text.replace(",", " ").split() if part) if isinstance(text, str) else text


def upper(text: object) -> object:
    return text.upper() if isinstance(text, str) else text


def _split(url: str) -> SplitResult:
    """Split a URL that has a host, a port or none, and no white space. Raises ValueError."""
    wrong = ValueError("must be a URL with a host, such as https://example.com")
    try:
        parts = urlsplit(url)
        whole = bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", url)
    except ValueError:
        raise wrong from None
    if not whole:
        raise wrong
    return parts


def http_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    _split(url)
    return url.rstrip("/")


def issuer(url: str) -> str:
    """Check an issuer, which is compared as it is."""
    http_url(url)
    return url


def events_url(text: str) -> str:
    """Check one address or several, and write them with commas between them."""
    urls = text.replace(",", " ").split()
    if not urls or any(url.partition("://")[0] not in {"memory", "redis", "rediss"} for url in urls):
        raise ValueError("must start with memory://, redis:// or rediss://, and so must each of several")
    places = [_database(url) for url in urls if not url.startswith("memory:")]
    if len(places) != len(urls) and len(urls) > 1:
        raise ValueError("must be memory:// alone, or Redis servers")
    if len(set(places)) != len(places):
        raise ValueError("must name each server once")
    return ",".join(urls)


def _database(url: str) -> tuple[str | None, int | None, str]:
    """Return host, port and number of a database of Redis. Raises ValueError."""
    parts = _split(url)
    if not re.fullmatch(r"/?\d*", parts.path):
        raise ValueError("must be redis://HOST:PORT/NUMBER; the number of a database is optional")
    return parts.hostname, parts.port or 6379, parts.path.strip("/") or "0"


def address(text: str) -> str:
    if not is_email(text):
        raise ValueError("must be an address such as no-reply@example.com")
    return text


def origins(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Write origins as browsers send them; `*` is any."""
    return tuple(text if text == "*" else _origin(text) for text in texts)


def _origin(text: str) -> str:
    wrong = ValueError(f"must be origins such as https://app.example.com, without a path; '{text}' is none")
    try:
        parts = _split(text)
    except ValueError:
        raise wrong from None
    name, usual = parts.hostname or "", {"http": 80, "https": 443}.get(parts.scheme)
    is_more = bool(parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in parts.netloc)
    if usual is None or is_more or not (":" in name or _HOST.fullmatch(name)):
        raise wrong
    host = f"[{name}]" if ":" in name else name
    return f"{parts.scheme}://{host}" if parts.port in {None, usual} else f"{parts.scheme}://{host}:{parts.port}"


def hosts(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        if text != "*" and not _HOST.fullmatch(text.removeprefix("*.")):
            raise ValueError(f"must be names such as api.example.com, *.example.com or *; '{text}' is none of them")
    return tuple(text.lower() for text in texts)


def proxies(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        try:
            if text != "*":
                ip_network(text)
        except ValueError as error:
            raise ValueError(f"must be addresses, networks or *; '{text}' is none of them") from error
    return texts


def region(text: str) -> str:
    if not _REGION.fullmatch(text):
        raise ValueError("must be the name of a region, such as eu-central-1")
    return text


def bucket(name: str) -> str:
    if not 3 <= len(name) <= LONGEST_BUCKET or not _BUCKET.fullmatch(name) or _FOUR_NUMBERS.fullmatch(name):  # noqa: PLR2004 - the message says it
        raise ValueError(
            f"must be the name of a bucket: 3 to {LONGEST_BUCKET} lower-case letters, digits, dots and hyphens"
        )
    return name


def queue(name: str) -> str:
    return _named(name, LONGEST_QUEUE)


def topic(name: str) -> str:
    return _named(name, LONGEST_TOPIC)


def _named(name: str, most: int) -> str:
    if len(name) > most or not _NAME.fullmatch(name):
        raise ValueError(f"must be 1 to {most} letters, digits, hyphens and underscores")
    return name


def signing_secret(secret: SecretStr) -> SecretStr:
    head, _, key = secret.get_secret_value().partition("_")
    try:
        is_secret = head == "whsec" and bool(base64.b64decode(key, validate=True))
    except ValueError:
        is_secret = False
    if not is_secret:
        raise ValueError("must be whsec_ and a key in base 64")
    return secret


def own_secret(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < LEAST_SECRET:
        raise ValueError(f"must have at least {LEAST_SECRET} characters")
    return secret


def pair_fault(certificate: Path, key: Path) -> str | None:
    """Return why a server could not speak TLS by a certificate and its key; None where it could."""
    try:
        for file in (certificate, key):
            file.read_bytes()
    except OSError as error:
        return f"{error.filename} can't be read: {os.strerror(error.errno or 0)}"
    try:
        # a passphrase that is none: else OpenSSL would ask the terminal for it
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            return "the key is not that of the certificate"
        return "must be a certificate and its private key in PEM, the key without a passphrase"
    return None


def public_key(pem: str) -> str:
    r"""Return a public RSA key in PEM; it may be given on one line, with `\n` or spaces for its line breaks."""
    match = _PEM.search(pem.replace("\\n", "\n"))
    if match is not None:
        label, body = match[1], "".join(match[2].split())
        lines = [body[start : start + 64] for start in range(0, len(body), 64)]
        pem = "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError:
        key = None
    if not isinstance(key, RSAPublicKey):
        raise ValueError("must be a public RSA key in PEM: -----BEGIN PUBLIC KEY----- and so on")  # noqa: TRY004 - pydantic's way
    return pem


def lifetime(text: object) -> object:
    """Take a number of seconds as well as what pydantic reads as a time."""
    if isinstance(text, str) and re.fullmatch(r"\d{1,12}", text.strip()):
        return timedelta(seconds=int(text))
    return text


Words = Annotated[tuple[str, ...], BeforeValidator(words)]
HttpUrl = Annotated[str, AfterValidator(http_url)]
Issuer = Annotated[str, AfterValidator(issuer)]
EventsUrl = Annotated[str, AfterValidator(events_url)]
Address = Annotated[str, AfterValidator(address)]
Origins = Annotated[Words, AfterValidator(origins)]
Hosts = Annotated[Words, AfterValidator(hosts)]
Proxies = Annotated[Words, AfterValidator(proxies)]
Region = Annotated[str, AfterValidator(region)]
BucketName = Annotated[str, AfterValidator(bucket)]
QueueName = Annotated[str, AfterValidator(queue)]
TopicName = Annotated[str, AfterValidator(topic)]
SigningSecret = Annotated[SecretStr, AfterValidator(signing_secret)]
OwnSecret = Annotated[SecretStr, AfterValidator(own_secret)]
PublicKey = Annotated[str, AfterValidator(public_key)]
Lifetime = Annotated[timedelta, BeforeValidator(lifetime)]
