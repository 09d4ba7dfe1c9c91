"""Where the project is, for tests that start its programs or read its files."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
