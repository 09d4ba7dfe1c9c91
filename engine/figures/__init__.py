"""What is known of an arm and its branches, as series and numbers, folded from events.

The screen and the report show the same figures, so both read them here.

- `arm`: an arm with its position, its curves, and the branches that rewinds left.
- `branch`: the curves of one branch, its epochs and its marks.
- `series`: values over steps in bounded memory.
- `account`: what the time of an arm goes to.
- `best`: which evaluation has an arm's best weights, with their score, their test and their mistakes.
- `confusion`: what an evaluation gets wrong, class by class.
- `verdicts`: why an arm learns nothing, or not what it should.

Loads neither torch nor Textual. May import `metrics`, `storage`, `hardware`, `config`, `protocol` and `errors`.
"""
