"""Keep the decoders' own warnings off the caller's console, from several threads, and change nothing for good.

Pillow and pydicom warn through the process-wide `warnings` machinery about headers that they repair. What matters of it
comes back in `Radiograph.warnings`; the rest is noise. `warnings.catch_warnings` alone is unsafe in threads: the second
to leave would restore the first one's filters. Here the first to enter sets the filter, the last to leave unsets it.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_DECODERS = r"(PIL|pydicom|openjpeg|jpeg_ls|rle|gdcm)(\.|$)"
_lock = threading.Lock()
_inside = 0
_saved: warnings.catch_warnings[None] | None = None


@contextmanager
def quiet_decoders() -> Iterator[None]:
    """Ignore warnings that Pillow, pydicom and the codecs raise within the block; other modules' still come through."""
    if getattr(sys.flags, "context_aware_warnings", False):  # Python 3.14: the filters belong to the thread
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=_DECODERS)
            yield
        return
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _inside, _saved
    with _lock:
        if _inside == 0:
            _saved = warnings.catch_warnings()
            _saved.__enter__()
            warnings.filterwarnings("ignore", module=_DECODERS)
        _inside += 1


def _leave() -> None:
    global _inside, _saved
    with _lock:
        _inside -= 1
        if _inside == 0 and _saved is not None:
            _saved.__exit__(None, None, None)
            _saved = None
