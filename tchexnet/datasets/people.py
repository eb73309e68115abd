"""Sex, age and view as every data set's records give them: `sex` M, F or blank; `age` in years; `view` PA, AP, ..."""

from __future__ import annotations

import pandas as pd

OLDEST = 120
"""NIH's first table holds ages such as 412: typing errors, read as not known."""

_YEARS = {"Y": 1.0, "": 1.0, "M": 1 / 12, "D": 1 / 365.25}


def sex(cells: pd.Series) -> pd.Series:
    """`Male`, `m`, `M` to M; `Female` to F; anything else to blank."""
    letter = cells.str.strip().str[:1].str.upper().fillna("")
    return letter.where(letter.isin(["M", "F"]), "").reset_index(drop=True)


def age(cells: pd.Series) -> pd.Series:
    """`57`, `057Y`, `011M` or `003D` to float years, NaN where not known."""
    parts = cells.str.strip().str.extract(r"^([0-9]{1,6}(?:\.[0-9]*)?)([YMD]?)$")
    years = parts[0].astype(float) * parts[1].map(_YEARS).astype(float)
    return years.where(years <= OLDEST).reset_index(drop=True)


def view(cells: pd.Series) -> pd.Series:
    """The view position as text without blanks around it."""
    return cells.str.strip().reset_index(drop=True)
