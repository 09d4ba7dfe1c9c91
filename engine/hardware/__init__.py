"""The machine: the `device`, the `process_group` of a run, `telemetry` of processors and GPUs, `download` of files, and
`machine`, which knows the name of the device and the versions of the libraries.

May import `config`, `protocol`.
"""
