"""Every scenario of the suite, by name; one file per kind of fault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.faults.model import Scenario
from tests.faults.scenarios import (
    answers,
    credentials,
    documents,
    kills,
    local_machine,
    outputs,
    races,
    table_changes,
)

SCENARIOS: Final[Mapping[str, Scenario]] = {
    scenario.name: scenario
    for kind in (answers, kills, credentials, races, table_changes, documents, local_machine, outputs)
    for scenario in kind.SCENARIOS
}
