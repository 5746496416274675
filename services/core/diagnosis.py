"""What somebody who looks after a system is told of one part of it."""

from services.core.frozen import frozen


@frozen
class Diagnosis:
    """`fault` says what is wrong and what to do; empty where all is as it must be, of which `found` tells more."""

    about: str
    fault: str = ""
    found: str = ""
