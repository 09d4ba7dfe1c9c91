"""A run's configuration.

`run_config` reads a YAML file (`yaml_file`) into the `sections` (each is a `section`; `data_section` has the largest)
with their settings, whose values are of some `kinds` and may have `placeholders`. `problems` are its error messages,
and `resumed` compares the configurations of a resume.

Loads no torch. May import `protocol`.
"""

from engine.config.run_config import RunConfig, known_keys, load_config, shipped_config

__all__ = ["RunConfig", "known_keys", "load_config", "shipped_config"]
