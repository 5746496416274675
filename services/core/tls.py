"""The certificate authorities that our HTTP clients trust.

Reading them takes 30 milliseconds, during which the event loop stands still, so a process reads them once.
"""

import ssl
from functools import cache

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """Return what httpx trusts by itself: certifi's list, or what SSL_CERT_FILE or SSL_CERT_DIR name."""
    return httpx.create_ssl_context()
