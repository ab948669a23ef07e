"""Refusals, as MLflow's clients show them: a status and a JSON object with `error_code` and `message`."""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):
    """The answer to a request that is not passed on. `message` is for the caller and names no secret."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}


def unauthenticated(why: str) -> Refused:
    """401: there is no token, or it is not one of the realm for this gate. `why` holds no quotation mark."""
    challenge = f'Bearer realm="mlflow", error="invalid_token", error_description="{why}"'
    return Refused(401, "UNAUTHENTICATED", why, {"WWW-Authenticate": challenge})


def denied(why: str) -> Refused:
    """403: the caller is known and may not do this."""
    return Refused(403, "PERMISSION_DENIED", why)


def invalid(why: str, status: int = 400) -> Refused:
    """400: the request can be read in more than one way, or not at all, so nothing can be said of it."""
    return Refused(status, "INVALID_PARAMETER_VALUE", why)


def missing(why: str) -> Refused:
    """404: MLflow does not have what the request names."""
    return Refused(404, "RESOURCE_DOES_NOT_EXIST", why)


def unavailable(why: str) -> Refused:
    """503: a server that the decision needs does not answer. MLflow's clients try again."""
    return Refused(503, "TEMPORARILY_UNAVAILABLE", why)
