"""AWS prices, and the estimates that follow from them. Every rate says how far it can be trusted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeGuard, get_args

import yaml

from ddbbackup.errors import UsageError
from ddbbackup.model.cost import Confidence, Cost, CostLine, RateName
from ddbbackup.os_errors import os_reason, unreadable_hint
from ddbbackup.project_urls import page_url

_KEYS: Final = frozenset({"format_version", "as_of", "region", "currency", "rates"})
_HINT: Final = f"correct the price file; {page_url('preview.md')} shows its format"


@dataclass(frozen=True, slots=True)
class Rate:
    """``usd`` for ``per`` of ``unit``; None if the price is unknown. AWS bills at least ``minimum``."""

    usd: float | None
    per: float
    unit: str
    confidence: Confidence
    minimum: float = 0.0


@dataclass(frozen=True, slots=True)
class Prices:
    """The rates of one region. ``as_of`` and ``region`` are texts of the file."""

    as_of: str
    region: str
    rates: Mapping[str, Rate]
    file: str

    def cost(self, name: RateName, quantity: float) -> Cost:
        """The cost of a quantity in the unit of the rate; a monthly cost for a rate by month."""
        rate = self.rates[name]
        usd = None if rate.usd is None else max(quantity, rate.minimum) / rate.per * rate.usd
        return Cost((CostLine(name, quantity, rate.unit, usd, rate.confidence, name.endswith("_month")),))


@cache
def packaged() -> Prices:
    """The prices of this release, ``prices.yaml``."""
    resource = files("ddbbackup.pricing").joinpath("prices.yaml")
    return _parse(yaml.safe_load(resource.read_text(encoding="utf-8")), "ddbbackup/pricing/prices.yaml", None)


def load_prices(path: str | None) -> Prices:
    """The prices of this release, with those of a file of the user on top.

    Raises ``UsageError`` if the file cannot be read or does not have the format of a price file.
    """
    if not path:
        return packaged()
    try:
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"could not read the prices in {path}: {os_reason(error)}", hint=unreadable_hint(path, error)
        ) from error
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UsageError(f"could not read the prices in {path}: {reason}", hint=_HINT) from error
    return _parse(document, path, packaged())


def _parse(document: Any, file: str, base: Prices | None) -> Prices:
    if not isinstance(document, dict) or document.get("format_version") != 1:
        raise _invalid(file, "`format_version: 1` is missing")
    unknown = set(document) - _KEYS
    if unknown:
        raise _invalid(file, f"unknown key `{min(map(str, unknown))}`")
    if document.get("currency", "USD") != "USD":
        raise _invalid(file, "`currency` is not USD")
    rates = dict(base.rates) if base else {}
    own = document.get("rates") or {}
    if not isinstance(own, dict):
        raise _invalid(file, "`rates` is not a mapping")
    for name, value in own.items():
        if name not in get_args(RateName):
            raise _invalid(file, f"unknown rate `{name}`")
        rates[name] = _rate(file, name, value, rates.get(name))
    as_of = str(document.get("as_of") or (base.as_of if base else ""))
    region = str(document.get("region") or (base.region if base else ""))
    return Prices(as_of, region, rates, file)


def _rate(file: str, name: str, value: Any, base: Rate | None) -> Rate:
    """A plain number is a verified price for the unit of the packaged rate."""
    if _is_price(value) and base is not None:
        return Rate(value, base.per, base.unit, "good", base.minimum)
    if not isinstance(value, dict) or not _is_price(value.get("usd")):
        raise _invalid(file, f"`{name}` has no valid price `usd`")
    confidence = value.get("confidence", "good")
    per, minimum = value.get("per", base.per if base else None), value.get("minimum", 0)
    if confidence not in get_args(Confidence):
        raise _invalid(file, f"the confidence of `{name}` is not one of {', '.join(get_args(Confidence))}")
    if not _is_number(per) or per <= 0 or not _is_number(minimum) or minimum < 0:
        raise _invalid(file, f"`per` or `minimum` of `{name}` is not a valid quantity")
    unit = str(value.get("unit", base.unit if base else ""))
    return Rate(value["usd"], per, unit, confidence, minimum)


def _is_price(value: Any) -> bool:
    return value is None or (_is_number(value) and value >= 0)


def _is_number(value: Any) -> TypeGuard[float]:
    """YAML reads `yes` as a boolean, `.nan` and `.inf` as floats, and integers of any size."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False


def _invalid(file: str, problem: str) -> UsageError:
    return UsageError(f"{file} is not a valid price file: {problem}", hint=_HINT)
