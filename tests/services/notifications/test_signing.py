"""The signatures of webhooks, against the example of Standard Webhooks and by their parts."""

import base64
import hashlib
import hmac

from services.notifications.signing import secret_of, signature, signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_published_example_has_the_published_signature() -> None:
    made = signature(
        SECRET, message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body='{"test": 2432232314}'
    )

    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_each_valid_secret_signs() -> None:
    headers = signed_headers([SECRET, secret_of(b"x" * 32)], message_id="m", timestamp=1, body="é")

    signatures = headers["webhook-signature"].split(" ")
    expected = hmac.digest(b"x" * 32, "m.1.é".encode(), hashlib.sha256)
    assert len(signatures) == 2
    assert signatures[1] == f"v1,{base64.b64encode(expected).decode()}"
    assert headers["webhook-id"] == "m"
    assert headers["webhook-timestamp"] == "1"
