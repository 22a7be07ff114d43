"""Where the rows of a run ended."""

from pydantic import BaseModel, ConfigDict


class Counts(BaseModel):
    """Where the input rows of a run ended, a network; the five parts add up to what was read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    read: int = 0
    counted: int = 0
    own: int = 0
    duplicate: int = 0
    quarantined: int = 0
    outside: int = 0

    @property
    def unaccounted(self) -> int:
        """Rows read that ended nowhere: not zero is a bug, and the gate blocks it."""
        return self.read - self.counted - self.own - self.duplicate - self.quarantined - self.outside
