"""What a command does to a run, why it is refused, and where commands come from.

Commands take effect between two steps (`steering`), once `refusal` has found nothing against them. They come from a
person (`inbox`) or from a journal (`script`); `schedule_export` writes those of a person as a configuration.

May import `arms` and what `arms` may import.
"""
