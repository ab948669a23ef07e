"""The review of one stack: two plans, what differs, what the packs and Checkov say of it, and which line it is from."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from controls.judge import EXEMPTION_RULES

from cli.engines import Engine, real
from cli.errors import CommandFailed
from cli.preview import planned
from cli.review_causes import Causes, Line, component_classes
from cli.review_changes import Change, changes, planned_changes
from cli.review_checkov import Opinion, second_opinion
from cli.review_exemptions import Exemptions, compared, configured, line_of
from cli.review_gpus import pool_changes
from cli.review_plans import base_plan, without_lab
from cli.review_report import Finding, StackReview, findings
from cli.review_settings import changed_keys, stack_settings
from cli.target import pack_configuration, target
from config.errors import SettingsError
from config.source import stacks
from engine.errors import EngineError
from engine.plan import Plan, PlannedResource, as_json

_NOTHING = Plan(resources=(), violations=(), outputs={})


def reviewed(root: Path, before: Path, stack: str, engine: Engine) -> StackReview:
    """Compare the checkout `root` with the one in `before`, which its own program plans, at the same time.

    With the real engine the changes are those against its state, but for a stack that `root` has no more; the packs
    judge the embedded engine's plan.
    """
    here = stack in stacks(root)
    with ThreadPoolExecutor(1) as beside:
        try:
            pending = _against_state(stack, engine) if here else None
            compares = pending is None and stack in stacks(before)
            asked = beside.submit(base_plan, before, stack) if compares else None
            plan = _planned(stack) if here else _NOTHING
        except (SettingsError, EngineError, CommandFailed) as error:
            return StackReview(stack=stack, broken=str(error))
    notes, resources = [], as_json(plan)
    if pending is None:
        try:
            pending = changes(asked.result() if asked is not None else [], resources)
        except CommandFailed as error:
            pending = []
            notes.append(f"the base cannot be planned, so nothing is compared with it: {error}")
    found = findings(plan.violations)
    exemptions = compared(
        configured(before, stack),
        configured(root, stack),
        [(one.control, f"{one.place}: {one.message}") for one in found],
    )
    old, new = stack_settings(before, stack), stack_settings(root, stack)
    causes = Causes(
        resources={one["urn"]: one for one in resources},
        classes=component_classes(root),
        settings=new,
        changed=changed_keys(old, new),
        touched=frozenset(one.urn for one in pending),
    )
    opinion, said = _opinion(plan.resources, found, exemptions)
    return StackReview(
        stack=stack,
        notes=(*notes, *said),
        changes=tuple(pending),
        findings=tuple(replace(one, causes=_lines(root, stack, one, causes)) for one in found),
        exemptions=exemptions,
        pools=tuple(pool_changes(old.data, new.data)),
        opinion=opinion,
    )


def _planned(stack: str) -> Plan:
    with without_lab():
        return planned(target(stack), None, against_state=False)


def _against_state(stack: str, engine: Engine) -> list[Change] | None:
    """What the real engine would do to what there is; None where two revisions are compared."""
    pulumi = None if engine is Engine.EMBEDDED else real(engine, target(stack))
    if pulumi is None:
        return None
    plan = planned(target(stack), pulumi, against_state=True)
    listed = zip(as_json(plan), plan.resources, strict=True)
    return planned_changes([{**one, "changed": resource.changed} for one, resource in listed])


def _opinion(
    resources: Sequence[PlannedResource], found: Sequence[Finding], exemptions: Exemptions
) -> tuple[Opinion, list[str]]:
    known = {(one.control, one.place) for one in found}
    known |= {(one.control, str(one.place)) for one in exemptions.used}
    try:
        return second_opinion(resources, known), []
    except CommandFailed as error:
        return Opinion(missing="it failed"), [str(error)]


def _lines(root: Path, stack: str, one: Finding, causes: Causes) -> tuple[Line, ...]:
    """A finding about the packs' configuration is from its file; every other from settings and components."""
    if one.control not in EXEMPTION_RULES:
        return tuple(causes.of(causes.resource(one.urn, one.place)))
    file = pack_configuration(root, stack)
    line = line_of(file.read_text(encoding="utf-8"), one.place)
    return (Line(file=file.relative_to(root).as_posix(), line=line, what="exemption"),)
