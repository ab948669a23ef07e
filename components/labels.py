"""The labels of everything that components declare: what it is, and who owns and pays for it."""

from __future__ import annotations

from dataclasses import dataclass

PART_OF = "app.kubernetes.io/part-of"
PLATFORM = "mlops-platform"
"""`PART_OF` of every object."""


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Who answers for an object and who pays for it; each field is a valid label value (GC-04)."""

    team: str
    cost_center: str
    environment: str


def selector(app: str) -> dict[str, str]:
    """The labels that select an app's pods. A Deployment cannot change them, so nothing else joins them."""
    return {"app.kubernetes.io/name": app}


def owner_labels(owner: Owner) -> dict[str, str]:
    """Who owns and who pays, for objects of a chart: what they are the chart says itself."""
    return {"team": owner.team, "cost-center": owner.cost_center, "environment": owner.environment}


def labels(app: str, concern: str, owner: Owner) -> dict[str, str]:
    """The labels of an object that belongs to `app`, which serves `concern` (tracking, isolation, ...)."""
    return {
        **selector(app),
        "app.kubernetes.io/component": concern,
        PART_OF: PLATFORM,
        **owner_labels(owner),
    }
