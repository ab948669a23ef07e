"""The plan as a Mermaid picture: clusters as boxes, components in them, an arrow to what each one needs."""

from __future__ import annotations

from collections.abc import Sequence

from engine.plan import PlannedResource

SHARED = "shared"


def mermaid(resources: Sequence[PlannedResource]) -> str:
    """A flowchart of the components; a resource outside any component belongs to none and is not drawn."""
    by_urn = {resource.urn: resource for resource in resources}
    components = [r for r in resources if _is_component(r)]
    owner = {urn: _owner(urn, by_urn) for urn in by_urn}
    edges = {
        (owner[resource.urn], owner[needed])
        for resource in resources
        for needed in resource.dependencies
        if needed in by_urn
    }
    ids = {component.urn: f"n{number}" for number, component in enumerate(components)}
    lines = ["flowchart LR"]
    for cluster in sorted({component.cluster or SHARED for component in components}):
        lines.append(f'  subgraph {_identifier(cluster)}["{cluster}"]')
        lines += [
            f'    {ids[c.urn]}["{c.name}<br/>{c.type.rsplit(":", 1)[1]} · {_count(c.urn, owner)} resources"]'
            for c in components
            if (c.cluster or SHARED) == cluster
        ]
        lines.append("  end")
    lines += sorted(
        f"  {ids[source]} --> {ids[target]}"
        for source, target in edges
        if source in ids and target in ids and source != target
    )
    return "\n".join(lines) + "\n"


def _is_component(resource: PlannedResource) -> bool:
    return resource.type.startswith("mlops:")


def _owner(urn: str, by_urn: dict[str, PlannedResource]) -> str | None:
    """The nearest component at or above the resource."""
    current = urn
    while current in by_urn:
        if _is_component(by_urn[current]):
            return current
        current = by_urn[current].parent
    return None


def _count(component: str, owner: dict[str, str | None]) -> int:
    return sum(1 for urn, holder in owner.items() if holder == component and urn != component)


def _identifier(text: str) -> str:
    return "c_" + "".join(character if character.isalnum() else "_" for character in text)
