"""Every control, by pack and by id. A family adds its own in the `catalogue` of its folder."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from controls.aws import catalogue as aws
from controls.control import Control
from controls.data import catalogue as data
from controls.gpu import catalogue as gpu
from controls.identity import catalogue as identity
from controls.mesh import catalogue as mesh
from controls.network import catalogue as network
from controls.secrets import catalogue as secrets
from controls.serving import catalogue as serving
from controls.supply_chain import catalogue as supply_chain
from controls.workloads import catalogue as workloads

PACKS: Final[Mapping[str, tuple[Control, ...]]] = MappingProxyType(
    {
        "zero-trust": (
            *workloads.CONTROLS,
            *network.CONTROLS,
            *mesh.CONTROLS,
            *identity.CONTROLS,
            *secrets.CONTROLS,
        ),
        "supply-chain": supply_chain.CONTROLS,
        "capacity": (*gpu.CONTROLS, *serving.CONTROLS, *data.CONTROLS),
        "aws": aws.CONTROLS,
    }
)
"""Pack to its controls, in the order of the catalogue."""

CONTROLS: Final[Mapping[str, Control]] = MappingProxyType(
    {control.id: control for controls in PACKS.values() for control in controls}
)
"""Control id to control."""
