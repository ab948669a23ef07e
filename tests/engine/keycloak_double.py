"""An admin API in memory: documents by path, and what was asked of it."""

from __future__ import annotations

from typing import Any

from engine.errors import ObjectRefused
from engine.providers.base import Action
from engine.providers.keycloak_work import Work
from engine.row import Row


class Double:
    """Stands in for `keycloak_server.Server`. `refusals` are statuses by method and path."""

    def __init__(self, documents: dict[str, Any] | None = None) -> None:
        self.documents = dict(documents or {})
        self.refusals: dict[tuple[str, str], int] = {}
        self.calls: list[tuple[str, str, Any]] = []

    def get(self, where: str, **query: str) -> Any:
        del query
        self._called("GET", where)
        return self.documents.get(where)

    def post(self, where: str, body: Any = None) -> str:
        self._called("POST", where, body)
        return "made"

    def put(self, where: str, body: Any = None) -> None:
        self._called("PUT", where, body)

    def delete(self, where: str, body: Any = None) -> None:
        self._called("DELETE", where, body)

    def renew(self) -> None:
        self._called("RENEW", "")

    def writes(self) -> list[tuple[str, str]]:
        """Method and path of everything that changed something."""
        return [(method, where) for method, where, _ in self.calls if method != "GET"]

    def body(self, method: str) -> Any:
        """The body of the only such call."""
        ((_, _, body),) = [call for call in self.calls if call[0] == method]
        return body

    def _called(self, method: str, where: str, body: Any = None) -> None:
        self.calls.append((method, where, body))
        status = self.refusals.get((method, where))
        if status is not None:
            raise ObjectRefused(f"{where}: refused with status {status}", status=status)


def work(
    double: Double,
    inputs: dict[str, Any],
    *,
    old: dict[str, Any] | None = None,
    id_: str = "known",
    **more: Any,
) -> Work:
    """One action; `old` are the inputs with which the state remembers the object."""
    row = None
    if old is not None:
        row = Row(
            urn="u",
            type="t",
            custom=True,
            id=id_,
            parent="",
            provider="p",
            cluster=None,
            inputs=old,
            outputs={},
            property_dependencies={},
        )
    action = Action(urn="u", name="thing", type="t", inputs=inputs, old=row, **more)
    return Work(server=double, action=action)  # type: ignore[arg-type]
