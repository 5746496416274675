"""The settings of signing in."""

from datetime import timedelta

from pydantic import Field, SecretStr

from services.config import forms
from services.config.forms import HttpUrl, Words
from services.config.section import Section
from services.core.pepper import Pepper


class AuthSettings(Section):
    """Clerk, development tokens, API keys, administrators."""

    clerk_jwt_key: forms.PublicKey | None = Field(
        None, alias="CLERK_JWT_KEY", description="Clerk's public key (PEM), to check session tokens without a network."
    )
    clerk_jwks_url: HttpUrl | None = Field(
        None, alias="CLERK_JWKS_URL", description="Clerk's key set, used when CLERK_JWT_KEY is unset."
    )
    clerk_issuer: forms.Issuer | None = Field(
        None, alias="CLERK_ISSUER", description="The `iss` that Clerk's tokens carry."
    )
    clerk_authorized_parties: Words = Field(
        (),
        alias="CLERK_AUTHORIZED_PARTIES",
        description="Origins of the pages that users may sign in on: the `azp` of a Clerk token, where it has one. "
        "Unset, those of CORS_ORIGIN; in development also those of this machine.",
    )
    clerk_secret_key: SecretStr | None = Field(
        None,
        alias="CLERK_SECRET_KEY",
        description="Key of Clerk's API, to ask whether the session behind an open socket goes on. "
        "Unset, such a socket ends an hour after its token has expired.",
    )
    clerk_webhook_secret: forms.SigningSecret | None = Field(
        None,
        alias="CLERK_WEBHOOK_SECRET",
        description="Signing secret of Clerk's webhook to /api/webhooks/clerk; unset, there is no such endpoint.",
    )
    clerk_webhook_secret_previous: forms.SigningSecret | None = Field(
        None,
        alias="CLERK_WEBHOOK_SECRET_PREVIOUS",
        description="Another signing secret that holds as well, while CLERK_WEBHOOK_SECRET changes.",
    )
    clerk_api_url: HttpUrl = Field("https://api.clerk.com", alias="CLERK_API_URL", description="Where Clerk's API is.")
    jwt_secret: forms.OwnSecret | None = Field(
        None,
        alias="JWT_SECRET",
        description="Secret of the HS256 tokens of `snapinfra token`; at least 32 characters. Development only.",
    )
    jwt_secret_previous: forms.OwnSecret | None = Field(
        None,
        alias="JWT_SECRET_PREVIOUS",
        description="Another secret whose tokens hold as well, while JWT_SECRET changes. Development only.",
    )
    jwt_lifetime: forms.Lifetime = Field(
        timedelta(days=7),
        alias="JWT_EXPIRES_IN",
        gt=timedelta(0),
        description="Life of those tokens: ISO 8601 (P7D), or seconds.",
    )

    api_key_pepper: forms.OwnSecret | None = Field(
        None,
        alias="API_KEY_PEPPER",
        description="Secret that API keys are hashed with; at least 32 characters. Another one ends all keys, unless "
        "the earlier one is API_KEY_PEPPER_PREVIOUS. Required in production.",
    )
    api_key_pepper_previous: forms.OwnSecret | None = Field(
        None,
        alias="API_KEY_PEPPER_PREVIOUS",
        description="Another pepper whose hashes hold as well, while API_KEY_PEPPER changes; a key that is used takes "
        "API_KEY_PEPPER's.",
    )

    admins: Words = Field(
        (),
        alias="ADMIN_USERS",
        description="Ids of the users who may see the queues and put FAILED generations back into them.",
    )

    @property
    def pepper(self) -> Pepper:
        """What API keys are hashed with; in development also JWT_SECRET, or a value that everybody knows."""
        secret, previous = self.api_key_pepper or self.jwt_secret, self.api_key_pepper_previous
        return Pepper(
            secret.get_secret_value().encode() if secret else b"development",
            previous.get_secret_value().encode() if previous else None,
        )
