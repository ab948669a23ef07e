"""How to get at a cluster: kubeconfig, context, and what they say."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from engine.errors import ClusterUnreachable
from engine.values import Properties

_IMPORTING = threading.Lock()  # the client library loads its parts lazily, which two threads at a time break


@dataclass(frozen=True, kw_only=True)
class Access:
    """A kubeconfig (a path, relative to the project, or its content) and a context in it ("" for its current one)."""

    cluster: str
    kubeconfig: str
    context: str
    root: Path

    def __str__(self) -> str:
        short = self._is_path() and len(self.kubeconfig) < 200
        where = self.kubeconfig if short else "its kubeconfig"
        return f"the context {self.context or 'current-context'} of {where}"

    def document(self) -> Properties:
        """The kubeconfig. Raises ClusterUnreachable if it cannot be read."""
        where = self.kubeconfig if self._is_path() else "its content"
        try:
            text = self.kubeconfig
            if self._is_path():
                text = (self.root / Path(text).expanduser()).read_text(encoding="utf-8")
            document = yaml.safe_load(text)
        except (OSError, yaml.YAMLError) as error:
            what = error.strerror if isinstance(error, OSError) else "is not YAML"
            raise ClusterUnreachable(f"cluster {self.cluster}: kubeconfig {where}: {what}") from None
        if not isinstance(document, dict):
            raise ClusterUnreachable(f"cluster {self.cluster}: kubeconfig {where}: is not a mapping")
        return document

    def namespace(self) -> str:
        """The namespace of the context, `default` if it states none or cannot be read."""
        try:
            document = self.document()
        except ClusterUnreachable:
            return "default"
        wanted = self.context or document.get("current-context")
        for entry in document.get("contexts") or ():
            if entry.get("name") == wanted:
                return str((entry.get("context") or {}).get("namespace") or "default")
        return "default"

    def connect(self) -> tuple[Any, Any]:
        """The client library's configuration (host, credentials) and its connection pool."""
        with _IMPORTING:
            from kubernetes.client import Configuration  # noqa: PLC0415 - a preview does without
            from kubernetes.client.rest import RESTClientObject  # noqa: PLC0415
            from kubernetes.config import ConfigException, load_kube_config_from_dict  # noqa: PLC0415

        configuration = Configuration()
        configuration.connection_pool_maxsize = 32
        try:
            load_kube_config_from_dict(
                self.document(), context=self.context or None, client_configuration=configuration
            )
        except (ConfigException, KeyError, TypeError, ValueError) as error:
            raise ClusterUnreachable(f"cluster {self.cluster}: {self} cannot be used: {error}") from None
        return configuration, RESTClientObject(configuration).pool_manager

    def _is_path(self) -> bool:
        return "\n" not in self.kubeconfig and not self.kubeconfig.lstrip().startswith("{")
