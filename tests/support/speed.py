"""Makes a process with many tests faster, without an effect on any test."""

from __future__ import annotations

import gc
from typing import Any
from unittest.mock import patch

from botocore.loaders import JSONFileLoader


def collect_garbage_less_often() -> None:
    """moto and botocore keep millions of objects, and each full collection visits all of them."""
    gc.set_threshold(50_000, 20, 100)


def parse_service_models_once() -> None:
    """Shares the parsed service models of botocore between sessions, as a session shares them between its clients.

    Every call of the program creates sessions, and would spend most of its time on parsing models.
    """
    load = JSONFileLoader.load_file
    parsed: dict[str, Any] = {}

    def load_once(self: JSONFileLoader, path: str) -> Any:
        if path not in parsed:
            parsed[path] = load(self, path)
        return parsed[path]

    patch.object(JSONFileLoader, "load_file", load_once).start()
