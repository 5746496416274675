"""What goes from the event loop to AWS, listened to."""

from collections.abc import Generator
from contextlib import contextmanager

from services.foundation.aws.calls import Calls, Told, Wire


def wire(calls: Calls) -> Wire:
    """Return calls as what they are where no proxy is in between."""
    assert isinstance(calls, Wire)
    return calls


@contextmanager
def listening(*all_calls: Calls, before: Told | None = None, after: Told | None = None) -> Generator[None]:
    """Tell somebody of calls, for the length of the block."""
    heard = [(wire(calls).before, before) for calls in all_calls] + [(wire(calls).after, after) for calls in all_calls]
    for listeners, told in heard:
        if told is not None:
            listeners.append(told)
    try:
        yield
    finally:
        for listeners, told in heard:
            if told is not None:
                listeners.remove(told)
