"""The one base of every component: a stated type token, child names and the parent cannot be forgotten."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

import pulumi


class Component(pulumi.ComponentResource):
    """A component of one cluster; its outputs are its annotated attributes, no more and no fewer.

    The provider comes with `opts` and children inherit it. Nothing else of the caller's options reaches a
    child: merging them in would re-parent it and leak aliases.
    """

    token: ClassVar[str]

    def __init_subclass__(cls, *, token: str, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.token = token

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(self.token, name, None, opts)

    def child(self, part: str) -> str:
        """The logical name of a child. `part` must never be a value that can move (address, version)."""
        return f"{self.pulumi_resource_name}-{part}"

    def opts(self, **kwargs: Any) -> pulumi.ResourceOptions:
        """The options of a child: this component is its parent."""
        return pulumi.ResourceOptions(parent=self, **kwargs)

    def register_outputs(self, outputs: pulumi.Inputs) -> None:
        """Close the component. Raises TypeError unless the names are exactly the annotated attributes."""
        declared, given = set(inspect.get_annotations(type(self))), set(outputs)
        if declared != given:
            raise TypeError(
                f"{type(self).__name__} annotates {sorted(declared)} but registers {sorted(given)}"
            )
        super().register_outputs(outputs)
