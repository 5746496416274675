"""The form that the parts of designs have, as models write them and as they are stored."""

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """A part of a design: what it does not know is refused, and what has its default is not written."""
