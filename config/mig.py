"""Multi-Instance GPU: which mixes of instances fit on one GPU.

A GPU is cut into memory slices (8 on A100 and later, 4 on A30). A profile may start only at the slices
listed for it and then occupies `size` of them; two instances never share a slice. That alone decides whether
a mix is possible: the last slice belongs only to placements that leave a compute slice unused, so seven
compute slices can never be exceeded.

Source: NVIDIA Multi-Instance GPU User Guide, "Supported MIG Profiles" (instances available) and
`nvidia-smi mig -lgipp` in "Getting Started with MIG" (possible placements, in memory slices).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

MEDIA = "+me"
"""Suffix of a profile that carries the media engines; a GPU has one set of them to give away."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One MIG profile of one GPU model, with what `nvidia-smi mig -lgip` tells of it. Memory is in MiB.

    `memory` and `multiprocessors` are None where they are not known.
    """

    name: str
    slices: int
    starts: tuple[int, ...]
    size: int
    most: int
    memory: int | None
    multiprocessors: int | None
    copy_engines: int
    decoders: int
    jpeg: int
    ofa: int

    @property
    def resource(self) -> str:
        """The extended resource under the mixed strategy; a '+' becomes '.', as no name may hold it."""
        return f"nvidia.com/mig-{self.label_name}"

    @property
    def label_name(self) -> str:
        """The profile's name as node labels spell it."""
        return self.name.replace("+", ".")


Mix = Mapping[str, int]
"""Instances per GPU by profile name."""


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """The profiles of one GPU model and the slices they share."""

    memory_slices: int
    profiles: tuple[Profile, ...]

    @cached_property
    def by_name(self) -> dict[str, Profile]:
        return {profile.name: profile for profile in self.profiles}

    def fits(self, mix: Mix) -> bool:
        """Whether one GPU can hold the mix, whatever the order in which its instances are created.

        Every key must be a profile of this geometry.
        """
        wanted = [(self.by_name[name], count) for name, count in mix.items() if count]
        if any(count > profile.most for profile, count in wanted):
            return False
        if sum(count for profile, count in wanted if profile.name.endswith(MEDIA)) > 1:
            return False
        widest_first = sorted(wanted, key=lambda entry: -entry[0].size)
        return self._place([profile for profile, count in widest_first for _ in range(count)], 0)

    def _place(self, instances: list[Profile], taken: int) -> bool:
        """Exact search; `taken` is the bit set of occupied memory slices."""
        if not instances:
            return True
        head, rest = instances[0], instances[1:]
        free = (((1 << head.size) - 1) << start for start in head.starts)
        return any(self._place(rest, taken | place) for place in free if not taken & place)

    def mixes(self) -> Iterator[dict[str, int]]:
        """Every mix with at least one instance that fits, each once."""

        def extend(index: int, mix: dict[str, int]) -> Iterator[dict[str, int]]:
            if index == len(self.profiles):
                if mix:
                    yield dict(mix)
                return
            profile = self.profiles[index]
            for count in range(profile.most + 1):
                larger = {**mix, profile.name: count} if count else mix
                if not self.fits(larger):
                    return
                yield from extend(index + 1, larger)

        return extend(0, {})

    def nearest(self, mix: Mix) -> dict[str, int]:
        """The possible mix with the fewest instances changed; of equals, the one that keeps most memory."""
        wanted = {name: count for name, count in mix.items() if count and name in self.by_name}

        def distance(candidate: Mix) -> tuple[int, int, int]:
            names = wanted.keys() | candidate.keys()
            changed = sum(abs(wanted.get(name, 0) - candidate.get(name, 0)) for name in names)
            foreign = sum(count for name, count in candidate.items() if name not in wanted)
            memory = sum(self.by_name[name].size * count for name, count in candidate.items())
            return (changed, foreign, -memory)

        return min(self.mixes(), key=distance)


def describe(mix: Mix) -> str:
    """`{1g.10gb: 4, 3g.40gb: 1}`, as one writes it in YAML."""
    return "{" + ", ".join(f"{name}: {count}" for name, count in mix.items()) + "}"
