"""The settings of models: which are asked, how, and what they may cost."""

from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, Json, SecretStr

from services.config.forms import HttpUrl, Words
from services.config.section import Section
from services.core.frozen import frozen
from services.core.prices import PRICES, SCAFFOLD, Price
from services.core.tokens import USUAL_WINDOW, WINDOWS


@frozen
class ProviderSettings:
    """What the settings say of one provider of models."""

    name: str
    key: SecretStr | None
    base_url: str
    model: str
    """Asked where a request names none."""
    models: tuple[str, ...]
    """Further ones that a request may name."""


class AiSettings(Section):
    """Models."""

    groq_api_key: SecretStr | None = Field(None, alias="GROQ_API_KEY", description="Key of Groq, asked first.")
    groq_base_url: HttpUrl = Field(
        "https://api.groq.com", alias="GROQ_BASE_URL", description="Where Groq's API is; the SDK adds /openai/v1."
    )
    groq_model: str = Field("openai/gpt-oss-120b", alias="GROQ_MODEL", description="Model asked of Groq.")
    groq_models: Words = Field(
        (), alias="GROQ_MODELS", description="Further models of Groq that a generation may ask for."
    )
    openai_api_key: SecretStr | None = Field(None, alias="OPENAI_API_KEY", description="Key of OpenAI, asked second.")
    openai_base_url: HttpUrl = Field(
        "https://api.openai.com/v1",
        alias="OPENAI_BASE_URL",
        description="Where OpenAI's API, or one compatible with it, is (Ollama, vLLM, llama.cpp).",
    )
    openai_model: str = Field("gpt-5-mini", alias="OPENAI_MODEL", description="Model asked of OpenAI.")
    openai_models: Words = Field(
        (), alias="OPENAI_MODELS", description="Further models of OpenAI that a generation may ask for."
    )
    ai_model: str | None = Field(
        None, alias="AI_MODEL", description="One model for every provider, instead of GROQ_MODEL and OPENAI_MODEL."
    )
    ai_temperature: float | None = Field(
        None, alias="AI_TEMPERATURE", ge=0, le=2, description="Sampling temperature; unset, each kind has its own."
    )
    ai_max_tokens: int | None = Field(
        None, alias="AI_MAX_TOKENS", ge=1, description="Most tokens of one answer; unset, each kind has its own."
    )
    ai_top_p: float | None = Field(None, alias="AI_TOP_P", gt=0, le=1, description="Nucleus sampling.")
    ai_reasoning_effort: Literal["minimal", "low", "medium", "high"] | None = Field(
        None, alias="AI_REASONING_EFFORT", description="How long a reasoning model thinks; unset, as it usually does."
    )
    ai_chunk_timeout: float = Field(
        30, alias="AI_CHUNK_TIMEOUT", gt=0, description="Seconds of silence after which a provider has failed."
    )
    ai_prices: Json[dict[str, Price]] | None = Field(
        None,
        alias="AI_PRICES",
        description="Prices of models in US dollars per million tokens, over the built-in ones of the default models: "
        '`{"gpt-5-mini": {"input": 0.25, "cachedInput": 0.025, "output": 2}}`.',
    )
    ai_windows: Json[dict[str, Annotated[int, Field(ge=1024, le=10**9)]]] | None = Field(
        None,
        alias="AI_CONTEXT_WINDOWS",
        description="Tokens of prompt and answer together that models take, over the built-in ones of the default "
        f'models: `{{"qwen3:8b": 40960}}`. A model that is not named is taken to have {USUAL_WINDOW:,}.',
    )
    ai_requests: int | None = Field(
        None,
        alias="AI_REQUESTS_PER_MINUTE",
        ge=0,
        le=1000,
        description="Generations that a user may ask for within a minute; 0 for no limit; "
        "unset, 10, and 20 in development.",
    )
    batches: int = Field(
        100,
        alias="ANALYTICS_BATCHES_PER_MINUTE",
        ge=0,
        le=1000,
        description="Batches of analytics events that an API key may send within a minute; 0 for no limit.",
    )
    team_tokens: int | None = Field(
        None,
        alias="AI_TEAM_MONTHLY_TOKENS",
        ge=0,
        le=10**15,
        description="Tokens that a team may use in a calendar month (UTC); unset, as many as it likes.",
    )
    team_cost: Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=9)] | None = Field(
        None,
        alias="AI_TEAM_MONTHLY_COST",
        description="US dollars that a team's models may cost in a calendar month (UTC); unset, as much as they do.",
    )
    ai_first_timeout: float = Field(
        120,
        alias="AI_FIRST_TIMEOUT",
        gt=0,
        description="Seconds of silence before its first text after which a provider has failed.",
    )
    ai_cooldown: float = Field(
        10, alias="AI_COOLDOWN", ge=0, description="Seconds for which a failing provider is passed over."
    )
    scaffold_pace: float = Field(
        2000,
        alias="SCAFFOLD_TOKENS_PER_SECOND",
        ge=0,
        description="Pace of the scaffold, the provider used when no key is set. 0 is as fast as possible.",
    )

    @property
    def providers(self) -> tuple[ProviderSettings, ...]:
        """The providers that have a key, in the order they are asked."""
        providers = (
            ProviderSettings("groq", self.groq_api_key, self.groq_base_url, self.groq_model, self.groq_models),
            ProviderSettings(
                "openai", self.openai_api_key, self.openai_base_url, self.openai_model, self.openai_models
            ),
        )
        chosen = (replace(provider, model=self.ai_model or provider.model) for provider in providers)
        return tuple(provider for provider in chosen if provider.key is not None)

    @property
    def models(self) -> tuple[str, ...]:
        """The models that may be asked: that of each provider, in their order, then further ones."""
        firsts = (provider.model for provider in self.providers)
        further = (model for provider in self.providers for model in provider.models)
        return (*firsts, *further) or (SCAFFOLD,)

    @property
    def prices(self) -> dict[str, Price]:
        """What models cost."""
        return {**PRICES, **(self.ai_prices or {})}

    @property
    def windows(self) -> dict[str, int]:
        """The tokens that models take at once."""
        return {**WINDOWS, **(self.ai_windows or {})}
