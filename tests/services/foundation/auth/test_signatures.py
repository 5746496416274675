"""What the check of webhook signatures promises. The first vector is from Svix's documentation."""

from datetime import UTC, datetime, timedelta

import pytest

from services.core.errors import Unauthenticated
from services.foundation.auth.signatures import Signatures

SIGNATURES = Signatures("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
BODY = b'{"test": 2432232314}'
SENT = datetime.fromtimestamp(1614265330, tz=UTC)
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
HEADERS = {"svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "svix-timestamp": "1614265330", "svix-signature": SIGNATURE}


@pytest.mark.parametrize("minutes", [-5, 0, 5])
@pytest.mark.parametrize("before", ["", "v1,bm90IGl0 ", "v2,x v1 "])
def test_one_signature_of_several_that_holds_is_enough(before: str, minutes: int) -> None:
    headers = {**HEADERS, "svix-signature": before + SIGNATURE}

    assert SIGNATURES.check(BODY, headers, now=SENT + timedelta(minutes=minutes)) == HEADERS["svix-id"]


@pytest.mark.parametrize(
    "changes",
    [
        {"svix-id": "msg_other"},
        {"svix-id": ""},
        {"svix-timestamp": "1614265331"},
        {"svix-timestamp": "-1"},
        {"svix-timestamp": "9" * 400},
        {"svix-signature": ""},
        {"svix-signature": SIGNATURE.replace("v1", "v2")},
        {"svix-signature": SIGNATURE.replace("g0h", "g0H")},
        {"svix-signature": "v1,é"},
    ],
)
def test_a_message_that_was_changed_or_is_not_signed_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(Unauthenticated):
        SIGNATURES.check(BODY, {**HEADERS, **changes}, now=SENT)


def test_the_body_counts_byte_for_byte() -> None:
    with pytest.raises(Unauthenticated):
        SIGNATURES.check(BODY.replace(b" ", b""), HEADERS, now=SENT)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_message_of_another_time_is_refused(seconds: int) -> None:
    with pytest.raises(Unauthenticated):
        SIGNATURES.check(BODY, HEADERS, now=SENT + timedelta(seconds=seconds))


def test_messages_of_the_other_secret_hold_while_secrets_change() -> None:
    other = "whsec_" + "b" * 32

    assert Signatures(other, SIGNATURES.secret).check(BODY, HEADERS, now=SENT) == HEADERS["svix-id"]
    assert Signatures(SIGNATURES.secret, other).check(BODY, HEADERS, now=SENT) == HEADERS["svix-id"]
    with pytest.raises(Unauthenticated):
        Signatures(other).check(BODY, HEADERS, now=SENT)
    with pytest.raises(Unauthenticated):
        Signatures(other, other).check(BODY, HEADERS, now=SENT)
