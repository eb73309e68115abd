"""The vocabularies: order, look-up, and the way between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tchexnet import labels
from tchexnet.errors import LabelError, TchexnetError
from tchexnet.labels import CHEXPERT14, NIH14


def test_nih_order_is_the_chexnet_family_order() -> None:
    assert (
        list(NIH14)
        == (
            "Atelectasis Cardiomegaly Effusion Infiltration Mass Nodule Pneumonia Pneumothorax Consolidation Edema "
            "Emphysema Fibrosis Pleural_Thickening Hernia"
        ).split()
    )


def test_chexpert_order_is_the_file_order() -> None:
    assert len(CHEXPERT14) == 14
    assert CHEXPERT14.index("Pneumothorax") == 9
    assert CHEXPERT14[-1] == "Support Devices"


def test_wrong_label_names_the_nearest() -> None:
    with pytest.raises(LabelError, match="'Effusions' is not an NIH-14 label. Did you mean 'Effusion'?"):
        NIH14.index("Effusions")


@given(st.text())
def test_any_text_is_a_label_or_a_label_error(text: str) -> None:
    if text in NIH14:
        assert NIH14[NIH14.index(text)] == text
    else:
        with pytest.raises(TchexnetError):
            NIH14.index(text)


def test_mapping_goes_both_ways() -> None:
    assert labels.to_chexpert("Effusion") == "Pleural Effusion"
    assert labels.to_chexpert("Hernia") is None
    assert labels.from_chexpert("Lung Lesion") == ("Mass", "Nodule")
    assert labels.from_chexpert("Fracture") == ()
    for nih in NIH14:
        column = labels.to_chexpert(nih)
        assert column is None or nih in labels.from_chexpert(column)
