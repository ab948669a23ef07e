"""Policy packs in previews and deployments, through real pack processes."""

from __future__ import annotations

import json
import os
import selectors
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from engine import pack_process
from engine.errors import PackError
from engine.goal import Goal
from engine.pack_process import PackProcess
from engine.packs import Packs
from engine.plan import preview
from tests.engine.api_server import ApiServer
from tests.engine.engine_stack import Stack, changed

FIXTURES = Path(__file__).parent / "fixtures"
PACK = FIXTURES / "pack"
CRASHING = FIXTURES / "crashing"

Live = Callable[[str], Stack]

FORBIDDEN = """
    east = cluster("east")
    bad = config_map("bad", east, {"forbidden": "x", "owner": "me"}, namespace=NS)
    config_map("after", east, {"owner": "me"}, namespace=NS, opts={"depends_on": [bad]})
    config_map("good", east, {"owner": "me"}, namespace=NS)
    config_map("orphan", east, {"a": "b"}, namespace=NS) if EXTRA else None
"""


def _children() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process(os.getpid()).children()
        if "pulumi.policy" in " ".join(child.cmdline())
    ]


def test_what_a_pack_prints_is_told_to_the_watcher(stack: Stack) -> None:
    stack.program('NS, EXTRA = "default", True' + FORBIDDEN.replace("\n    ", "\n")).preview(PACK)
    assert [event.message for event in stack.events if event.operation == "info"] == ["4 ConfigMaps seen"]


def test_a_preview_reports_what_a_policy_forbids(stack: Stack) -> None:
    plan = stack.program('NS, EXTRA = "default", True' + FORBIDDEN.replace("\n    ", "\n")).preview(PACK)
    found = {
        (violation.policy, violation.level, violation.urn.rpartition("::")[2])
        for violation in plan.violations
    }
    assert ("no-forbidden-key", "mandatory", "bad") in found
    assert ("has-owner", "advisory", "orphan") in found
    assert ("few", "mandatory", "bad") in found
    assert plan.refused
    assert next(v.message for v in plan.violations if v.policy == "no-forbidden-key") == (
        "No forbidden key.\nbad has a forbidden key, in project east"
    )
    assert _children() == []


def test_up_refuses_what_a_policy_forbids_and_all_that_needs_it(
    live: Live, server: ApiServer, namespace: str
) -> None:
    result = live("EXTRA = False\n" + FORBIDDEN.replace("\n    ", "\n")).up(PACK)
    ((urn, message),) = result.failures
    assert urn.endswith("::bad")
    assert (
        message
        == "policy engine-tests/no-forbidden-key: No forbidden key.\nbad has a forbidden key, in project east"
    )
    assert [skipped.rpartition("::")[2] for skipped, _ in result.skipped] == ["after"]
    names = {
        item["metadata"]["name"] for item in server.get(f"/api/v1/namespaces/{namespace}/configmaps")["items"]
    }
    assert names - {"kube-root-ca.crt"} == {"good"}
    assert _children() == []


@pytest.mark.parametrize(("key", "seen"), [("forbidden", []), ("allowed", ["1 ConfigMaps seen"])])
def test_a_stack_is_judged_as_one_only_if_nothing_of_it_failed(live: Live, key: str, seen: list[str]) -> None:
    stack = live(f'config_map("one", cluster("east"), {{"{key}": "x", "owner": "me"}}, namespace=NS)')
    assert bool(stack.up(PACK).failures) is (not seen)
    assert [event.message for event in stack.events if "ConfigMaps seen" in event.message] == seen


