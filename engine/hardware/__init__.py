"""The machine: the `device`, the `process_group` of a run, `telemetry` of processors and GPUs, and `download` of files.

May import `config`, `protocol`.
"""
