"""``make recording``: writes ``docs/assets/terminal.svg`` from a run on the sandbox."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from ddbbackup.sandbox import start
from tools.recording.picture import draw
from tools.recording.story import COLUMNS, play

PICTURE: Final = Path(__file__).parents[2] / "docs" / "assets" / "terminal.svg"


def main() -> int:
    with start(export_seconds=(2.0, 4.0)) as sandbox, tempfile.TemporaryDirectory() as directory:
        shown = play(sandbox.url, Path(directory))
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(draw(shown, COLUMNS), encoding="utf-8")
    print(f"wrote {PICTURE.name}, {PICTURE.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
