"""From what a torch checkpoint holds to our network's variables: prefixes, old spellings, whole modules.

arnoweng, zoogzog     {'state_dict': {'module.densenet121.features...norm.1.weight', ...classifier.0.weight}}
reproduce-chexnet     {'model': <module>, ...}, classifier of Linear and Sigmoid
torchxrayvision       <module>, one channel, 18 outputs
torchvision           {'features.conv0.weight', ...}, or the module
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tchexnet.errors import PresetError
from tchexnet.presets.importers.checkpoint import TORCH_EPSILON, Checkpoint, Lazy
from tchexnet.presets.importers.network import variables
from tchexnet.presets.importers.pickle_names import Array, Inert
from tchexnet.presets.importers.torch_tensors import Tensor

_ANCHOR = "features.conv0.weight"
_OLD = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12])\.")
_BESIDE = re.compile(r"(^|\.)(num_batches_tracked|op_threshs)$")
_CLASSIFIER = re.compile(r"classifier\.(?:(\d+)\.)?(weight|bias)")
_INSIDE = ("state_dict", "model_state_dict", "model", "net", "network", "module")
_DEPTH = 32


def understand(root: Any) -> Checkpoint:
    """The checkpoint that a torch file's object is.

    Raises:
        PresetError: there is no DenseNet-121 in it.
    """
    where, module, named = _find(root)
    prefix = _prefix(named)
    tensors, ignored = {}, []
    for name, tensor in named.items():
        if not name.startswith(prefix) and not _BESIDE.search(name):
            raise PresetError(f"The checkpoint holds {name!r} beside the DenseNet under {prefix!r}; it has no place.")
        if _BESIDE.search(name):
            ignored.append(name)
        else:
            tensors[_OLD.sub(r"\1\2.", name[len(prefix) :])] = (name, tensor)
    if len(tensors) + len(ignored) < len(named):
        raise PresetError("Two tensors of the checkpoint have the same name once old spellings are undone.")
    mapped = _mapped(tensors)
    family = _family(where, module, prefix, mapped["conv1_conv/kernel"].shape)
    return Checkpoint(
        layout=_layout(family, where, module, prefix),
        family=family,
        tensors=mapped,
        ignored=tuple(ignored),
        epsilon=_epsilon(module),
        thresholds=_thresholds(module, named, prefix),
        labels=_labels(module),
    )


def from_state(named: dict[str, Lazy], layout: str) -> Checkpoint:
    """The checkpoint of tensors under torchvision's names, as a safetensors file has them; axes are torch's."""
    prefix = _prefix(named)
    if strays := [name for name in named if not name.startswith(prefix)]:
        raise PresetError(f"The checkpoint holds {strays[0]!r} beside the DenseNet under {prefix!r}; it has no place.")
    kept = {n: t for n, t in named.items() if not _BESIDE.search(n)}
    mapped = _mapped({_OLD.sub(r"\1\2.", name[len(prefix) :]): (name, tensor) for name, tensor in kept.items()})
    family = _family("", None, prefix, mapped["conv1_conv/kernel"].shape)
    ignored = tuple(name for name in named if name not in kept)
    return Checkpoint(f"{layout}, {family}'s names", mapped, ignored, TORCH_EPSILON, family=family)


def _find(root: Any) -> tuple[str, Inert | None, dict[str, Tensor]]:
    """Where the weights are, the module they belong to if it is there, and the weights by torch's names."""
    candidates: list[tuple[str, Any]] = [("", root)]
    if isinstance(root, dict):
        candidates += [(name, root[name]) for name in _INSIDE if name in root]
    for where, candidate in candidates:
        if isinstance(candidate, Inert):
            named = dict(_module(candidate, "", set()))
            if named:
                return where, candidate, named
        if isinstance(candidate, dict):
            named = {str(name): tensor for name, tensor in candidate.items() if isinstance(tensor, Tensor)}
            if any(name.endswith(_ANCHOR) for name in named) and len(named) == len(candidate):
                return where, None, named
    raise PresetError("The checkpoint holds no DenseNet: no state_dict and no module with 'features.conv0.weight'.")


def _module(module: Inert, prefix: str, seen: set[int]) -> Iterator[tuple[str, Tensor]]:
    """The tensors of a module and of the modules in it, as `state_dict` would name them; each module counts once."""
    seen.add(id(module))
    if prefix.count(".") > _DEPTH:
        raise PresetError(f"The modules of the checkpoint are nested more than {_DEPTH} deep.")
    for kind in ("_parameters", "_buffers"):
        for name, tensor in _entries(module, kind):
            if isinstance(tensor, Tensor):
                yield f"{prefix}{name}", tensor
    for name, child in _entries(module, "_modules"):
        if isinstance(child, Inert) and id(child) not in seen:
            yield from _module(child, f"{prefix}{name}.", seen)


