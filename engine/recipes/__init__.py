"""What is decided before a step is done: parameter groups and their rates, schedule, augmentation, loss.

May import `models`, `data` and what they may import.
"""
