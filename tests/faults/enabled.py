"""The part of the fault suite that `make test` plays: names of scenarios, each with one seed."""

from __future__ import annotations

from typing import Final

IN_MAKE_TEST: Final[tuple[tuple[str, int], ...]] = ()
