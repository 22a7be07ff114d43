"""The gate's limits: conf/gate.yaml."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from kloutspark.config.blocks import Closed, Positive, Science
from kloutspark.domain.errors import unknown_key
from kloutspark.domain.vitals import VITALS


class Limit(Closed):
    """One expectation of the gate on one vital.

    `is_drift`: it compares with the past, and only warns while there is too little of it. `may_be_accepted`: a person
    may publish past it with a reason (score --accept); what makes a row wrong in itself never is.
    """

    min: float | None = None
    max: float | None = None
    severity: Literal["block", "warn"]
    is_drift: bool = False
    may_be_accepted: bool = False
    why: Annotated[str, Field(min_length=20)]


class EqualScores(Science):
    """From how many people on equal scores are refused although their evidence is equal too."""

    people_min: Annotated[int, Field(ge=2)]


class Drift(Science):
    """What a day is compared with."""

    past_days_min: Annotated[int, Field(ge=1)]  # published days before drift may block
    mover_points: Positive  # who moved by more is a mover
    volume_days: Annotated[int, Field(ge=1, le=90)]  # yesterday's volume is held against the median of so many days


class Gate(Closed):
    """conf/gate.yaml: limits by vital."""

    expectations: Annotated[dict[str, Limit], Field(min_length=1)]
    equal_scores: EqualScores
    drift: Drift

    @model_validator(mode="after")
    def _vitals_are_known(self) -> Self:
        for vital in self.expectations:
            if vital not in VITALS:
                raise unknown_key("gate.expectations", vital, list(VITALS))
        return self

    def acceptable(self, vital: str) -> str:
        """The vital, if a person may publish past it.

        Raises:
            ConfigError: nobody may, or there is no such vital.
        """
        allowed = [name for name, limit in self.expectations.items() if limit.may_be_accepted]
        if vital not in allowed:
            raise unknown_key("--accept", vital, allowed)
        return vital
