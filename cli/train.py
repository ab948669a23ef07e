"""`mlops train`: a script as a Kubernetes Job that logs to the platform's MLflow."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from kubernetes import client, watch

from cli.cluster_api import cluster_api
from cli.console import ConsoleProgress, err
from cli.errors import CommandFailed, CommandRefused
from cli.target import Target, target
from components.isolation.tenant_namespace import owner_of
from components.training.job import TrainingJob, script_config_map, training_job
from config.schema import TenantSettings


def train(
    script: Annotated[Path, typer.Argument(help="A Python script; MLFLOW_TRACKING_URI is set for it.")],
    arguments: Annotated[
        list[str] | None, typer.Argument(help="What the script is given, after `--`.")
    ] = None,
    stack: Annotated[str, typer.Option("--stack", "-s", help="Whose clusters.")] = "dev",
    cluster: Annotated[
        str | None, typer.Option("--cluster", "-c", help="Which one; else the stack's first.")
    ] = None,
    timeout: Annotated[int, typer.Option(help="Seconds to wait for the end.", min=1)] = 600,
) -> None:
    """Run a training script on a cluster and wait for it."""
    if not script.is_file():
        raise CommandRefused(f"{script}: no such file; name a Python script")
    chosen = target(stack)
    name = f"{script.stem.replace('_', '-')}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    wanted = chosen.clusters(cluster)[0]
    tenant, platform = _tenant(chosen, "training"), _tenant(chosen, "platform")
    namespace = tenant.name
    job = TrainingJob(
        name=name,
        namespace=namespace,
        platform_namespace=platform.name,
        owner=owner_of(tenant),
        script=script.read_text(encoding="utf-8"),
        arguments=tuple(arguments or ()),
    )
    with cluster_api(wanted, chosen.root) as api:
        core, batch = client.CoreV1Api(api), client.BatchV1Api(api)
        try:
            created = batch.create_namespaced_job(namespace, training_job(job), field_validation="Strict")
            core.create_namespaced_config_map(namespace, script_config_map(job, created.metadata.uid))
        except client.ApiException as error:
            raise CommandFailed(f"job {namespace}/{name}: refused by the API server: {error.body}") from None
        try:
            with ConsoleProgress().step(f"job {namespace}/{name}") as step:
                _wait(batch, namespace, name, time.monotonic() + timeout, step.update)
        finally:
            for line in _where_to_look(core, chosen, wanted.name, namespace, name):
                err.print(line, highlight=False, soft_wrap=True)


def _tenant(chosen: Target, purpose: str) -> TenantSettings:
    for tenant in chosen.settings.tenants:
        if tenant.purpose == purpose:
            return tenant
    raise CommandRefused(
        f"stack {chosen.stack!r} has no tenant with purpose {purpose!r}; add one to its settings"
    )


def _where_to_look(core: Any, chosen: Target, cluster: str, namespace: str, job: str) -> list[str]:
    pods = core.list_namespaced_pod(namespace, label_selector=f"batch.kubernetes.io/job-name={job}").items
    if chosen.on_lab:
        return [f"log: mlops lab logs pods/{cluster}/{namespace}/{pod.metadata.name}/train" for pod in pods]
    return [f"log: kubectl logs -n {namespace} {pod.metadata.name}" for pod in pods]


def _wait(batch: Any, namespace: str, name: str, deadline: float, say: Any) -> None:
    """Follow the Job to its end. Raises CommandFailed when it fails or the time is over."""
    left = max(1, int(deadline - time.monotonic()))
    for event in watch.Watch().stream(
        batch.list_namespaced_job,
        namespace,
        field_selector=f"metadata.name={name}",
        timeout_seconds=left,
    ):
        state = event["object"].status
        for condition in state.conditions or []:
            if condition.status == "True" and condition.type == "Complete":
                return
            if condition.status == "True" and condition.type == "Failed":
                raise CommandFailed(f"job {namespace}/{name}: {condition.reason}: {condition.message}")
        say(f"{state.active or 0} running")
    raise CommandFailed(f"job {namespace}/{name}: not done in time; it goes on in the cluster")
