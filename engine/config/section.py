"""The base class of all sections of a configuration."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Section(BaseModel):
    """A section: it refuses unknown keys, and its values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _without_keys(cls, value: Any) -> Any:  # noqa: ANN401 - any value of the file
        """A section without keys has all defaults."""
        return {} if value is None else value
