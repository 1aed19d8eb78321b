"""A document as one line of JSON, for readers of lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ddbbackup.report.renderers.json_documents import plain

if TYPE_CHECKING:
    from ddbbackup.report.documents import Document


def render(document: Document) -> str:
    return json.dumps(plain(document), ensure_ascii=False) + "\n"
