"""The provider Groq, through its SDK (https://console.groq.com/docs/api-reference)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from services.core.tls import trusted
from services.llm.bounded_errors import bounded_errors
from services.llm.chat import Chat, Client, Timeouts
from services.llm.port import Options

BASE_URL: Final = "https://api.groq.com"
_PATH: Final = "/openai/v1"
"""The SDK adds it itself; an address that was written down with it is understood all the same."""


class Groq(Chat):
    def __init__(
        self,
        *,
        key: str,
        model: str,
        base_url: str = BASE_URL,
        models: Sequence[str] = (),
        defaults: Options | None = None,
        timeouts: Timeouts | None = None,
        reasoning_effort: str | None = None,
        windows: Mapping[str, int] | None = None,
    ) -> None:
        timeouts = timeouts or Timeouts()
        client = _client(key=key, base_url=base_url.rstrip("/").removesuffix(_PATH), timeouts=timeouts)
        extra = {"reasoning_effort": reasoning_effort} if reasoning_effort else {}
        super().__init__(
            name="groq",
            client=client,
            model=model,
            models=models,
            defaults=defaults,
            timeouts=timeouts,
            extra=extra,
            windows=windows,
        )


def _client(*, key: str, base_url: str, timeouts: Timeouts) -> Client:
    import groq  # noqa: PLC0415 - takes 0.4 s, which only those who use it pay
    import httpx  # noqa: PLC0415 - same

    sdk = groq.AsyncGroq(
        api_key=key,
        base_url=base_url,
        timeout=groq.Timeout(None, connect=timeouts.connect),
        max_retries=0,
        http_client=groq.DefaultAsyncHttpxClient(
            verify=trusted(), event_hooks={"response": [bounded_errors(httpx.AsyncByteStream)]}
        ),
    )
    return Client(
        open=cast("Any", sdk.chat.completions.with_streaming_response.create),
        close=sdk.close,
        statuses=groq.APIStatusError,
        timeouts=(groq.APITimeoutError, httpx.TimeoutException),
        failures=(groq.GroqError, httpx.HTTPError, httpx.StreamError),
    )
