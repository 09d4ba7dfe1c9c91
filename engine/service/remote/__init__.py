"""Watching and steering a run from other processes, through a socket in its folder. Loads no torch."""
