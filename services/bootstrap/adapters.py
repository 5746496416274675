"""The choice of adapters: which provider, platform, vault, verifier the settings ask for."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from services.bootstrap.parts import TABLES
from services.bootstrap.resources import key_alias, table_name
from services.checks.port import Checks, NoChecks
from services.checks.service import open_checks
from services.config import Config
from services.core.clock import Clock
from services.core.credentials import AwsKeys
from services.core.frozen import frozen
from services.foundation.auth.jwks import JwksKeys, PemKey
from services.foundation.auth.tokens import Authenticator, ClerkVerifier, DevVerifier, Verifier
from services.foundation.aws.accounts import Endpoints
from services.foundation.aws.clients import LONG_POLL, Aws, connect
from services.foundation.aws.emulator import EMULATOR_CREDENTIALS
from services.foundation.aws.mailer import Mailer
from services.foundation.aws.queue import Queue
from services.foundation.aws.spec import E, Owner, TableSpec
from services.foundation.aws.tables import Table
from services.foundation.aws.topic import Topic
from services.foundation.limits.pauses import PAUSES, Pauses
from services.foundation.outbound.addresses import is_public, is_public_or_private
from services.foundation.outbound.client import Outbound
from services.foundation.outbound.resolver import SystemResolver
from services.foundation.vault.envelope import Envelopes
from services.foundation.vault.kms import KmsVault
from services.foundation.vault.local import LocalVault
from services.generations.redaction import Redactor
from services.lifecycle.owned_items import OwnedItems
from services.llm.chat import Timeouts
from services.llm.groq import Groq
from services.llm.openai import OpenAI
from services.llm.port import Provider
from services.platforms.backend import Limits, Machine
from services.platforms.ecs.adapter import EcsPlatform
from services.platforms.github.pushing import GitHub
from services.platforms.heroku.adapter import HerokuPlatform
from services.platforms.local import LocalPlatform
from services.platforms.npm import network_settings
from services.platforms.port import REGION, AwsAccount, DeploymentPlatform, Platform
from services.platforms.preparing import PrepareTables
from services.platforms.railway.adapter import RailwayPlatform
from services.platforms.render.adapter import RenderPlatform
from services.platforms.tables import MOST_BYTES, StackTables
from services.platforms.vendors.patience import Patience
from services.platforms.vercel.adapter import VercelPlatform
from services.scaffold.provider import Scaffold

SHORTEST_SECRET: Final = 8
"""Characters; a shorter one could be an ordinary word, which a model may say."""

DEV_WAIT: Final = 2
"""Seconds of a long poll in development, where stopping should be quick and polls cost nothing."""


_ADAPTERS: Final[Mapping[str, Callable[..., Provider]]] = {"groq": Groq, "openai": OpenAI}
"""By the name of a provider in the settings (`Config.providers`)."""


@frozen(kw_only=True)
class Adapters:
    """Makes the ways to the outside as the settings say. What costs nothing to make is made where it is needed."""

    config: Config
    environment: Mapping[str, str]
    """What npm may need of ours."""
    aws: Aws
    resolver: SystemResolver
    now: Clock

    def table(self, spec: TableSpec[E]) -> Table[E]:
        return Table(aws=self.aws, spec=spec, name=table_name(self.config, spec), now=self.now)

    def owned_items(self, owner: Owner) -> OwnedItems:
        return OwnedItems(owner, [self.table(spec) for spec in TABLES])

    def queue(self, name: str) -> Queue:
        wait = self.config.job_poll or (DEV_WAIT if self.config.development else LONG_POLL)
        return Queue(aws=self.aws, name=self.config.name_of(name), wait=wait)

    def topic(self) -> Topic:
        return Topic(self.aws, self.config.name_of(self.config.topic))

    @property
    def mailer(self) -> Mailer:
        return Mailer(aws=self.aws, sender=self.config.mail_from, app_url=self.config.app_url or "")

    def outbound(self) -> Outbound:
        private = self.config.allow_private_addresses
        return Outbound(self.resolver, is_public_or_private if private else is_public, plain=private)

    def envelopes(self) -> Envelopes:
        alias = key_alias(self.config)
        vault = KmsVault(self.aws, alias) if alias else LocalVault(self.config.data / "vault-keys")
        return Envelopes(vault, self.now)

    def checks(self) -> Checks:
        config = self.config
        if not config.checks:
            return NoChecks()
        return open_checks(
            self._npm / "checked",
            search_path=self.environment.get("PATH", ""),
            cache=self._npm,
            network=self._npm_network,
            seconds=config.check_seconds,
        )

    def redactor(self) -> Redactor:
        return Redactor(tuple(text for text in self.config.secrets if len(text) >= SHORTEST_SECRET))

    def platforms(self) -> dict[DeploymentPlatform, Platform]:
        config = self.config
        common: dict[str, Any] = {
            "pauses": self._pauses,
            "prepare": PrepareTables(self._tables_of),
            "now": self.now,
        }
        platforms: dict[DeploymentPlatform, Platform] = {
            DeploymentPlatform.HEROKU: HerokuPlatform(base_url=config.heroku_api_url, **common),
            DeploymentPlatform.RAILWAY: RailwayPlatform(base_url=config.railway_api_url, **common),
            DeploymentPlatform.VERCEL: VercelPlatform(base_url=config.vercel_api_url, **common),
            DeploymentPlatform.RENDER: RenderPlatform(
                base_url=config.render_api_url, code_host=self.github(), **common
            ),
            DeploymentPlatform.AWS_ECS: self._ecs(common),
        }
        if config.development:
            platforms[DeploymentPlatform.LOCAL] = LocalPlatform((config.data / "local").absolute(), self._machine())
        return platforms

    def github(self, patience: Patience | None = None) -> GitHub:
        return GitHub(base_url=self.config.github_api_url, pauses=self._pauses, patience=patience or Patience())

    def _ecs(self, common: Mapping[str, Any]) -> EcsPlatform:
        config, here = self.config, self.tables_here()
        endpoints = Endpoints(by_service=config.aws_urls, other=here.endpoint if here else None)
        return EcsPlatform(region=here.region if here else REGION, endpoints=endpoints, **common)

    def tables_here(self) -> AwsAccount | None:
        """Where the tables of backends are that have no account of their own: nowhere in production."""
        config = self.config
        if not config.development:
            return None
        keys = AwsKeys(*EMULATOR_CREDENTIALS.values())
        return AwsAccount(region=config.aws_region, keys=keys, endpoint=config.aws_endpoint_url)

    @asynccontextmanager
    async def _tables_of(self, account: AwsAccount) -> AsyncGenerator[StackTables]:
        aws = await asyncio.to_thread(
            connect, region=account.region, endpoint=account.endpoint, credentials=account.environment
        )
        try:
            yield StackTables(aws, stage="production", most_bytes=MOST_BYTES)
        finally:
            aws.close()

    def _machine(self) -> Machine:
        config = self.config
        endpoint = {"AWS_ENDPOINT_URL": config.aws_endpoint_url} if config.aws_endpoint_url else {}
        aws = {
            **endpoint,
            "AWS_REGION": config.aws_region,
            **EMULATOR_CREDENTIALS,
        }
        return Machine(
            search_path=self.environment.get("PATH", ""),
            npm=self._npm,
            secrets=self.config.data / "backend-secrets",
            network=self._npm_network,
            aws=aws,
            create_tables=StackTables(self.aws),
            limits=Limits(),
            now=self.now,
        )

    def authenticator(self) -> Authenticator:
        config = self.config
        verifiers: dict[str, Verifier] = {}
        if config.clerk_issuer:
            keys = PemKey(config.clerk_jwt_key) if config.clerk_jwt_key else JwksKeys(config.clerk_jwks_url or "")
            parties = config.clerk_authorized_parties or config.cors_origins
            verifiers["RS256"] = ClerkVerifier(
                keys=keys, issuer=config.clerk_issuer, authorized_parties=parties, local=config.development
            )
        if config.development and config.jwt_secret:
            before = config.jwt_secret_previous
            verifiers["HS256"] = DevVerifier(
                config.jwt_secret.get_secret_value(), before.get_secret_value() if before else None
            )
        return Authenticator(verifiers, dev_users=config.development)

    @property
    def _pauses(self) -> Pauses:
        return Pauses(table=self.table(PAUSES), now=self.now)

    @property
    def _npm(self) -> Path:
        return (self.config.npm_folder or self.config.data / "npm").absolute()

    @property
    def _npm_network(self) -> dict[str, str]:
        return network_settings(self.environment, home=Path(self.environment.get("HOME", "/")))


def providers(config: Config) -> Sequence[Provider]:
    """Return the providers in the order they are asked: those with a key, else the scaffold."""
    common: dict[str, Any] = {
        "timeouts": Timeouts(first_text=config.ai_first_timeout, between_chunks=config.ai_chunk_timeout),
        "reasoning_effort": config.ai_reasoning_effort,
        "windows": config.windows,
    }
    providers: list[Provider] = [
        _ADAPTERS[provider.name](
            key=provider.key.get_secret_value() if provider.key else "",
            model=provider.model,
            base_url=provider.base_url,
            models=provider.models,
            **common,
        )
        for provider in config.providers
    ]
    return providers or [Scaffold(tokens_per_second=config.scaffold_pace or None)]
