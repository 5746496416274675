"""What an error is taken for, in whichever shape it comes: its codes, its sentences, its status."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.llm.error_bodies import read_error
from services.llm.failures import LONGEST_WAIT, Failures, judged, retry_after
from services.llm.port import FailureCode

FAILURES = Failures("groq", "m")


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (429, {"error": {"code": "insufficient_quota"}}, FailureCode.INSUFFICIENT_QUOTA),
        (429, {"error": {"type": "insufficient_quota", "code": None}}, FailureCode.INSUFFICIENT_QUOTA),
        (429, {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}, FailureCode.RATE_LIMITED),
        (403, {"error": {"message": "This request requires more credits"}}, FailureCode.INSUFFICIENT_QUOTA),
        (404, {"error": "model 'x' not found"}, FailureCode.MODEL_NOT_FOUND),
        (400, {"error": {"message": "litellm: Invalid model name passed in model=x"}}, FailureCode.MODEL_NOT_FOUND),
        (400, {"error": {"message": "Please reduce: context length is 8192"}}, FailureCode.REQUEST_TOO_LARGE),
        (413, "<html>413 Request Entity Too Large</html>", FailureCode.REQUEST_TOO_LARGE),
        (400, {"error": {"code": "invalid_prompt"}}, FailureCode.CONTENT_REFUSED),
        (400, {"message": "Request blocked: ResponsibleAIPolicyViolation", "code": "x"}, FailureCode.BAD_REQUEST),
        (401, {}, FailureCode.UNAUTHORIZED),
        (400, {"error": {"message": "API key not valid."}}, FailureCode.UNAUTHORIZED),
        (403, {"error": {"code": "unsupported_country_region_territory"}}, FailureCode.REGION_NOT_SUPPORTED),
        (
            400,
            {"error": {"message": "User location is not supported for the API use."}},
            FailureCode.REGION_NOT_SUPPORTED,
        ),
        (400, {"error": {"code": "json_validate_failed", "type": "invalid_request_error"}}, FailureCode.UNAVAILABLE),
        (408, {}, FailureCode.TIMED_OUT),
        (409, {}, FailureCode.UNAVAILABLE),
        (498, {}, FailureCode.UNAVAILABLE),
        (503, {"error": {"type": "invalid_request_error"}}, FailureCode.UNAVAILABLE),
        (418, {}, FailureCode.BAD_REQUEST),
        (None, {"error": {"code": 503}}, FailureCode.UNAVAILABLE),
        (None, {"error": {"code": "401"}}, FailureCode.UNAUTHORIZED),
        (None, {"error": {"type": "overloaded_error"}}, FailureCode.UNAVAILABLE),
        (None, {"error": {"type": "invalid_request_error"}}, FailureCode.BAD_REQUEST),
        (None, {"error": {"type": "server_error", "code": 429}}, FailureCode.RATE_LIMITED),
        (None, {"error": {"metadata": {"code": 401}, "message": "x"}}, FailureCode.UNAVAILABLE),
        (None, {"error": True}, FailureCode.UNAVAILABLE),
        (None, "Too many requests", FailureCode.RATE_LIMITED),
        (None, "over capacity", FailureCode.UNAVAILABLE),
    ],
)
def test_an_error_is_judged_by_codes_sentences_and_status(status: int | None, body: Any, code: FailureCode) -> None:
    assert judged(read_error(body, status=status)).code is code


WIDE: dict[str, Any] = {
    "a list": [[]] * 100_000,
    "nested lists": [[[[[]] * 200] * 200] * 200] * 200,
    "fields": {f"x{number}": number for number in range(100_000)},
    "fields that hold more": {"error": {"errors": [{"details": [{"message": "no"}] * 300}] * 300}},
    "names": {"loc": ["x"] * 100_000},
}


@pytest.mark.parametrize("body", WIDE.values(), ids=WIDE)
def test_of_an_error_a_part_is_read_however_much_it_is(body: Any) -> None:
    error = read_error({"code": 429, "error": body})

    assert error.status == 429
    assert len(error.parameters) <= 200
    assert len(error.message) <= 10_000


json_value = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["error", "code", "message", "detail", "loc", "param", "status", "x"]), inner)
    ),
    max_leaves=12,
)


@given(json_value, st.none() | st.integers(400, 599))
def test_any_error_is_a_failure_and_none_of_its_words_are_shown(body: Any, status: int | None) -> None:
    failure = FAILURES.of_error(read_error({"message": "sk-secret", "error": body}, status=status))

    assert "sk-secret" not in str(failure)
    assert failure.message.endswith(".")
    assert failure.model == "m"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "1e300"}, LONGEST_WAIT),
        ({"retry-after-ms": "9" * 300}, LONGEST_WAIT),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT", "date": "Sat, 01 Jan 0001 00:00:00 GMT"}, LONGEST_WAIT),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, None),
        ({"retry-after": "Fri, 99 Dec 99999 23:59:59 GMT", "date": "x"}, None),
    ],
)
def test_a_wait_is_bounded(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds
