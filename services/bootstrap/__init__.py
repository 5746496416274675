"""The only chooser of adapters: from the settings to a frozen `Services`, ready to use.

`opened` (build.py) lists what a process consists of (parts.py). What the settings ask for is chosen in adapters.py; the
services that take more than a line are put together in identity.py, working.py, measuring.py and notifying.py, of what
they share (shared.py).
"""

from services.bootstrap.build import opened
from services.bootstrap.parts import TABLES, Process, Services
from services.bootstrap.resources import resources, table_name
from services.bootstrap.telemetry import observed

__all__ = ["TABLES", "Process", "Services", "observed", "opened", "resources", "table_name"]
