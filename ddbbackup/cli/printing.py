"""What goes to stdout: reports and tables, as text or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ddbbackup.report.outcomes import Report, to_json, to_text

FORMAT_VERSION = 1


def print_report(report: Report, output: str) -> int:
    """Returns the report's exit code."""
    sys.stdout.write(to_json(report) + "\n" if output == "json" else to_text(report))
    return report.exit_code


def print_json(name: str, rows: Sequence[Mapping[str, Any]], **more: Any) -> None:
    """``{"format_version": 1, <name>: [...], ...}``."""
    json.dump(
        {"format_version": FORMAT_VERSION, name: list(rows), **more}, sys.stdout, indent=2, ensure_ascii=False
    )
    print()


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Left-aligned columns, two spaces apart."""
    widths = [max(len(head), *(len(row[i]) for row in rows), 0) for i, head in enumerate(heads)]
    for row in (heads, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
