"""The instruments: everything that a process measures of itself. docs/reference/metrics.md is made of them."""

from typing import Final

from services.core.telemetry import Instrument, Kind

_FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_FAST_TO_LONG: Final = (*_FAST, 60, 600, 3600)
_SLOW: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 3600)
_TOKENS: Final = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576)

OPERATIONS: Final = Instrument(
    "graphql.server.operation.duration",
    Kind.HISTOGRAM,
    "s",
    "Operations, by name, type and, where they failed, an error's code; a subscription from its start to its end.",
    _FAST_TO_LONG,
)
SOCKETS: Final = Instrument("snapinfra.sockets", Kind.UP_DOWN_COUNTER, "{socket}", "Sockets that are open.")
SUBSCRIPTIONS: Final = Instrument(
    "snapinfra.subscriptions", Kind.UP_DOWN_COUNTER, "{subscription}", "Subscriptions that are followed."
)
EVENTS: Final = Instrument(
    "snapinfra.events.appended", Kind.COUNTER, "{event}", "Events that runs of jobs have put into the event log."
)
EVENT_LAG: Final = Instrument(
    "snapinfra.events.lag",
    Kind.HISTOGRAM,
    "s",
    "From when the event log took an event to when an api read it for a follower; of what is read together, the last.",
    _FAST,
)
JOB_WAIT: Final = Instrument(
    "snapinfra.job.wait",
    Kind.HISTOGRAM,
    "s",
    "From when a job was asked for to the start of its first attempt, by queue.",
    _SLOW,
)
ATTEMPTS: Final = Instrument(
    "messaging.process.duration",
    Kind.HISTOGRAM,
    "s",
    "Attempts at jobs, by queue and whether the job is done with; of what runs here, as long as it does.",
    _SLOW,
)
GENERATIONS: Final = Instrument(
    "snapinfra.generation.duration",
    Kind.HISTOGRAM,
    "s",
    "Generations, from when they were asked for to their end, by kind, status and reason.",
    _SLOW,
)
DEPLOYMENTS: Final = Instrument(
    "snapinfra.deployment.duration",
    Kind.HISTOGRAM,
    "s",
    "Deployments, from when they were asked for to when they answered, or else to their end, by target and outcome.",
    _SLOW,
)
PROVIDER_SECONDS: Final = Instrument(
    "gen_ai.client.operation.duration",
    Kind.HISTOGRAM,
    "s",
    "Requests to a model, by provider, model and, where they failed, why.",
    _SLOW,
)
FIRST_TOKEN: Final = Instrument(
    "gen_ai.client.operation.time_to_first_chunk",
    Kind.HISTOGRAM,
    "s",
    "From a request to a model to the first of its answer.",
    _SLOW,
)
TOKENS: Final = Instrument(
    "gen_ai.client.token.usage", Kind.HISTOGRAM, "{token}", "Tokens of a request to a model, read and written.", _TOKENS
)
FALLBACKS: Final = Instrument(
    "snapinfra.provider.fallbacks",
    Kind.COUNTER,
    "{request}",
    "Requests that another provider was asked, because this one failed before it began.",
)
COST: Final = Instrument(
    "snapinfra.provider.cost", Kind.COUNTER, "{USD}", "What requests have cost by AI_PRICES, by provider and model."
)
BUDGET_REFUSALS: Final = Instrument(
    "snapinfra.budget.refusals", Kind.COUNTER, "{request}", "Generations that a team's budget had no room for."
)

ALL: Final = tuple(value for value in list(globals().values()) if isinstance(value, Instrument))
