"""Scoring on a Ray cluster: spans of the manifest to actors that hold the preset, through Ray Data.

Ray Data keeps the actors, feeds them, and starts them again where their machines fail. What a lost actor was
at is handed out in the next pass over what is not done: by then another may hold the cores that it waits for, and since
shards that are committed are left alone, little is computed twice.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tchexnet.classifier import Classifier
from tchexnet.errors import ConfigError, EngineError
from tchexnet.scoring import manifest, ray_session
from tchexnet.scoring.actor import Outcome, ShardScorer, Work
from tchexnet.scoring.manifest import Span
from tchexnet.scoring.ray_session import Node
from tchexnet.scoring.run import AnyJob, Progress, Tell
from tchexnet.scoring.settings import Settings

SPANS = 4096
"""At most: with more shards, a span holds several, so that the memory of the driver does not grow with the archive."""
MOST_CORES = 4
"""An actor's, by default: threads of one actor share a network, but not more of them than feed each other evenly."""
PASSES = 3
"""So many passes in a row that finish no span end the run."""


@dataclass(frozen=True)
class Cluster:
    """A Ray cluster, and what each actor takes of it; scores a job as `run.Scorer`.

    Args:
        address: HOST:PORT; `auto`, the one that this machine belongs to; `local`, a new one, here alone; None: what
            `RAY_ADDRESS` says, or else `local`.
        actors: how many; None: as many as the machines hold now. State it where machines join on demand.
        cores: an actor's; None: `MOST_CORES`, or all of the smallest machine if it has fewer.
        gpus: an actor's; a share of one, 0.5, lets two actors use it.
    """

    address: str | None = None
    actors: int | None = None
    cores: int | None = None
    gpus: float = 0.0

    def score(self, job: AnyJob, begun: dict[str, Any], settings: Settings, classifier: Classifier, tell: Tell) -> None:
        """See `run.Scorer`.

        Raises:
            ConfigError: Ray is not installed, or the cluster has no room for an actor.
            EngineError: nothing got done any more, or a worker refused.
        """
        with ray_session.connected(self.address) as nodes:
            cores = self.cores or min(MOST_CORES, *(node.cores for node in nodes if node.cores), MOST_CORES)
            settings = settings._replace(precision=classifier.engine.precision)
            work = Work(begun, settings, job.shared_manifest, job.kept, cores)
            shards = -(-begun["count"] // begun["shard"])
            spans = list(manifest.spans(job.manifest, begun["shard"], -(-shards // SPANS)))
            self._all(spans, work, Progress(tell, begun["count"]))

    def _all(self, spans: list[Span], work: Work, progress: Progress) -> None:
        """Pass by pass, until all spans are done."""
        todo = {span.first: span for span in spans}
        progress.add(0, 0)
        idle, trouble = 0, "every actor died"
        while todo:
            before = len(todo)
            for outcome in self._pass(list(todo.values()), work):
                if outcome.final:
                    raise EngineError(outcome.trouble)
                trouble = outcome.trouble or trouble
                if not outcome.trouble and outcome.first in todo:
                    del todo[outcome.first]
                    progress.add(outcome.size, outcome.errors)
            idle = idle + 1 if len(todo) == before else 0
            if idle == PASSES:
                shard = next(iter(todo))
                raise EngineError(
                    f"{PASSES} tries at shard {shard} and {len(todo) - 1} others came to nothing ({trouble}): see to "
                    "it, and go on with --resume."
                )

    def _pass(self, spans: list[Span], work: Work) -> Iterator[Outcome]:
        """The outcomes of spans as they come, in any order; those of lost actors do not come."""
        import ray
        from ray.data import DataContext

        context = DataContext.get_current().copy()
        context.enable_progress_bars = context.print_on_execution_start = False
        context.max_errored_blocks = -1
        with DataContext.current(context), suppress(ray.exceptions.RayError):  # what it ended early is still to do
            for row in self._dataset(spans, work).iter_rows():
                yield Outcome(**row)

    def _dataset(self, spans: list[Span], work: Work) -> Any:
        from ray import data

        size = min(self._room(ray_session.nodes(), work.cores), len(spans))
        rows = data.from_items([span._asdict() for span in spans], override_num_blocks=len(spans))
        with warnings.catch_warnings():
            # Ray 2.60 gives `max_task_retries` no other way in yet. Left alone it waits for the very actor that it
            # lost to come back, which may never be.
            warnings.filterwarnings("ignore", "`ray_remote_args` is deprecated")
            return rows.map_batches(
                ShardScorer,
                fn_constructor_args=(work,),
                batch_size=1,
                compute=data.ActorPoolStrategy(size=size, max_tasks_in_flight_per_actor=2),
                num_cpus=work.cores,
                num_gpus=self.gpus or None,
                max_task_retries=0,
            )

    def _room(self, nodes: list[Node], cores: int) -> int:
        """How many actors there are.

        Raises:
            ConfigError: no machine holds one.
        """
        if self.actors:
            return self.actors
        room = sum(int(min(node.cores // cores, node.gpus // self.gpus if self.gpus else node.cores)) for node in nodes)
        if not room:
            most = max((node.cores for node in nodes), default=0)
            raise ConfigError(
                f"No machine of the cluster has {cores} cores and {self.gpus:g} GPUs for an actor (the largest has "
                f"{most} cores): ask for less, or state --actors where machines join on demand."
            )
        return room
