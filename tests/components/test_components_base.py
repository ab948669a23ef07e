from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi_kubernetes import Provider

from components.base import Component
from components.manifest import declare, kubernetes_object
from tests.recorder import run


class Honest(Component, token="mlops:index:Honest"):
    """Declares one object and one output."""

    answer: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        declare(self.child("thing"), kubernetes_object("v1", "ConfigMap", "thing", data={}), self.opts())
        self.answer = pulumi.Output.from_input("yes")
        self.register_outputs({"answer": self.answer})


def outputs_of(names: list[str]) -> Callable[[], None]:
    class Careless(Component, token="mlops:index:Careless"):
        answer: pulumi.Output[str]

        def __init__(self, name: str) -> None:
            super().__init__(name)
            self.register_outputs(dict.fromkeys(names, "x"))

    def program() -> None:
        Careless("careless")

    return program


def in_cluster() -> None:
    provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
    Honest("east-honest", pulumi.ResourceOptions(providers=[provider]))


def test_a_child_is_named_for_its_component_and_belongs_to_it() -> None:
    recorded = run(in_cluster)
    (thing,) = recorded.kubernetes
    assert (thing.name, thing.parent) == ("east-honest-thing", "east-honest")
    assert recorded.misnamed() == []


def test_a_child_inherits_the_provider_that_the_component_was_given() -> None:
    assert [one.provider for one in run(in_cluster).kubernetes] == ["east"]


def test_the_type_is_the_stated_token() -> None:
    assert [one.type for one in run(in_cluster).components] == ["mlops:index:Honest"]


@pytest.mark.parametrize("names", [[], ["answer", "more"], ["other"]])
def test_outputs_that_differ_from_the_annotations_are_refused(names: list[str]) -> None:
    with pytest.raises(TypeError, match=r"Careless annotates \['answer'\] but registers"):
        run(outputs_of(names))


def test_exactly_the_annotated_outputs_are_accepted() -> None:
    assert len(run(outputs_of(["answer"])).components) == 1


def test_a_component_without_a_token_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="token"):
        type("Nameless", (Component,), {})


def test_the_base_stays_small_enough_to_be_read_at_a_glance() -> None:
    import inspect  # noqa: PLC0415 - used by this test alone

    source, _ = inspect.getsourcelines(Component)
    assert len(source) <= 40


def test_callers_options_do_not_reach_a_child() -> None:
    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        opts = pulumi.ResourceOptions(providers=[provider], aliases=[pulumi.Alias(name="old")], protect=True)
        Honest("east-honest", opts)

    recorded = run(program)
    assert recorded.kubernetes[0].urn.count("old") == 0
    assert recorded.kubernetes[0].parent == "east-honest"


def test_the_recorder_refuses_a_repeated_urn() -> None:
    def program() -> dict[str, Any]:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        for _ in range(2):
            Honest("east-honest", pulumi.ResourceOptions(providers=[provider]))
        return {}

    with pytest.raises(AssertionError, match="east-honest-thing"):
        run(program)


def test_the_recorder_lists_a_misnamed_child() -> None:
    class Sloppy(Component, token="mlops:index:Sloppy"):
        def __init__(self, name: str, opts: pulumi.ResourceOptions) -> None:
            super().__init__(name, opts)
            declare("thing", kubernetes_object("v1", "ConfigMap", "thing", data={}), self.opts())
            self.register_outputs({})

    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        Sloppy("east-sloppy", pulumi.ResourceOptions(providers=[provider]))

    assert run(program).misnamed() == ["thing below east-sloppy"]


def test_an_output_that_is_used_as_text_is_an_error() -> None:
    def program() -> None:
        "".join(["name: ", str(pulumi.Output.from_input("x"))])

    with pytest.raises(Exception, match="str"):
        run(program)
