"""A run's configuration: its sections, the kinds of values in them, how it is read, and what is wrong with it.

Loads no torch. May import `protocol`.
"""

from engine.config.run_config import RunConfig, known_keys, load_config, shipped_config

__all__ = ["RunConfig", "known_keys", "load_config", "shipped_config"]
