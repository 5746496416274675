"""How descriptions speak of the parts of a backend beside its tables.

A queue of patients is a table of theirs, and a geocacher's cache is one: only what is said of messages, files and
programs in so many words is a part.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from services.designs.architecture import NodeKind

LONGEST_READ: Final = 20_000
SENTENCE: Final = re.compile(r"[^.;!?\n]+(?:\.(?=\w)[^.;!?\n]+)*")


def _any(*choices: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(choices)})\b", re.IGNORECASE)


FILE: Final = _any(
    "(photo|picture|image|video|file|document|pdf|attachment|avatar|scan|recording|clip|logo|resume|cv)s?"
)
_QUEUES: Final = (
    r"messages?\b[^,;]{0,40}\bqueues?",
    "(?:message|job|task|work) queues?",
    "(?:through|via|over|using|by) a queue",
)
_BACKGROUND: Final = ("in the background", "background (?:job|task)s?")
CUES: Final[Mapping[NodeKind, re.Pattern[str]]] = {
    NodeKind.BUCKET: _any(
        "s3",
        "buckets?",
        "file storage",
        rf"(?:upload|attach)(?:s|ed|es|ing)?\b(?=.{{0,80}}{FILE.pattern})",
    ),
    NodeKind.QUEUE: _any("sqs", *_QUEUES, *_BACKGROUND),
    NodeKind.TOPIC: _any("sns", "pub/?sub", "event bus", r"publish(?:es|ed)?\b.{0,80}\btopics?"),
    NodeKind.CACHE: _any("redis", "memcached", "cached", "caching", "an? cache"),
}
"""By what a clause says that there is such a part."""
FUNCTION: Final = re.compile(r"\b(?:an?|the) (?:function|lambda)\b(?: (?:that|which|to))?\s*(.*)", re.IGNORECASE)
ACT: Final = _any(
    "sends?|sent|goes? out|e-?mail(?:s|ed)?|mails?|mailed|reminds?|reminders?|notif\\w+|reports?",
    "deletes?|deleted|removes?|removed|cleans?|cleaned|expires?|archives?|archived",
    "syncs?|synced|imports?|imported|exports?|exported|backs? up|backed up|generates?|generated",
    "recalculates?|recalculated|checks?|checked",
)
"""What a program does, of which it may be said when."""
WHEN: Final = re.compile(r"\b(?:every|each|hourly|daily|nightly|weekly|at \d|on \w+days?)\b.*", re.IGNORECASE)
_API: Final = re.compile(r"\b(?:the|an?) ((?:[\w-]+ ){0,2}[\w-]+?)(?:['\u2019]s)? APIs?\b", re.IGNORECASE)
_OWN: Final = re.compile(
    r"(?:rest|graphql|http|json|public|our|own|web|backend|typescript|simple|small)\b", re.IGNORECASE
)
"""What an API is that is the backend's own."""
_SERVICES: Final = re.compile(r"\b(Stripe|PayPal|Twilio|SendGrid|Mailgun|Slack|Mailchimp|Mapbox|OpenAI|Adyen|Klarna)\b")
_PHRASES: Final = _any(
    rf"(?:an? |the )?(?:{'|'.join(_QUEUES)})(?: (?:for|when|whenever)\b)?",
    *_BACKGROUND,
    "(?:(?:is|are) )?publish(?:es|ed)? (?:to|on|by|over|via) an? topic",
    "(?:(?:is|are) )?(?:(?:kept|stored|saved|put) )?(?:in|into|to|on) (?:an? |the )?(?:s3|buckets?)(?: buckets?)?",
    "(?:is|are) cached(?: in (?:redis|memcached))?",
    r"(?:an?|the) (?:function|lambda)\b[^,.;]*",
    r"(?:from|by|with|of|over|through|to) the (?:[\w-]+ ){0,2}[\w-]+?(?:['\u2019]s)? API",
)


def part_phrases(text: str) -> list[tuple[int, int]]:
    """Return where a text says of parts what it says of no table: `is published on a topic`."""
    return [match.span() for match in _PHRASES.finditer(text[:LONGEST_READ])]


def services_in(clause: str) -> Iterable[str]:
    """Return the services of others that a clause names, as it does."""
    apis = (match[1] for match in _API.finditer(clause) if not _OWN.match(match[1]))
    return (*apis, *(match[1] for match in _SERVICES.finditer(clause)))
