"""The only chooser of adapters: from the settings to a frozen `Services`, ready to use.

`opened` (build.py) puts a process together from what the settings ask for (adapters.py, people.py).
"""

from services.bootstrap.build import opened
from services.bootstrap.parts import TABLES, Process, Services
from services.bootstrap.resources import resources, table_name

__all__ = ["TABLES", "Process", "Services", "opened", "resources", "table_name"]
