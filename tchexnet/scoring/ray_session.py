"""The connection to Ray: where it is found, and what it is told to leave alone."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from tchexnet.errors import ConfigError

LOCAL = "local"
STORE = 200_000_000
"""Bytes of shared memory of a cluster that is started here: nothing but numbers of shards passes through it."""
_ALWAYS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # or it warns that it will be so
    "RAY_BACKEND_LOG_LEVEL": "fatal",
}
_ALONE = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # its name is narrower than its effect: on Linux too, listen on loopback
}


class Node(NamedTuple):
    """What a machine of the cluster has for actors."""

    cores: int
    gpus: float


@contextmanager
def connected(address: str | None) -> Iterator[list[Node]]:
    """Machines of the cluster at `address` (see `cluster.Cluster`), as long as the connection lasts.

    Usage statistics are off. A cluster that is started here listens on this machine's loopback address alone, without a
    dashboard, and ends with the connection; a connection that was there before is used, and stays.

    Raises:
        ConfigError: Ray is not installed, or there is no such cluster.
    """
    address = address or os.environ.get("RAY_ADDRESS") or LOCAL
    os.environ |= _ALWAYS | (_ALONE if address == LOCAL else {})
    ray = _ray()
    _hush()
    if ray.is_initialized():
        yield nodes()
        return
    try:
        _connect(ray, address)
        yield nodes()
    finally:
        ray.shutdown()


def nodes() -> list[Node]:
    """The machines that are up now."""
    found = (node["Resources"] for node in _ray().nodes() if node["Alive"])
    return [Node(int(has.get("CPU", 0)), float(has.get("GPU", 0))) for has in found]


def _ray() -> Any:
    try:
        import ray
    except ImportError:
        raise ConfigError("--ray needs Ray, which is not installed: pip install 'tchexnet[ray]'.") from None
    return ray


def _hush() -> None:
    """Ray Data tells of every block that is lost, with its traceback: in the session's log, not on the console."""
    import ray.data  # noqa: F401 (it sets its loggers up anew)

    logging.getLogger("ray").setLevel(logging.ERROR)
    for handler in logging.getLogger("ray.data").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setLevel(logging.CRITICAL)


def _connect(ray: Any, address: str) -> None:
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == LOCAL:
        ray.init(LOCAL, include_dashboard=False, object_store_memory=STORE, **quiet)
        return
    try:
        ray.init(address, **quiet)
    except ConnectionError as error:
        raise ConfigError(f"No Ray cluster answers at {address} ({error}); see `ray status`.") from error
