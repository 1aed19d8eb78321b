"""Prices and what they make of quantities: always estimates, and each says how far its rate can be trusted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeGuard, get_args

import yaml

from ddbbackup.errors import UsageError
from ddbbackup.model.cost import Confidence, Cost, CostLine, RateName


@dataclass(frozen=True, slots=True)
class Rate:
    """``usd`` for ``per`` of ``unit``; None: not known. ``minimum``: the least quantity that is billed."""

    usd: float | None
    per: float
    unit: str
    confidence: Confidence
    minimum: float = 0.0


@dataclass(frozen=True, slots=True)
class Prices:
    """All rates, of one region as of one day (``as_of`` and ``region`` as the file says)."""

    as_of: str
    region: str
    rates: Mapping[str, Rate]
    file: str

    def cost(self, name: RateName, quantity: float) -> Cost:
        """What a quantity, in the rate's own unit, costs; a monthly rate gives a monthly cost."""
        rate = self.rates[name]
        usd = None if rate.usd is None else max(quantity, rate.minimum) / rate.per * rate.usd
        return Cost((CostLine(name, quantity, rate.unit, usd, rate.confidence, name.endswith("_month")),))


@cache
def packaged() -> Prices:
    """Those that travel with the program, ``prices.yaml``."""
    resource = files("ddbbackup.pricing").joinpath("prices.yaml")
    return _parse(yaml.safe_load(resource.read_text(encoding="utf-8")), "ddbbackup/pricing/prices.yaml", None)


def load_prices(path: str | None) -> Prices:
    """The packaged ones with a file of the user's laid over them.

    Raises ``UsageError`` if the file cannot be read or is no list of prices.
    """
    if not path:
        return packaged()
    try:
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UsageError(
            f"the prices in {path} cannot be read: {reason}", hint="see `--prices` in docs/preview.md"
        ) from error
    return _parse(document, path, packaged())


def _parse(document: Any, file: str, base: Prices | None) -> Prices:
    if not isinstance(document, dict) or document.get("format_version") != 1:
        raise _wrong(file, "it has no `format_version: 1`")
    unknown = set(document) - {"format_version", "as_of", "region", "currency", "rates"}
    if unknown:
        raise _wrong(file, f"there is no key `{min(map(str, unknown))}`")
    if document.get("currency", "USD") != "USD":
        raise _wrong(file, "its currency is not USD")
    rates = dict(base.rates) if base else {}
    own = document.get("rates") or {}
    if not isinstance(own, dict):
        raise _wrong(file, "`rates` is no map")
    for name, value in own.items():
        if name not in get_args(RateName):
            raise _wrong(file, f"there is no rate `{name}`")
        rates[name] = _rate(file, name, value, rates.get(name))
    as_of = str(document.get("as_of") or (base.as_of if base else ""))
    region = str(document.get("region") or (base.region if base else ""))
    return Prices(as_of, region, rates, file)


def _rate(file: str, name: str, value: Any, base: Rate | None) -> Rate:
    """A number alone is the price for what the packaged rate counts, known to whoever wrote it."""
    if _is_price(value) and base is not None:
        return Rate(value, base.per, base.unit, "good", base.minimum)
    if not isinstance(value, dict) or not _is_price(value.get("usd")):
        raise _wrong(file, f"`{name}` has no price `usd`")
    confidence = value.get("confidence", "good")
    per, minimum = value.get("per", base.per if base else None), value.get("minimum", 0)
    if confidence not in get_args(Confidence):
        raise _wrong(file, f"the confidence of `{name}` is none of {', '.join(get_args(Confidence))}")
    if not _is_number(per) or per <= 0 or not _is_number(minimum) or minimum < 0:
        raise _wrong(file, f"`per` or `minimum` of `{name}` is no quantity")
    unit = str(value.get("unit", base.unit if base else ""))
    return Rate(value["usd"], per, unit, confidence, minimum)


def _is_price(value: Any) -> bool:
    return value is None or (_is_number(value) and value >= 0)


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _wrong(file: str, what: str) -> UsageError:
    return UsageError(f"{file} is no list of prices: {what}", hint="see `--prices` in docs/preview.md")
