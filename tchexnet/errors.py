"""The error family. Every message says what went wrong, what was given, and what to do."""


class TchexnetError(Exception):
    """Base of every error that tchexnet raises on purpose; its text is one sentence for a person."""


class ImageError(TchexnetError, ValueError):
    """An image was refused.

    Args:
        kind: one word or two for tables, from `IMAGE_ERROR_KINDS`.
        message: the sentence, naming the image.
    """

    def __init__(self, kind: str, message: str) -> None:
        if kind not in IMAGE_ERROR_KINDS:
            raise ValueError(f"{kind!r} is not one of the kinds {sorted(IMAGE_ERROR_KINDS)}.")
        super().__init__(message)
        self.kind = kind


class LabelError(TchexnetError, KeyError):
    """A finding was asked for that the vocabulary does not have."""

    def __str__(self) -> str:
        return str(self.args[0])


class RecipeError(TchexnetError, ValueError):
    """A recipe's fields contradict each other or lie outside their range."""


class DataError(TchexnetError, ValueError):
    """A table of records cannot be used as it stands."""


class ConfigError(TchexnetError, ValueError):
    """A configuration, of a training or of a server, names something unknown or impossible."""


class PresetError(TchexnetError, ValueError):
    """A preset is missing, damaged, or does not fit its description."""


class EngineError(TchexnetError, RuntimeError):
    """An inference engine cannot do what was asked on this machine."""


class ExplainError(TchexnetError, ValueError):
    """A map was asked for that cannot be made."""


class TrainingError(TchexnetError, RuntimeError):
    """Training cannot go on; what was best so far is kept."""


IMAGE_ERROR_KINDS = {
    "missing": "there is no file at the path",
    "unreadable": "the file is there but cannot be opened or is no regular file",
    "empty": "the file or array holds nothing",
    "truncated": "the file ends before its image does, or its data are damaged",
    "not an image": "the content is no PNG, JPEG, TIFF or DICOM image",
    "unsupported": "an image of a kind that is not a single grey radiograph",
    "too large": "more bytes or pixels than the limits allow",
    "too small": "fewer pixels on a side than a radiograph can have",
    "coloured": "the channels differ: not a radiograph",
    "near-black": "almost nothing is exposed",
    "constant": "one grey value, or nearly one, everywhere",
    "out of range": "array values do not fit the stated range",
}
