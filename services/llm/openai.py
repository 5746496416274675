"""The provider OpenAI, through its SDK, and every server that speaks like it (Ollama, vLLM, llama.cpp)."""

import ssl
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, cast

from services.llm.bounded_errors import bounded_errors
from services.llm.chat import Chat, Client, Timeouts
from services.llm.port import Options

BASE_URL: Final = "https://api.openai.com/v1"


class OpenAI(Chat):
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
        extra: dict[str, Any] = {"stream_options": {"include_usage": True}}  # Groq sends its usage unasked
        if reasoning_effort:
            extra["reasoning_effort"] = reasoning_effort
        super().__init__(
            name="openai",
            client=_client(key=key, base_url=base_url, timeouts=timeouts),
            model=model,
            models=models,
            defaults=defaults,
            timeouts=timeouts,
            extra=extra,
            windows=windows,
        )


@cache
def _trusted() -> ssl.SSLContext:
    """Return what httpx2 trusts by itself (the system's list, where httpx has its own), read once: it takes 30 ms."""
    import httpx2  # noqa: PLC0415 - as below

    return httpx2.create_ssl_context()


def _client(*, key: str, base_url: str, timeouts: Timeouts) -> Client:
    import httpx2  # noqa: PLC0415 - what openai 3 is built on; takes as long as it
    import openai  # noqa: PLC0415 - takes 0.8 s, which only those who use it pay

    sdk = openai.AsyncOpenAI(
        api_key=key,
        base_url=base_url,
        timeout=openai.Timeout(None, connect=timeouts.connect),
        max_retries=0,
        http_client=openai.DefaultAsyncHttpxClient(
            verify=_trusted(), event_hooks={"response": [bounded_errors(httpx2.AsyncByteStream)]}
        ),
    )
    return Client(
        open=cast("Any", sdk.chat.completions.with_streaming_response.create),
        close=sdk.close,
        statuses=openai.APIStatusError,
        timeouts=(openai.APITimeoutError, httpx2.TimeoutException),
        failures=(openai.OpenAIError, httpx2.HTTPError, httpx2.StreamError),
    )
