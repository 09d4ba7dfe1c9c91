"""Events for other programs and for people: each sink takes the events of a run, one after the other.

May import `storage`, `metrics`, `config`, `protocol`.
"""
