"""Who gets which slices of a cluster: one queue for each team, in terms of Kueue (kueue.x-k8s.io/v1beta2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from config.types import Count, DnsLabel, LabelValue, PositiveCount, ResourceName, Settings, refusal


class SliceQuota(Settings):
    """A team's part of one resource of one pool, in slices."""

    nominal: Count
    """Its own: it gets them back from whoever borrowed them."""
    borrowing: Count | None = None
    """The most that it takes besides while others leave theirs idle; left out, all that they lend."""
    lending: Count | None = None
    """The most of its own that others may take while it leaves them idle; left out, all."""

    @model_validator(mode="after")
    def _lends_its_own(self) -> Self:
        if self.lending is not None and self.lending > self.nominal:
            raise refusal(
                f"use at most {self.nominal}, the nominal quota: a team lends what it has",
                given=str(self.lending),
                at="lending",
            )
        return self

    @property
    def lent(self) -> int:
        """The most that others can get of it."""
        return self.nominal if self.lending is None else self.lending


def _some(given: Mapping[str, object]) -> Mapping[str, object]:
    if not given:
        raise refusal(
            "name at least one pool with its quota: a queue without a flavor admits nothing",
            given="an empty mapping",
        )
    return given


PoolQuotas = Annotated[Mapping[ResourceName, SliceQuota], AfterValidator(_some)]


class GpuBudget(Settings):
    """GPU-hours of a calendar month (UTC), in whole GPUs: an eighth of a GPU for eight hours is one."""

    gpu_hours: PositiveCount
    """Of the whole team in this cluster; once they are used, nothing more is admitted."""
    per_engineer: PositiveCount | None = None
    """Of each of its engineers; what waits of one who has used theirs waits on."""

    @model_validator(mode="after")
    def _is_of_the_team(self) -> Self:
        if self.per_engineer is not None and self.per_engineer > self.gpu_hours:
            raise refusal(
                f"use at most {self.gpu_hours}, the team's own: nobody can use more",
                given=str(self.per_engineer),
                at="perEngineer",
            )
        return self


class GpuQueue(Settings):
    """The queue of one team in one cluster; all of them are in one cohort and lend each other what is idle."""

    team: LabelValue
    """The team: whatever its tenants start is queued here."""
    quotas: Annotated[Mapping[DnsLabel, PoolQuotas], AfterValidator(_some)]
    """By pool and GPU resource, such as `dev-a100: {nvidia.com/mig-1g.10gb: {nominal: 8}}`."""
    weight: Annotated[int, Field(strict=True, ge=1, le=100)] = 1
    """Its share of what others leave idle, compared with other queues that want it too."""
    budget: GpuBudget | None = None
    """What it may use in a month; without one, whatever its quotas give."""
