"""How credentials are tested at each service: what is asked, and how its answers are read."""

import hashlib
import hmac
import re

import pytest

from services.core.clock import utc_now
from services.core.credentials import AwsKeys, Credentials, Token
from services.core.ids import TeamId
from services.foundation.outbound.addresses import is_public_or_private
from services.foundation.outbound.client import Outbound
from services.foundation.outbound.resolver import SystemResolver
from services.integrations.model import IntegrationTestState, IntegrationType
from services.integrations.testing import BASE_URLS, CredentialTester
from services.platforms.port import DeployFailed, Identity
from tests.fakes.receiver import Received, Receiver, Reply

KEY = "sk_live_0123456789"
TEAM = TeamId("team_a")
OUTBOUND = Outbound(SystemResolver(), is_public_or_private, plain=True)
PASSED, REFUSED, FAILED = IntegrationTestState


def credential_tester(receiver: Receiver) -> CredentialTester:
    origin = f"http://127.0.0.1:{receiver.port}"
    return CredentialTester(OUTBOUND, utc_now, dict.fromkeys(IntegrationType, origin))


@pytest.mark.parametrize(
    ("kind", "method", "path"),
    [
        (IntegrationType.GROQ, "GET", "/models"),
        (IntegrationType.OPENAI, "GET", "/models"),
        (IntegrationType.VERCEL, "GET", "/v2/user"),
        (IntegrationType.RENDER, "GET", "/owners?limit=1"),
        (IntegrationType.HEROKU, "GET", "/account"),
        (IntegrationType.RAILWAY, "POST", "/graphql/v2"),
        (IntegrationType.GITHUB, "GET", "/user"),
    ],
)
async def test_a_token_is_shown_to_its_service(kind: IntegrationType, method: str, path: str) -> None:
    with Receiver(usual=Reply(200, body=b'{"data":{}}')) as receiver:
        result = await credential_tester(receiver).test(kind, Token(KEY), base_url=None, team_id=TEAM)

    (asked,) = receiver.received
    assert result.state is PASSED
    assert (asked.method, asked.path, asked.headers["authorization"]) == (method, path, f"Bearer {KEY}")


async def test_heroku_is_asked_for_the_version_that_it_insists_on() -> None:
    with Receiver(usual=Reply(200)) as receiver:
        await credential_tester(receiver).test(IntegrationType.HEROKU, Token(KEY), base_url=None, team_id=TEAM)

    assert receiver.received[0].headers["accept"] == "application/vnd.heroku+json; version=3"


def signature_v4(asked: Received, secret: str) -> str:
    """Sign what was received as AWS does (IAM User Guide, "Create a signed AWS API request")."""
    (names,) = re.findall("SignedHeaders=([^,]+)", asked.headers["authorization"])
    time = asked.headers["x-amz-date"]
    lines = "".join(f"{name}:{asked.headers[name]}\n" for name in names.split(";"))
    body = hashlib.sha256(asked.body.encode()).hexdigest()
    request = f"{asked.method}\n{asked.path}\n\n{lines}\n{names}\n{body}"
    scope = f"{time[:8]}/us-east-1/sts/aws4_request"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    signed = "\n".join(["AWS4-HMAC-SHA256", time, scope, hashlib.sha256(request.encode()).hexdigest()])
    return hmac.digest(key, signed.encode(), hashlib.sha256).hex()


async def test_an_access_key_signs_its_request_and_is_not_sent() -> None:
    keys = AwsKeys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "session-token")
    with Receiver(usual=Reply(200)) as receiver:
        result = await credential_tester(receiver).test(IntegrationType.AWS, keys, base_url=None, team_id=TEAM)

    (asked,) = receiver.received
    assert result.state is PASSED
    assert asked.body == "Action=GetCallerIdentity&Version=2011-06-15"
    assert asked.headers["authorization"].endswith(f"Signature={signature_v4(asked, keys.secret_access_key)}")
    assert keys.secret_access_key not in str(asked)


@pytest.mark.parametrize(
    ("reply", "state", "message"),
    [
        (Reply(401), REFUSED, "VERCEL does not accept these credentials."),
        (Reply(403, body=b"forbidden"), REFUSED, "VERCEL does not accept these credentials."),
        (Reply(429), FAILED, "VERCEL answered with status 429."),
        (Reply(503), FAILED, "VERCEL answered with status 503."),
        (Reply(302, {"location": "/login"}), FAILED, "VERCEL answered with status 302."),
    ],
)
async def test_an_answer_other_than_success_says_why(reply: Reply, state: IntegrationTestState, message: str) -> None:
    with Receiver(usual=reply) as receiver:
        result = await credential_tester(receiver).test(IntegrationType.VERCEL, Token(KEY), base_url=None, team_id=TEAM)

    assert (result.state, result.message) == (state, message)


async def test_railway_refuses_with_status_200() -> None:
    with Receiver(usual=Reply(200, body=b'{"errors":[{"message":"Not Authorized"}],"data":null}')) as receiver:
        result = await credential_tester(receiver).test(
            IntegrationType.RAILWAY, Token(KEY), base_url=None, team_id=TEAM
        )

    assert result.state is REFUSED


async def test_a_name_of_megabytes_is_shortened() -> None:
    class Talkative:
        async def check(self, credentials: Credentials) -> Identity:
            del credentials
            return Identity("\x1b[31m" + "a" * 7_000_000)

    tester = CredentialTester(OUTBOUND, utc_now, checkers={IntegrationType.HEROKU: Talkative()})

    result = await tester.test(IntegrationType.HEROKU, Token(KEY), base_url=None, team_id=TEAM)

    assert (result.state, result.message) == (PASSED, f"HEROKU accepts these credentials, as {'a' * 199}….")


async def test_a_workspace_that_a_token_does_not_reach_is_refused_in_the_services_words() -> None:
    class Elsewhere:
        async def check(self, credentials: Credentials) -> Identity:
            del credentials
            raise DeployFailed("WORKSPACE_UNKNOWN", "The token reaches no workspace called 'x'.")

    tester = CredentialTester(OUTBOUND, utc_now, checkers={IntegrationType.RENDER: Elsewhere()})

    result = await tester.test(IntegrationType.RENDER, Token(KEY), base_url=None, team_id=TEAM)

    assert (result.state, result.message) == (REFUSED, "The token reaches no workspace called 'x'.")


async def test_nobody_answering_says_nothing_of_the_credentials() -> None:
    with Receiver() as receiver:
        gone = credential_tester(receiver)

    result = await gone.test(IntegrationType.GROQ, Token(KEY), base_url=None, team_id=TEAM)

    assert (result.state, result.message) == (FAILED, "The server does not accept connections.")


def test_every_service_is_asked_over_https() -> None:
    assert set(BASE_URLS) == set(IntegrationType)
    assert all(url.startswith("https://") for url in BASE_URLS.values())


def test_credentials_do_not_show_in_a_repr() -> None:
    assert KEY not in repr([Token(KEY), AwsKeys("AKIA", KEY, KEY)])
