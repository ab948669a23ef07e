"""A checkout in miniature with a stack of as many clusters as asked for, and a bare program beside it."""

from __future__ import annotations

import copy
import json
import shutil
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import yaml

from config.mesh import LARGEST_FULL

ROOT = Path(__file__).resolve().parent.parent
KEY = "mlops-platform:settings"
HUBS = 2
"""Clusters that all others see, where the mesh is not a full one."""
BARE = '''\
"""Registers what resources.json lists with the SDKs and nothing else: the floor of a preview."""

import importlib
import json
import re
from pathlib import Path

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

LEFT_OUT = {"apiVersion", "kind", "__internal", "version"}


def sdk(token):
    """The SDK's class of a type token; a custom kind of Kubernetes has none."""
    package, module, name = token.split(":")
    if package == "pulumi":
        package, module, name = name, "index", "Provider"
    area, _, version = module.partition("/")
    path = [f"pulumi_{package}"]
    if package == "kubernetes" and version:
        path += [area.split(".")[0], version]
    elif area != "index":
        path.append(area.lower())
    try:
        return getattr(importlib.import_module(".".join(path)), name)
    except (ImportError, AttributeError):
        return None


def snake(key):
    return {"import": "import_"}.get(key) or re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower()


made = {}
for entry in json.loads((Path(__file__).parent / "resources.json").read_text()):
    token, name, inputs = entry["type"], entry["name"], entry["inputs"]
    opts = pulumi.ResourceOptions(parent=made.get(entry["parent"]), provider=made.get(entry["provider"]))
    if token.startswith("mlops:"):
        made[entry["urn"]] = pulumi.ComponentResource(token, name, None, pulumi.ResourceOptions(parent=opts.parent))
    elif (cls := sdk(token)) is not None:
        fields = {snake(key): value for key, value in inputs.items() if key not in LEFT_OUT}
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


def checkout(folder: Path, clusters: int, *, teams: int = 0, program: str = "") -> Path:
    """A folder with a stack `bench` of that many clusters, none of which exists, and the platform's program.

    `teams` adds that many tenants, each a team's own; `program` is another program's text.
    """
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "Pulumi.yaml", folder)
    text = program or (ROOT / "__main__.py").read_text(encoding="utf-8")
    (folder / "__main__.py").write_text(text, encoding="utf-8")
    settings = stack_settings(clusters, teams)
    for name in ("config", "stacks", "components", "services"):
        (folder / name).symlink_to(ROOT / name, target_is_directory=True)
    _packs(folder / "policy-packs", settings)
    (folder / "Pulumi.bench.yaml").write_text(yaml.safe_dump({"config": {KEY: settings}}), encoding="utf-8")
    return folder


def _packs(folder: Path, settings: dict[str, Any]) -> None:
    """The pack of all controls, with the dev stack's settings and exemptions: its first cluster is `c00` here, and
    with more clusters than a full mesh takes the primary ones are the mesh's hubs."""
    (folder / "platform" / "config").mkdir(parents=True)
    (folder / "controls").symlink_to(ROOT / "policy-packs" / "controls", target_is_directory=True)
    pack = ROOT / "policy-packs" / "platform"
    for name in ("PulumiPolicy.yaml", "__main__.py"):
        shutil.copy(pack / name, folder / "platform")
    text = (pack / "config" / "dev.json").read_text(encoding="utf-8").replace('"east-', '"c00-')
    config = json.loads(text)
    if len(settings["clusters"]) > LARGEST_FULL:
        config["zero-trust"]["meshHubs"] = [
            one["name"] for one in settings["clusters"] if one["role"] == "primary"
        ]
    (folder / "platform" / "config" / "bench.json").write_text(json.dumps(config), encoding="utf-8")


def bare(folder: Path, resources: list[dict[str, Any]]) -> Path:
    """The bare program that registers the same resources; run `python runner.py` in the folder."""
    folder.mkdir(parents=True)
    kept = [r for r in resources if r["type"] != "pulumi:pulumi:Stack"]
    (folder / "resources.json").write_text(json.dumps(kept), encoding="utf-8")
    (folder / "bare.py").write_text(BARE, encoding="utf-8")
    (folder / "runner.py").write_text(RUNNER, encoding="utf-8")
    return folder


def stack_settings(clusters: int, teams: int = 0) -> dict[str, Any]:
    """The dev stack's first cluster, as often as asked for, each in networks of its own, and its tenants.

    Each team is one more tenant like the dev stack's first one for development.
    """
    dev = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text(encoding="utf-8"))["config"][KEY]
    pods, services = (
        IPv4Network("10.0.0.0/9").subnets(new_prefix=16),
        IPv4Network("10.128.0.0/9").subnets(new_prefix=16),
    )
    made = []
    for number, pod_cidr, service_cidr in zip(range(clusters), pods, services, strict=False):
        cluster = copy.deepcopy(dev["clusters"][0])
        name = f"c{number:02d}"
        cluster |= {"name": name, "kind": "existing", "context": name}
        cluster |= {"role": "primary" if number < HUBS else "workload"}
        cluster["apiServer"] = {"url": f"https://{name}.example.com"}
        cluster["network"] = {
            "id": f"network-{number}",
            "podCidr": str(pod_cidr),
            "serviceCidr": str(service_cidr),
        }
        made.append(cluster)
    settings: dict[str, Any] = {**dev, "clusters": made, "mesh": {"multiPrimary": clusters > 1}}
    offered = {"nvidia.com/mig-1g.10gb", "nvidia.com/mig-2g.20gb", "nvidia.com/mig-3g.40gb", "nvidia.com/gpu"}
    for tenant in settings["tenants"]:
        gpus = tenant["quota"].get("gpus", {})
        tenant["quota"]["gpus"] = {name: count for name, count in gpus.items() if name in offered}
    model = next(tenant for tenant in settings["tenants"] if tenant["purpose"] == "dev")
    settings["tenants"] += [
        {**copy.deepcopy(model), "name": f"team-{number:02d}", "team": f"team-{number:02d}"}
        for number in range(teams)
    ]
    return settings
