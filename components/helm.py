"""The one way to install a chart: an exact version, from the project's registry or from a mirror."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes import helm

from config.catalog import Chart
from config.schema import ChartSettings


def chart(
    name: str,
    pinned: Chart,
    source: ChartSettings,
    *,
    namespace: pulumi.Input[str],
    values: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
    wait: bool = True,
) -> helm.v4.Chart | None:
    """Declare the chart's objects as resources of the stack, which policies see; None with source `none`.

    The release is named like the chart. No secret may stand in `values`: a chart may put it into any object.
    `wait` False is for a server that gets ready only once somebody has set it up.
    """
    if source.source == "none":
        return None
    return helm.v4.Chart(
        name,
        name=pinned.name,
        namespace=namespace,
        version=pinned.version,
        values=values,
        skip_await=not wait,
        **origin(pinned, source),
        opts=opts,
    )


def origin(pinned: Chart, source: ChartSettings) -> dict[str, Any]:
    """Where the chart comes from: `chart`, and `repository_opts` for a registry that is no OCI one."""
    repository = source.mirror or pinned.repository
    if repository.startswith("oci://"):
        return {"chart": f"{repository.rstrip('/')}/{pinned.name}"}
    return {"chart": pinned.name, "repository_opts": {"repo": repository}}
