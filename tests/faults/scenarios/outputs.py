from tests.faults.model import Scenario
SCENARIOS: tuple[Scenario, ...] = ()
