"""The settings of serving: where the api listens, whom it lets in and how much of them it takes, and the log."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from services.config import forms
from services.config.forms import HttpUrl
from services.config.section import Section


class ServerSettings(Section):
    """Serving."""

    environment: Literal["development", "production"] = Field(
        "production",
        alias="SNAPINFRA_ENV",
        description="`development` allows dev users, JWT_SECRET tokens and LOCAL deployments; `production` does not.",
    )
    host: str = Field("127.0.0.1", alias="HOST", description="Address that the api listens on.")
    port: int = Field(8000, alias="PORT", ge=1, le=65535, description="Port that the api listens on.")
    tls_cert: Path | None = Field(
        None,
        alias="TLS_CERT_FILE",
        description="Certificate (PEM, with those between it and the root) by which `snapinfra serve` speaks TLS "
        "itself; unset, a proxy does. `snapinfra dev` does not use it.",
    )
    tls_key: Path | None = Field(
        None, alias="TLS_KEY_FILE", description="Private key of TLS_CERT_FILE (PEM, without a passphrase)."
    )
    data: Path = Field(
        Path(".snapinfra"),
        alias="SNAPINFRA_DATA",
        description="Folder for the emulator's state and for LOCAL deployments.",
    )
    npm_folder: Path | None = Field(
        None,
        alias="NPM_FOLDER",
        description="Folder of npm's cache and of the packages that it installed for LOCAL deployments and for checks "
        "of code, which other servers of this machine may share; unset, `npm` in SNAPINFRA_DATA.",
    )
    allowed_hosts: forms.Hosts = Field(
        (),
        alias="ALLOWED_HOSTS",
        description="Names by which clients call the api, by spaces or commas: `api.example.com`, `*.example.com`, or "
        "`*` for any. Addresses, localhost and names without a dot always work.",
    )
    cors_origins: forms.Origins = Field(
        (),
        alias="CORS_ORIGIN",
        description="Origins of browser pages that may call the api, by spaces or commas, or `*` for any. Our own "
        "always may, and in development those of this machine.",
    )
    most_body: int = Field(
        1_048_576,
        alias="MAX_FILE_SIZE",
        ge=1_000,
        le=104_857_600,
        description="Bytes that the body of a request, or a message on a socket, may have; 65,536 of one who has not "
        "signed in.",
    )
    header_seconds: float = Field(
        10, alias="HEADER_SECONDS", gt=0, description="Seconds in which the headers of a request must have come."
    )
    body_seconds: float = Field(
        30, alias="BODY_SECONDS", gt=0, description="Seconds in which the body of a request must have come."
    )
    init_seconds: float = Field(
        10, alias="INIT_SECONDS", gt=0, description="Seconds in which a socket must have said connection_init."
    )
    idle_seconds: float = Field(
        60, alias="IDLE_SECONDS", gt=0, description="Seconds without an operation after which an anonymous socket ends."
    )
    most_connections: int = Field(
        500,
        alias="CONNECTIONS_PER_ADDRESS",
        ge=0,
        description="Connections that an address (of IPv6 a /64) may have to an api at once; 0 for no limit. Those of "
        "FORWARDED_ALLOW_IPS have none.",
    )
    most_anonymous_sockets: int = Field(
        100,
        alias="SOCKETS_PER_ADDRESS",
        ge=0,
        description="Sockets on which nobody has signed in that an address (of IPv6 a /64) may have at an api; "
        "0 for no limit.",
    )
    most_sockets: int = Field(
        200,
        alias="SOCKETS_PER_USER",
        ge=0,
        description="Sockets that a user, or an API key, may have at an api; 0 for no limit.",
    )
    api_rate: int = Field(
        600,
        alias="API_RATE_PER_MINUTE",
        ge=0,
        le=1_000_000,
        description="Requests and operations that a user, an API key or, without either, an address may send to an api "
        "within a minute; 0 for no limit.",
    )
    trusted_proxies: forms.Proxies = Field(
        ("127.0.0.1", "::1"),
        alias="FORWARDED_ALLOW_IPS",
        description="Addresses or networks of the proxies whose X-Forwarded-For is believed; `*` for any.",
    )
    log_format: Literal["json", "text"] | None = Field(
        None,
        alias="LOG_FORMAT",
        description="Form of the log: `json`, an object a line, or `text`; unset, json, and text in development.",
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"] | None, BeforeValidator(forms.upper)] = Field(
        None,
        alias="LOG_LEVEL",
        description="Level that lines are logged from (DEBUG, INFO, WARNING, ERROR): each operation and each attempt "
        "at a job has one of INFO. Unset, INFO, and WARNING in development.",
    )
    metrics_port: int | None = Field(
        None,
        alias="METRICS_PORT",
        ge=1,
        le=65_535,
        description="Port at which this process shows its metrics to Prometheus, at /metrics; unset, it measures none.",
    )
    metrics_host: str = Field(
        "127.0.0.1",
        alias="METRICS_HOST",
        description="Address of METRICS_PORT. Whoever reaches it sees the metrics: keep it from the internet.",
    )
    otlp_endpoint: HttpUrl | None = Field(
        None,
        alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="Where traces and metrics are sent by OTLP over HTTP, such as http://localhost:4318; unset, "
        "nowhere. OpenTelemetry's other variables count, too.",
    )

    @property
    def development(self) -> bool:
        return self.environment == "development"

    @property
    def scheme(self) -> str:
        """How clients reach the api itself: `http` or `https`."""
        return "https" if self.tls_cert else "http"

    @property
    def log_form(self) -> str:
        return self.log_format or ("text" if self.development else "json")

    @property
    def log_from(self) -> str:
        return self.log_level or ("WARNING" if self.development else "INFO")
