"""The settings, in sections. It stands on the ground: plain values, and nothing of what they are for."""

from services.config.ai import ProviderSettings
from services.config.config import Config, settings
from services.config.reading import BadConfig, load, process_environment, read

__all__ = ["BadConfig", "Config", "ProviderSettings", "load", "process_environment", "read", "settings"]
