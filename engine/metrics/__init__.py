"""From a model's predictions to figures: accuracy, loss, and which classes are confused.

May import `hardware`, `config`, `protocol`.
"""