def test_the_configuration_of_a_pack_changes_levels_and_settings(stack: Stack, tmp_path: Path) -> None:
    config = tmp_path / "policy.json"
    settings = {
        "all": "disabled",
        "add-mark": {"enforcementLevel": "remediate", "mark": "by config"},
        "no-forbidden-key": "advisory",
    }
    config.write_text(json.dumps(settings))
    stack.program('config_map("bad", cluster("east"), {"forbidden": "x"})')
    plan = preview(stack.project, "dev", packs=[PACK], pack_config={PACK: config})
    assert [(violation.policy, violation.level) for violation in plan.violations] == [
        ("no-forbidden-key", "advisory")
    ]
    assert not plan.refused
    bad = next(resource for resource in plan.resources if resource.name == "bad")
    assert bad.inputs["data"] == {"forbidden": "x", "mark": "by config"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"no-such": "advisory"}, "no-such: pack engine-tests has no such policy"),
        ({"few": "severe"}, "few: enforcementLevel: given 'severe', needs one of advisory"),
        ({"few": 3}, "few: given 3, needs a level or an object"),
        ([], "must be an object of policies"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(
    stack: Stack, tmp_path: Path, settings: object, message: str
) -> None:
    config = tmp_path / "policy.json"
    config.write_text(json.dumps(settings))
    with pytest.raises(PackError, match=message):
        preview(stack.program("").project, "dev", packs=[PACK], pack_config={PACK: config})
    assert _children() == []


def test_several_packs_run_together(stack: Stack) -> None:
    plan = stack.program('config_map("bad", cluster("east"), {"forbidden": "x", "owner": "me"})').preview(
        PACK, PACK
    )
    assert [violation.policy for violation in plan.violations] == ["no-forbidden-key"] * 2


def test_a_pack_that_ends_at_its_start_stops_before_anything_is_applied(
    live: Live, server: ApiServer, namespace: str
) -> None:
    with pytest.raises(PackError, match=r"(?s)crashing ended with code 1 at its start:.*no rules today"):
        live('config_map("one", cluster("east"), namespace=NS)').up(PACK, CRASHING)
    assert server.get(f"/api/v1/namespaces/{namespace}/configmaps/one") is None
    assert _children() == []


def test_a_pack_that_never_serves_is_given_up(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = tmp_path / "idle"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (pack / "__main__.py").write_text("import threading; threading.Event().wait()")
    monkeypatch.setattr(pack_process, "START_SECONDS", 0.5)
    with pytest.raises(PackError, match=r"idle did not start within 0\.5 s"):
        stack.program("").preview(pack)
    assert _children() == []


def test_a_pack_that_serves_since_long_is_not_given_up_by_a_program_that_asks_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with PackProcess(PACK, "demo", "dev", preview=True) as process, selectors.DefaultSelector() as served:
        assert process._process is not None
        assert process._process.stdout is not None
        served.register(process._process.stdout, selectors.EVENT_READ)
        assert served.select(60)
        monkeypatch.setattr(pack_process, "START_SECONDS", 0.0)
        assert 0 < process.port() < 65_536


def test_a_pack_that_dies_during_a_preview_fails_it(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.program('config_map("one", cluster("east"))')
    ask = Packs.ask

    def killed(self: Packs, goal: Goal, *args: object) -> object:
        if goal.name == "one":
            for child in _children():
                child.kill()
                child.wait()
        return ask(self, goal, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Packs, "ask", killed)
    with pytest.raises(PackError, match=r"fixtures/pack broke: "):
        stack.preview(PACK)


def test_a_pack_that_is_killed_is_told_and_what_it_did_not_see_is_not_applied(
    live: Live, server: ApiServer, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = live('config_map("one", cluster("east"), namespace=NS)')
    analyze = Packs.analyze

    def killed(self: Packs, *args: object) -> object:
        for child in _children():
            child.kill()
            child.wait()
        return analyze(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Packs, "analyze", killed)
    with pytest.raises(PackError, match=r"fixtures/pack broke: "):
        stack.up(PACK)
    assert server.get(f"/api/v1/namespaces/{namespace}/configmaps/one") is None


def test_a_folder_that_is_no_pack_is_refused(stack: Stack, tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"there is no PulumiPolicy\.yaml in it"):
        stack.program("").preview(tmp_path / "nowhere")


def test_the_second_up_under_a_pack_changes_nothing(live: Live) -> None:
    stack = live('config_map("one", cluster("east"), {"owner": "me"}, namespace=NS)')
    assert stack.up(PACK).violations == ()
    assert changed(stack.up(PACK)) == {}
