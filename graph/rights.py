"""How long a socket, or a stream of events, may go on: until its credential ends or its actor's rights shrink."""

import asyncio
import logging
from typing import Final

from resolvers.context import Context
from services.core.errors import Unauthenticated
from services.sign_in import Credential

FIRST_LOOK: Final = 3.0
"""Seconds after which the rights of who is new are looked at again: they may have changed while they signed in."""

NEXT_LOOK: Final = 300.0
"""Seconds between looks without any news, which may be lost with the process that had them."""

log = logging.getLogger("snapinfra.access")


async def until_less(context: Context, credential: Credential) -> str:
    """Keep the context up to date until its credential ends or its actor's rights shrink; return the reason to read."""
    pause = FIRST_LOOK
    while True:
        try:
            credential = await _next(context, credential, pause)
        except Unauthenticated as ended:
            return ended.message
        except Exception:
            log.exception("rights could not be looked at; trying again")
            pause = FIRST_LOOK
        else:
            context.credential, context.signed_in = credential, credential.actor
            pause = NEXT_LOOK


async def _next(context: Context, credential: Credential, pause: float) -> Credential:
    """Wait for news, for the credential's own end or for the pause to pass; return the credential as it is then."""
    access, sign_in = context.services.access, context.services.sign_in
    if credential.holds_until is not None:
        pause = min(pause, max(0.0, (credential.holds_until - sign_in.now()).total_seconds()))
    with access.watching(credential.names) as news:
        try:
            async with asyncio.timeout(pause):
                change = await news.get()
        except TimeoutError:
            credential = await sign_in.again(credential)
        else:
            credential = await sign_in.after(change, credential)
        while not news.empty():
            credential = await sign_in.after(news.get_nowait(), credential)
        return credential
