"""The machine: the `device`, the `process_group` of a run with the `heartbeats` of its processes, `lost_rank`
which says who of them is to blame, what `torchrun` says to them, `telemetry` of processors and GPUs, `download` of
files, and `machine`, which knows the name of the device and the versions of the libraries.

May import `config`, `protocol`.
"""
