"""The plan of a program, made without any cluster."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from engine.errors import ProgramError, ProjectError, RegistrationError
from engine.plan import as_json
from engine.values import UNKNOWN_TEXT
from tests.engine.engine_stack import Stack

COMPONENTS = """
    class Team(pulumi.ComponentResource):
        def __init__(self, name, opts=None):
            super().__init__("mlops:index:Team", name, None, opts)
            self.ns = k8s.core.v1.Namespace(f"{name}-ns", metadata={"name": name}, opts=Opts(parent=self))
            Inner(f"{name}-inner", self.ns.metadata["name"], Opts(parent=self))
            self.register_outputs({})

    class Inner(pulumi.ComponentResource):
        def __init__(self, name, ns, opts=None):
            super().__init__("mlops:index:Inner", name, None, opts)
            k8s.core.v1.ServiceAccount(f"{name}-sa", metadata={"name": "sa", "namespace": ns}, opts=Opts(parent=self))
"""


def test_urns_and_relations_are_those_of_the_real_engine(stack: Stack) -> None:
    plan = stack.program(f"""{COMPONENTS}
    Team("red", Opts(provider=cluster("east")))
    """).preview()
    prefix = "urn:pulumi:dev::demo::"
    assert [resource.urn for resource in plan.resources] == [
        f"{prefix}pulumi:pulumi:Stack::demo-dev",
        f"{prefix}pulumi:providers:kubernetes::east",
        f"{prefix}mlops:index:Team::red",
        f"{prefix}mlops:index:Team$kubernetes:core/v1:Namespace::red-ns",
        f"{prefix}mlops:index:Team$mlops:index:Inner::red-inner",
        f"{prefix}mlops:index:Team$mlops:index:Inner$kubernetes:core/v1:ServiceAccount::red-inner-sa",
    ]
    by_name = {resource.name: resource for resource in plan.resources}
    account = by_name["red-inner-sa"]
    assert account.parent == by_name["red-inner"].urn
    assert account.provider == by_name["east"].urn
    assert account.dependencies == (by_name["red-ns"].urn,)
    assert by_name["red"].parent == by_name["demo-dev"].urn
    assert account.inputs == {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "sa", "namespace": "red"},
    }
    assert by_name["east"].inputs["__internal"] == {}
    assert {resource.operation for resource in plan.resources} == {"create"}
    assert plan.graph[account.urn] == (by_name["red-ns"].urn, by_name["east"].urn, by_name["red-inner"].urn)


def test_the_cluster_of_a_component_is_that_of_its_provider_or_its_children(stack: Stack) -> None:
    plan = stack.program(f"""{COMPONENTS}
    Team("red", Opts(provider=cluster("east")))

    class Around(pulumi.ComponentResource):
        def __init__(self, name, providers):
            super().__init__("mlops:index:Around", name)
            for provider in providers:
                config_map(f"{{name}}-{{provider._name}}", provider, opts={{"parent": self}})

    east, west = cluster("east-2"), cluster("west")
    Around("one", [west])
    Around("both", [east, west])
    """).preview()
    clusters = {resource.name: resource.cluster for resource in plan.resources}
    assert clusters["demo-dev"] is None
    assert clusters["red"] == clusters["red-inner"] == clusters["red-inner-sa"] == "east"
    assert clusters["one"] == clusters["one-west"] == "west"
    assert clusters["both"] is None


def test_a_preview_opens_no_connection(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> NoReturn:
        raise AssertionError("a preview touched the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "bind", refuse)
    stack.program("""
        def label(args):
            args.props["metadata"]["labels"] = {"seen": "yes"}
            return pulumi.ResourceTransformResult(args.props, args.opts)
        east = cluster("east")
        config_map("one", east, opts={"transforms": [label]})
    """)
    assert stack.preview().changes == {"create": 3}


def test_secrets_are_masked_and_unknowns_are_told(stack: Stack) -> None:
    plan = stack.program("""
        east = cluster("east")
        drawn = random.RandomPassword("drawn", length=12, opts=Opts(provider=random.Provider("random")))
        k8s.core.v1.Secret("key", metadata={"name": "key"}, string_data={"a": "sesame"}, opts=Opts(provider=east))
        config_map("map", east, {"hidden": pulumi.Output.secret("sesame"), "later": drawn.id, "open": "x"})
        pulumi.export("hidden", pulumi.Output.secret("sesame"))
    """).preview()
    inputs = {resource.name: resource.inputs for resource in plan.resources}
    assert inputs["key"]["data"] == "[secret]"
    assert inputs["map"]["data"] == {"hidden": "[secret]", "later": UNKNOWN_TEXT, "open": "x"}
    assert plan.outputs == {"hidden": "[secret]"}
    assert "sesame" not in repr(as_json(plan))


def test_what_a_preview_lists_keeps_its_keys(stack: Stack) -> None:
    found = as_json(stack.program('config_map("one", cluster("east"))').preview())
    keys = {"urn", "type", "name", "parent", "provider", "cluster", "inputs", "dependencies", "operation"}
    assert all(entry.keys() == keys for entry in found)


def test_transforms_of_resource_parent_and_stack_run_in_this_order(stack: Stack) -> None:
    plan = stack.program("""
        def add(letter):
            def transform(args):
                if args.type_ != "kubernetes:core/v1:ConfigMap":
                    return None
                metadata = args.props["metadata"]
                labels = {**metadata.get("labels", {})}
                labels["order"] = labels.get("order", "") + letter
                props = {**args.props, "metadata": {**metadata, "labels": labels}}
                return pulumi.ResourceTransformResult(props, Opts.merge(args.opts, Opts(protect=True)))
            return transform
        pulumi.runtime.register_resource_transform(add("s"))
        east = cluster("east")
        class C(pulumi.ComponentResource):
            def __init__(self, name, opts):
                super().__init__("mlops:index:C", name, None, opts)
                config_map("one", east, {"later": pulumi.Output.secret("v")},
                           opts={"parent": self, "transforms": [add("r")]})
        C("c", Opts(transforms=[add("p")]))
    """).preview()
    one = next(resource for resource in plan.resources if resource.name == "one")
    assert one.inputs["metadata"]["labels"] == {"order": "rps"}
    assert one.inputs["data"] == {"later": "[secret]"}
    assert one.provider.endswith("::east")


def test_a_transform_may_draw_on_another_resource(stack: Stack) -> None:
    plan = stack.program("""
        east = cluster("east")
        ns = k8s.core.v1.Namespace("ns", metadata={"name": "team"}, opts=Opts(provider=east))
        def move(args):
            props = {**args.props, "metadata": {**args.props["metadata"], "namespace": ns.metadata["name"]}}
            return pulumi.ResourceTransformResult(props, args.opts)
        config_map("one", east, opts={"transforms": [move]})
    """).preview()
    one = next(resource for resource in plan.resources if resource.name == "one")
    assert one.inputs["metadata"] == {"name": "one", "namespace": "team"}


def test_a_resource_without_a_provider_is_refused(stack: Stack) -> None:
    stack.program('k8s.core.v1.ConfigMap("one", data={})')
    with pytest.raises(RegistrationError, match=r"Default provider for 'kubernetes' disabled\. "
                       r"'kubernetes:core/v1:ConfigMap' must use an explicit provider"):  # fmt: skip
        stack.preview()


def test_two_resources_of_one_urn_are_refused(stack: Stack) -> None:
    stack.program('east = cluster("east"); config_map("one", east); config_map("one", east)')
    with pytest.raises(
        RegistrationError, match=r"Duplicate resource URN '.*::one'; try giving it a unique name"
    ):
        stack.preview()


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (
            'config_map("one", cluster("east"), opts={"hooks": pulumi.ResourceHookBinding('
            'after_create=[pulumi.ResourceHook("tell", lambda args: None)])})',
            "resource hook 'tell'",
        ),
        (
            'config_map("one", cluster("east"), opts={"replacement_trigger": "x"})',
            "::one: replacement_trigger",
        ),
        (
            'pulumi.runtime.invoke("aws:index:zones", {})',
            "aws:index:zones: this function has no provider",
        ),
        (
            'config_map("one", cluster("east"), opts={"custom_timeouts": pulumi.CustomTimeouts(create="soon")})',
            "::one: customTimeouts: given 'soon', needs a duration",
        ),
    ],
)
def test_what_this_engine_cannot_do_is_refused_by_name(stack: Stack, program: str, message: str) -> None:
    with pytest.raises(RegistrationError, match=message):
        stack.program(program).preview()


def test_charts_are_planned_with_a_note(stack: Stack) -> None:
    plan = stack.program("""
        k8s.helm.v4.Chart("chart", chart="c", opts=Opts(providers=[cluster("east")]))
    """).preview()
    assert "chart" in {resource.name for resource in plan.resources}
    assert any("charts and manifest bundles need the real engine" in note for note in plan.notes)


def test_an_error_of_the_program_shows_its_own_lines(stack: Stack) -> None:
    (stack.root / "helper.py").write_text("def broken():\n    return 1 / 0\n")
    stack.program("from helper import broken; broken()")
    with pytest.raises(ProgramError) as caught:
        stack.preview()
    message = str(caught.value)
    assert "ZeroDivisionError: division by zero" in message
    assert "helper.py" in message
    assert "site-packages" not in message
    assert "runpy" not in message


def test_an_error_inside_an_apply_fails_the_preview(stack: Stack) -> None:
    stack.program('pulumi.export("x", pulumi.Output.from_input(1).apply(lambda v: v / 0))')
    with pytest.raises(ProgramError, match="ZeroDivisionError"):
        stack.preview()


def test_a_stack_without_a_file_names_those_that_exist(stack: Stack) -> None:
    (stack.root / "Pulumi.dev.yaml").rename(stack.root / "Pulumi.prod.yaml")
    with pytest.raises(
        ProjectError, match=r"Pulumi\.dev\.yaml: no such stack; the stacks of this project: prod"
    ):
        stack.program("").preview()


def test_the_program_reads_its_structured_configuration(stack: Stack) -> None:
    (stack.root / "Pulumi.dev.yaml").write_text(
        "config:\n  demo:sizes: {a: [1, yes], b: true}\n  demo:on: yes\n"
    )
    plan = stack.program("""
        config = pulumi.Config()
        pulumi.export("sizes", config.require_object("sizes"))
        pulumi.export("on", config.require("on"))
        pulumi.export("where", f"{pulumi.get_project()}/{pulumi.get_stack()}/{pulumi.get_organization()}")
    """).preview()
    assert plan.outputs == {
        "sizes": {"a": [1, "yes"], "b": True},
        "on": "yes",
        "where": "demo/dev/organization",
    }


def test_programs_of_several_projects_run_one_after_the_other(tmp_path: Path) -> None:
    path, modules = list(sys.path), set(sys.modules)
    for name in ("first", "second", "first"):
        root = tmp_path / name
        root.mkdir(exist_ok=True)
        (root / "settings.py").write_text(f"NAME = {name!r}\n")
        stack = Stack(root).program('import settings; pulumi.export("name", settings.NAME)')
        assert stack.preview().outputs == {"name": name}
    assert sys.path == path
    assert "settings" not in set(sys.modules) - modules


def test_a_plan_against_a_state_tells_what_would_change(stack: Stack) -> None:
    text = """
        provider = random.Provider("random")
        random.RandomString("kept", length=8, opts=Opts(provider=provider))
        random.RandomString("{name}", length={length}, opts=Opts(provider=provider))
    """
    stack.program(text.format(name="other", length=8)).up()
    plan = stack.program(text.format(name="other", length=9)).planned()
    operations = {resource.name: (resource.operation, resource.changed) for resource in plan.resources}
    assert operations["kept"] == ("same", ())
    assert operations["other"] == ("replace", ("length",))
    plan = stack.program(text.format(name="new", length=8)).planned()
    operations = {resource.name: (resource.operation, resource.changed) for resource in plan.resources}
    assert operations["new"] == ("create", ())
    assert operations["other"] == ("delete", ())


def test_messages_of_the_program_reach_the_watcher(stack: Stack) -> None:
    stack.program('pulumi.log.warn("mind the gap")').preview()
    assert [(event.operation, event.message) for event in stack.events] == [("warning", "mind the gap")]
