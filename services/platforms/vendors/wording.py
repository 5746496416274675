"""What goes wrong at a platform, in the words that a user reads."""

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager

from services.platforms.mask import Mask
from services.platforms.port import DeployFailed
from services.platforms.vendors.client import Refused, Unclear


@contextmanager
def worded(
    name: str, failure: Callable[[Refused], DeployFailed], *, secrets: Iterable[str], again_after: float
) -> Generator[None]:
    """Raise what goes wrong as DeployFailed, whose words may be the platform's own and show no secret.

    `name` is the platform's for people. What has no proper answer may be tried `again_after` so many seconds.
    """
    try:
        yield
    except (Refused, DeployFailed) as error:
        worded = failure(error) if isinstance(error, Refused) else error
        message = Mask(secrets)(worded.message)
        raise DeployFailed(worded.reason, message, again_after=worded.again_after) from None
    except Unclear:
        message = f"{name} gave no proper answer."
        raise DeployFailed("PLATFORM_UNAVAILABLE", message, again_after=again_after) from None
