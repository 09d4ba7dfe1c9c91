"""The machine: the device, the other processes of the run, the use of both, and the network.

May import `config`, `protocol`.
"""
