"""What depends on the machine: seeds, precision, devices, fused batch normalisation, event files."""

from __future__ import annotations

import os
import platform
import types
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tchexnet.errors import TrainingError


def prepare(seed: int, precision: str = "float32") -> None:
    """Seed everything and choose the precision of the layers.

    Args:
        precision: `float32`, or `mixed_bfloat16`: activations in bfloat16, weights and batch statistics in float32. On
            processors with AVX512-BF16 or AMX it is faster.
    """
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(precision)


def fuse_batch_norm(model: keras.Model) -> None:
    """Let every batch normalisation of `model` use TensorFlow's fused kernel: the same numbers, fewer passes.

    Keras composes training-time normalisation of elementary operations, each a pass over the activations, and under
    `mixed_bfloat16` converts every activation to float32 and back.
    """
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.call = types.MethodType(_fused_call, layer)


def _fused_call(layer: Any, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
    def plain(variable: keras.Variable) -> Any:
        return tf.cast(variable.value, tf.float32)

    learns = bool(training) and layer.trainable
    none = tf.zeros([0])
    result = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=plain(layer.gamma),
        offset=plain(layer.beta),
        mean=none if learns else plain(layer.moving_mean),
        variance=none if learns else plain(layer.moving_variance),
        epsilon=layer.epsilon,
        is_training=learns,
    )
    if learns:
        layer.moving_mean.assign(layer.momentum * plain(layer.moving_mean) + (1 - layer.momentum) * result.batch_mean)
        count = tf.cast(tf.size(inputs) / tf.shape(inputs)[-1], tf.float32)
        biased = result.batch_variance * (count - 1) / count  # the kernel divides by n - 1, Keras by n
        layer.moving_variance.assign(layer.momentum * plain(layer.moving_variance) + (1 - layer.momentum) * biased)
    return result.y


class Devices:
    """The devices that a step runs on: one, or several that share each batch (`tf.distribute.MirroredStrategy`).

    Args:
        names: TensorFlow's names, `GPU:0` for example; None takes every GPU, or the processor where there is none.
    """

    def __init__(self, names: Sequence[str] | None = None) -> None:
        gpus = [f"GPU:{i}" for i in range(len(tf.config.list_logical_devices("GPU")))]
        self.names = tuple(names if names is not None else gpus or ["CPU:0"])
        self._strategy = tf.distribute.get_strategy()
        if len(self.names) > 1:
            gather = None if all("GPU" in name for name in self.names) else tf.distribute.ReductionToOneDevice()
            self._strategy = tf.distribute.MirroredStrategy(list(self.names), cross_device_ops=gather)

    def scope(self) -> AbstractContextManager[Any]:
        """Models and optimizers are made within it."""
        return self._strategy.scope()

    def fits(self, batch_size: int) -> None:
        """Raise TrainingError if a batch cannot be shared out evenly."""
        if batch_size % len(self.names):
            raise TrainingError(
                f"A batch of {batch_size} images cannot be shared by {len(self.names)} devices; make batch_size a "
                f"multiple of {len(self.names)}."
            )

    def loss(self, whole: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        """A device's share of the loss: gradients are summed, and Keras scales no loss that is a scalar."""
        count = len(self.names)
        return whole if count == 1 else lambda y, scores: whole(y, scores) / count

    def step(self, model: keras.Model, inputs: Any, labels: Any) -> float:
        """Train on one batch; returns its mean loss."""
        if len(self.names) == 1:
            return float(model.train_on_batch(inputs, labels))
        batch = (self._shared(inputs), self._shared(labels))
        model._symbolic_build(data_batch=(inputs[:1], labels[:1], None))
        model.make_train_function()
        model.reset_metrics()
        return float(model.train_function(iter([batch]))["loss"])

    def _shared(self, values: Any) -> Any:
        parts = tf.split(tf.convert_to_tensor(values), len(self.names))
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: parts[context.replica_id_in_sync_group]
        )


def split_processor(parts: int) -> None:
    """Make `parts` logical devices of the processor, `CPU:0` and on; before TensorFlow does anything else."""
    processor = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * parts)


def fingerprint(devices: Devices) -> dict[str, Any]:
    """What must be the same for a resumed run to be the same to the bit, beside the configuration."""
    return {
        "versions": {name: version(name) for name in ("tensorflow", "keras", "numpy")},
        "machine": platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": [
            tf.config.threading.get_intra_op_parallelism_threads(),
            tf.config.threading.get_inter_op_parallelism_threads(),
        ],
        "devices": list(devices.names),
    }


class Events:
    """TensorBoard's event file: scalars by epoch."""

    def __init__(self, folder: Path) -> None:
        self._writer = tf.summary.create_file_writer(str(folder))

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Write numbers that are finite, and make them visible.

        In the protocol's own bytes: `tf.summary.scalar` wants TensorBoard itself, which only a reader needs.
        """
        finite = {name: value for name, value in values.items() if np.isfinite(value)}
        summary = tf.compat.v1.Summary()
        for name, value in finite.items():
            summary.value.add(tag=name, simple_value=value)
        with self._writer.as_default():
            tf.summary.experimental.write_raw_pb(summary.SerializeToString(), step)
        self._writer.flush()