def _entries(module: Inert, kind: str) -> list[tuple[str, Any]]:
    """`_parameters`, `_buffers` or `_modules` of a module."""
    entries = module.state.get(kind)
    return [(str(name), value) for name, value in entries.items()] if isinstance(entries, dict) else []


def _prefix(named: dict[str, Any]) -> str:
    anchors = [name for name in named if name.endswith(_ANCHOR)]
    if len(anchors) != 1:
        raise PresetError(f"The checkpoint holds {len(anchors)} DenseNets ({_ANCHOR!r}); one is needed.")
    return anchors[0].removesuffix(_ANCHOR)


def _mapped(tensors: dict[str, tuple[str, Any]]) -> dict[str, Lazy]:
    """Our names for torchvision's, with the axes of each kernel in Keras's order."""
    linear = sorted({int(m[1] or 0) for name in tensors if (m := _CLASSIFIER.fullmatch(name))})
    renamed = {_plain_classifier(name, linear): pair for name, pair in tensors.items()}
    hidden = tuple(0 for _ in linear[:-1])
    ours = {variable.torch: variable.keras for variable in variables(3, hidden, 0)}
    return {ours.get(name, name): _lazy(origin, tensor) for name, (origin, tensor) in renamed.items()}


def _plain_classifier(name: str, linear: list[int]) -> str:
    """`classifier.0.weight` of Linear and Sigmoid is the plain `classifier.weight`; further ones count by two."""
    match = _CLASSIFIER.fullmatch(name)
    if not match:
        return name
    return (
        f"classifier.{match[2]}"
        if len(linear) == 1
        else f"classifier.{2 * linear.index(int(match[1] or 0))}.{match[2]}"
    )


def _lazy(origin: str, tensor: Any) -> Lazy:
    axes = {4: (2, 3, 1, 0), 2: (1, 0)}.get(len(tensor.shape))
    if axes is None:
        return Lazy(origin, tuple(tensor.shape), _reader(tensor))
    return Lazy(origin, tuple(tensor.shape[axis] for axis in axes), lambda: _reader(tensor)().transpose(axes))


def _reader(tensor: Any) -> Any:
    return tensor.array if isinstance(tensor, Tensor) else tensor.read


def _family(where: str, module: Inert | None, prefix: str, stem: tuple[int, ...]) -> str:
    if len(stem) == 4 and stem[2] == 1:
        return "torchxrayvision"
    if (where, prefix) == ("state_dict", "module.densenet121."):
        return "arnoweng"
    return "reproduce-chexnet" if module and where == "model" else "torchvision"


def _layout(family: str, where: str, module: Inert | None, prefix: str) -> str:
    form = f"whole module {module.name}" if module else "state dict"
    inside = f" under {where!r}" if where else ""
    return f"{family}: {form}{inside}" + (f", prefix {prefix!r}" if prefix else "")


def _epsilon(module: Inert | None) -> float:
    """The `eps` that a module's normalisations say; torch's default where only numbers were saved."""
    parts = _parts(module, set()) if module else ()
    said = {float(eps) for part in parts if isinstance(eps := part.state.get("eps"), float)}
    if len(said) > 1:
        raise PresetError(f"The module's normalisations have different epsilons: {sorted(said)}.")
    return said.pop() if said else TORCH_EPSILON


def _parts(module: Inert, seen: set[int]) -> Iterator[Inert]:
    seen.add(id(module))
    yield module
    for _, child in _entries(module, "_modules"):
        if isinstance(child, Inert) and id(child) not in seen:
            yield from _parts(child, seen)


def _thresholds(module: Inert | None, named: dict[str, Tensor], prefix: str) -> tuple[float, ...]:
    """torchxrayvision's `op_threshs`, wherever the file has it."""
    found: Any = named.get(f"{prefix}op_threshs")
    if found is None and module is not None:
        found = module.state.get("op_threshs")
    if isinstance(found, Tensor):
        found = found.array()
    elif isinstance(found, Array):
        found = found.values
    if not isinstance(found, np.ndarray | list | tuple):
        return ()
    values: NDArray[np.float64] = np.asarray(found, np.float64).ravel()
    return tuple(float(value) for value in values)


def _labels(module: Inert | None) -> tuple[str, ...]:
    for name in ("pathologies", "targets"):
        said = module.state.get(name) if module else None
        if isinstance(said, list | tuple) and all(isinstance(label, str) for label in said):
            return tuple(said)
    return ()
