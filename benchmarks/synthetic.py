"""A checkout in miniature with a stack of as many clusters as asked for, and a bare program beside it."""

from __future__ import annotations

import copy
import json
import shutil
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
KEY = "mlops-platform:settings"
BARE = '''\
"""Registers what resources.json lists with the SDKs and nothing else: the floor of a preview."""

import importlib
import json
import re
from pathlib import Path

import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.apiextensions import CustomResource


def kind(token):
    """The SDK's class of a type token; a custom kind has none."""
    version, name = token.removeprefix("kubernetes:").split(":")
    group, number = version.split("/")
    try:
        return getattr(importlib.import_module(f"pulumi_kubernetes.{group.split('.')[0]}.{number}"), name)
    except (ImportError, AttributeError):
        return None


def snake(key):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower()


made = {}
for entry in json.loads((Path(__file__).parent / "resources.json").read_text()):
    token, name, inputs = entry["type"], entry["name"], entry["inputs"]
    opts = pulumi.ResourceOptions(parent=made.get(entry["parent"]), provider=made.get(entry["provider"]))
    if token.startswith("mlops:"):
        made[entry["urn"]] = pulumi.ComponentResource(token, name, None, pulumi.ResourceOptions(parent=opts.parent))
    elif token == "pulumi:providers:kubernetes":
        given = {snake(key): value for key, value in inputs.items() if key not in ("__internal", "version")}
        made[entry["urn"]] = Provider(name, **given)
    elif (cls := kind(token)) is not None:
        fields = {snake(key): value for key, value in inputs.items() if key not in ("apiVersion", "kind")}
        made[entry["urn"]] = cls(name, **fields, opts=opts)
    else:
        made[entry["urn"]] = CustomResource(
            name, api_version=inputs["apiVersion"], kind=inputs["kind"], metadata=inputs["metadata"],
            spec=inputs.get("spec"), opts=opts)
'''
RUNNER = '''\
"""Runs a program under the SDK's own stock mocks."""

import asyncio
import runpy

import pulumi


class Echo(pulumi.runtime.Mocks):
    def new_resource(self, args):
        return args.name, args.inputs

    def call(self, args):
        return {}


async def main():
    pulumi.runtime.set_mocks(Echo(), "bare", "bench", preview=True)
    await pulumi.runtime.stack.run_pulumi_func(lambda: runpy.run_path("bare.py"))


asyncio.run(main())
'''


def checkout(folder: Path, clusters: int) -> Path:
    """A folder with the program and a stack `bench` of that many clusters, none of which exists."""
    folder.mkdir(parents=True)
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("config", "stacks", "components", "policy-packs"):
        (folder / name).symlink_to(ROOT / name, target_is_directory=True)
    settings = _settings(clusters)
    (folder / "Pulumi.bench.yaml").write_text(yaml.safe_dump({"config": {KEY: settings}}), encoding="utf-8")
    return folder


def bare(folder: Path, resources: list[dict[str, Any]]) -> Path:
    """The bare program that registers the same resources; run `python runner.py` in the folder."""
    folder.mkdir(parents=True)
    kept = [r for r in resources if r["type"] != "pulumi:pulumi:Stack"]
    (folder / "resources.json").write_text(json.dumps(kept), encoding="utf-8")
    (folder / "bare.py").write_text(BARE, encoding="utf-8")
    (folder / "runner.py").write_text(RUNNER, encoding="utf-8")
    return folder


def _settings(clusters: int) -> dict[str, Any]:
    """The dev stack's first cluster, as often as asked for, each in networks of its own."""
    dev = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text(encoding="utf-8"))["config"][KEY]
    pods, services = (
        IPv4Network("10.0.0.0/9").subnets(new_prefix=16),
        IPv4Network("10.128.0.0/9").subnets(new_prefix=16),
    )
    made = []
    for number, pod_cidr, service_cidr in zip(range(clusters), pods, services, strict=False):
        cluster = copy.deepcopy(dev["clusters"][0])
        cluster |= {"name": f"c{number:02d}", "kind": "existing", "context": f"c{number:02d}"}
        cluster["network"] = {
            "id": f"network-{number}",
            "podCidr": str(pod_cidr),
            "serviceCidr": str(service_cidr),
        }
        made.append(cluster)
    settings: dict[str, Any] = {**dev, "clusters": made}
    offered = {"nvidia.com/mig-1g.10gb", "nvidia.com/mig-2g.20gb", "nvidia.com/mig-3g.40gb", "nvidia.com/gpu"}
    for tenant in settings["tenants"]:
        gpus = tenant["quota"].get("gpus", {})
        tenant["quota"]["gpus"] = {name: count for name, count in gpus.items() if name in offered}
    return settings
