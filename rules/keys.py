"""Keys of rules as small numbers: what a rule is kept `per`, coded once for a whole batch."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl

from ioc.model.assets import Asset
from rules.kinds.contract import Numbers

NO_KEY: Final = -1
SEPARATOR: Final = "|"


def key_expression(per: tuple[str, ...], registry: Mapping[str, Asset]) -> pl.Expr:
    """Make the expression that gives a row's key as a text; null where any part of it is missing."""
    parts = [_part(column, registry) for column in per]
    return parts[0] if len(parts) == 1 else pl.concat_str(parts, separator=SEPARATOR)


def _part(column: str, registry: Mapping[str, Asset]) -> pl.Expr:
    if column not in ("site", "area"):
        return pl.col(column).cast(pl.String)
    belongs = {name: asset.site if column == "site" else asset.area for name, asset in registry.items()}
    known = {name: place for name, place in belongs.items() if place is not None}
    return pl.col("asset").replace_strict(list(known), list(known.values()), default=None, return_dtype=pl.String)


class KeyTable:
    """Texts to codes and back; a code, once given, stays."""

    def __init__(self) -> None:
        """Begin with no keys."""
        # Polars keeps the table, in Rust; one of our own would cost a Python call for every event.
        self._type = pl.Categorical(pl.Categories.random("ioc", physical=pl.UInt32))
        # It forgets the codes when no series of the type is left, so one always is.
        self._anchor = pl.Series([""], dtype=self._type)
        self._known: dict[int, str] = {}

    def codes(self, texts: pl.Series) -> Numbers:
        """Code texts; a null gets NO_KEY."""
        physical = texts.cast(self._type).to_physical()
        if not physical.null_count():
            return physical.cast(pl.Int64).to_numpy()
        codes = physical.cast(pl.Float64).to_numpy()
        return np.where(np.isnan(codes), NO_KEY, codes).astype(np.int64)

    def code(self, text: str) -> int:
        """Code one text."""
        return int(self.codes(pl.Series([text], dtype=pl.String))[0])

    def coded(self, texts: pl.Expr) -> pl.Expr:
        """Make the expression that codes texts; a null stays null."""
        return texts.cast(self._type).to_physical()

    def series(self, codes: Numbers) -> pl.Series:
        """Turn codes back into texts."""
        return pl.Series(codes.astype(np.uint32)).cat.to(self._type).cast(pl.String)

    def texts(self, codes: list[int]) -> list[str]:
        """Turn codes back into texts; those of alerts, which are asked for again and again, are remembered."""
        unknown = [code for code in codes if code not in self._known]
        if unknown:
            found = self.series(np.array(unknown, dtype=np.int64)).to_list()
            self._known.update(zip(unknown, found, strict=True))
        return [self._known[code] for code in codes]
