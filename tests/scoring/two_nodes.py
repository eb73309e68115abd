"""A driver on two Ray nodes of this machine: `two_nodes.py SOURCE OUT [FAULT DONE]...`, each fault once DONE are done.

Its own process, so that Ray's threads, sockets and warnings end with it. It prints how many are done, and which faults
there were.
"""

import os
import signal
import sys

os.environ |= {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0"}

import psutil
from ray import cluster_utils

from tchexnet.scoring.cluster import Cluster
from tchexnet.scoring.run import run
from tchexnet.scoring.settings import Settings
from tchexnet.scoring.storage import place

SETTINGS = Settings(precision="fp32", shard=4, batch=2)


def kill_worker(nodes: list) -> str:
    """SIGKILL the first actor at work."""
    actors = [one for one in psutil.Process().children(recursive=True) if "ray::MapWorker" in " ".join(one.cmdline())]
    os.kill(actors[0].pid, signal.SIGKILL)
    return f"killed 1 of {len(actors)} actors"


def remove_node(nodes: list) -> str:
    """Everything of the second node dies."""
    nodes[0].remove_node(nodes[1], allow_graceful=False)
    return "removed a node"


def main(source: str, out: str, *faults: str) -> None:
    cluster = cluster_utils.Cluster(True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    nodes = [cluster, cluster.add_node(num_cpus=1)]
    todo = [(int(done), globals()[fault]) for fault, done in zip(faults[::2], faults[1::2], strict=True)]

    def tell(done: int, total: int | None, errors: int) -> None:
        if total:
            print(done, flush=True)
        while total and todo and done >= todo[0][0]:
            print(todo.pop(0)[1](nodes), flush=True)

    print(run(source, place(out), SETTINGS, tell=tell, scorer=Cluster(cluster.address, cores=1))[2:])
    cluster.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
