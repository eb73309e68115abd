"""`--set`: where a key leads, and what a value is."""

import pytest

from tchexnet.errors import ConfigError
from tchexnet.training.overrides import put

FIELDS = {"name": "x", "recipe": {"size": 224}, "stages": [{"name": "head", "epochs": 5}, {"name": "last block"}]}


@pytest.mark.parametrize(
    ("change", "path", "value"),
    [
        ("batch_size=16", ["batch_size"], 16),
        ("precision=float32", ["precision"], "float32"),
        ('labels=["Edema"]', ["labels"], ["Edema"]),
        ("recipe.size=320", ["recipe", "size"], 320),
        ("augmentation.flip=false", ["augmentation", "flip"], False),
        ("stages.head.epochs=2", ["stages", 0, "epochs"], 2),
        ("stages.last block.learning_rate=1e-4", ["stages", 1, "learning_rate"], 1e-4),
        ("stages.0.cache={dtype='float16'}", ["stages", 0, "cache"], {"dtype": "float16"}),
        ("name=a=b", ["name"], "a=b"),
    ],
)
def test_a_change_arrives(change: str, path: list, value: object) -> None:
    place = put(FIELDS, [change])
    for step in path:
        place = place[step]
    assert place == value
    assert FIELDS["stages"][0]["epochs"] == 5 and FIELDS["recipe"] == {"size": 224}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("batch_size", "write key=value"),
        ("=3", "write key=value"),
        ("stages.tail.epochs=1", "There is no stage 'tail'; there are: 'head', 'last block'"),
        ("stages.7.epochs=1", "There is no stage '7'"),
        ("stages.epochs=1", "leads nowhere"),
        ("name.first.second=1", "leads nowhere"),
    ],
)
def test_a_slip_is_named(change: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        put(FIELDS, [change])
