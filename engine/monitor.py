"""The resource monitor: the side of the engine that a Pulumi program talks to.

It speaks the monitor's protocol as the SDK calls it (objects with the service's methods; no gRPC in
between), turns requests into goals and hands them to a Handler.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, resource_pb2

from engine import urn as urns
from engine.errors import RegistrationError
from engine.goal import Goal, Handler, Outcome
from engine.intake import Intake
from engine.transforms import Transforms
from engine.values import from_struct, to_struct

_FEATURES: Final = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    # Told, so that the SDK passes them on and the refusal can name them:
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
)


class Monitor:
    """Answers the SDK. Its methods are called in the executor's threads; they block until the work is done."""

    def __init__(self, intake: Intake, handler: Handler) -> None:
        self.transforms = Transforms()
        self._intake = intake
        self._handler = handler
        self._answers: dict[str, tuple[str, Any]] = {}

    def GetDeploymentInfo(self, _request: Any) -> Any:  # noqa: N802 - the protocol's names
        return resource_pb2.DeploymentInfo(supportedFeatures=_FEATURES)

    def SupportsFeature(self, _request: Any) -> Any:  # noqa: N802
        return resource_pb2.SupportsFeatureResponse(hasSupport=False)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        own = request.transforms
        transformed = self.transforms.apply(request)
        goal = self._intake.goal(transformed)
        self.transforms.remember(goal.urn, goal.parent, own)
        outcome = self._handler.register(goal)
        response = resource_pb2.RegisterResourceResponse(urn=goal.urn, id=outcome.id)
        if outcome.failed or outcome.skipped:  # what needs either is held back by its dependencies
            response.result = resource_pb2.FAIL
        elif goal.custom:
            struct = _answer(goal, outcome)
            response.object.CopyFrom(struct)
            self._answers[goal.urn] = (outcome.id, struct)
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        self._handler.outputs(request.urn, from_struct(request.outputs))
        return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        registration = resource_pb2.RegisterResourceRequest(
            type=request.type,
            name=request.name,
            parent=request.parent,
            custom=True,
            provider=request.provider,
            object=request.properties,
            dependencies=request.dependencies,
            additionalSecretOutputs=request.additionalSecretOutputs,
        )
        goal = self._intake.goal(registration)
        outcome = self._handler.read(goal, request.id)
        response = resource_pb2.ReadResourceResponse(urn=goal.urn, id=outcome.id)
        if outcome.failed or outcome.skipped:
            response.result = resource_pb2.FAIL
        else:
            response.properties.CopyFrom(_answer(goal, outcome))
        return response

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        if request.tok == "pulumi:pulumi:getResource":
            args = from_struct(request.args)
            found = self._answers.get(str(args.get("urn")))
            if found is None:
                raise RegistrationError(f"getResource: {args.get('urn')} is not a resource of this run")
            response = resource_pb2.ResourceInvokeResponse()
            fields = getattr(response, "return").fields
            fields["urn"].string_value = args["urn"]
            fields["id"].string_value = found[0]
            fields["state"].struct_value.CopyFrom(found[1])
            return response
        return self._function(request)

    def Call(self, request: Any) -> Any:  # noqa: N802
        raise RegistrationError(f"{request.tok}: provider methods are not supported by this engine")

    def _function(self, request: Any) -> Any:
        if not request.provider:
            raise RegistrationError(
                f"{request.tok}: this function has no provider; pass opts=InvokeOptions(parent=...) or (provider=...)"
            )
        answer = self._handler.function(
            request.tok, from_struct(request.args), urns.provider_urn(request.provider)
        )
        response = resource_pb2.ResourceInvokeResponse(unknown=answer is None)
        if answer is not None:
            getattr(response, "return").CopyFrom(to_struct(answer))
        return response

    def RegisterStackTransform(self, request: Any) -> Any:  # noqa: N802
        self.transforms.add_stack(request)
        return empty_pb2.Empty()

    def RegisterStackInvokeTransform(self, _request: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def RegisterResourceHook(self, request: Any) -> Any:  # noqa: N802
        raise RegistrationError(
            f"resource hook {request.name!r}: this engine runs no resource hooks; run with --engine pulumi"
        )

    RegisterErrorHook = RegisterResourceHook

    def RegisterPackage(self, request: Any) -> Any:  # noqa: N802
        raise RegistrationError(
            f"package {request.name!r}: parameterized providers are not supported by this engine"
        )

    def SignalAndWaitForShutdown(self, _request: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()


class EngineService:
    """The engine service of the SDK: the program's log and root resource."""

    _NAMES: Final = {
        engine_pb2.DEBUG: "debug",
        engine_pb2.INFO: "info",
        engine_pb2.WARNING: "warning",
        engine_pb2.ERROR: "error",
    }

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def Log(self, request: Any) -> Any:  # noqa: N802
        if request.severity != engine_pb2.DEBUG:
            self._handler.log(self._NAMES[request.severity], request.message, request.urn)
        return empty_pb2.Empty()

    def RequirePulumiVersion(self, _request: Any) -> Any:  # noqa: N802
        return engine_pb2.RequirePulumiVersionResponse()


def _answer(goal: Goal, outcome: Outcome) -> Any:
    if outcome.outputs is None and goal.request is not None:
        return goal.request
    return to_struct(goal.inputs if outcome.outputs is None else outcome.outputs)


def stack_urn(project: str, stack: str) -> str:
    """The URN of the root resource."""
    return urns.make(stack, project, "", urns.STACK_TYPE, f"{project}-{stack}")
