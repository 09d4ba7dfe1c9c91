"""Watching and steering a run from other processes, through a socket in its folder. Loads no torch.

At the end of the run: `server` accepts connections at an `address`, `client` is one connection, `watchers` are all who
get events, each with its `backlog`; `log` and `registry` note refused and live processes. At the other end: `link` is a
connection on this machine and `relay_link` one to another machine, `via` a command such as ssh; `history` reads past
events, `finding` finds runs by name, `boxes` asks several machines for theirs, `reaching` says how to attach elsewhere.
"""
