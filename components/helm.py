"""The one way to install a chart or a file of definitions: an exact version, from its project or from a mirror."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes import helm, yaml

from components.manifest import known_after
from config.catalog import Chart, Definitions
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


def definitions(
    name: str, pinned: Definitions, source: ChartSettings, opts: pulumi.ResourceOptions
) -> yaml.v2.ConfigFile | None:
    """Declare custom kinds from a file; None with source `none`, and where a mirror has no files."""
    if source.source == "none" or (source.mirror and source.definitions is None):
        return None
    file = f"{source.definitions.rstrip('/')}/{pinned.file}" if source.definitions else pinned.address
    return yaml.v2.ConfigFile(name, file=file, opts=opts)


def installed_in(namespace: str, installed: helm.v4.Chart | None) -> pulumi.Output[str]:
    """The namespace's name as a value that is known once the chart's objects are there; at once without a chart."""
    if installed is None:
        return pulumi.Output.from_input(namespace)
    return known_after(namespace, [installed.urn])


def origin(pinned: Chart, source: ChartSettings) -> dict[str, Any]:
    """Where the chart comes from: `chart`, and `repository_opts` for a repository that is no registry.

    A project's own registry is asked for the digest, so that it can give nothing else (Helm 3.18 and later). A
    mirror's digest is another one, and an archive's cannot be asked for: `mlops catalog verify` compares those.
    """
    repository = source.mirror or pinned.repository
    if not repository.startswith("oci://"):
        return {"chart": pinned.name, "repository_opts": {"repo": repository}}
    digest = "" if source.mirror else f"@{pinned.digest}"
    return {"chart": f"{repository.rstrip('/')}/{pinned.name}{digest}"}
