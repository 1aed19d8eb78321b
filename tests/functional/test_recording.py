"""The recorded terminal of the README shows what the program prints today."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from tools.recording.__main__ import PICTURE
from tools.recording.picture import draw, text_of
from tools.recording.story import COLUMNS, STORY, play

CHECKOUT = Path(__file__).parents[2]
MOST_BYTES = 40_000


def without_changes(text: str) -> list[str]:
    """Without what is another in each run: IDs, times, widths of columns, and the order in which exports end."""
    text = re.sub(r"\d{8}T\d{6}Z?-[0-9a-f]{8}", "ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\d(T[\d:.]+Z)?", "TIME", text)
    text = re.sub(r"\b\d+(\.\d+)?(ms|s)\b", "SECONDS", text)
    text = re.sub(r"\b\d+ (data files|B)\b", r"N \1", text)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return sorted(line for line in lines if line)


def test_the_picture_is_what_the_program_prints(tmp_path: Path) -> None:
    """Played again, on a sandbox of its own because of its table names. Otherwise run `make recording`."""
    command = [sys.executable, "-m", "ddbbackup.sandbox", "--export-seconds", "0.3"]
    with subprocess.Popen(
        command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        now = text_of(draw(play(url, tmp_path), COLUMNS))
        process.communicate("")
    assert without_changes(now) == without_changes(text_of(PICTURE.read_text(encoding="utf-8")))


def test_the_picture_is_small_and_loads_nothing() -> None:
    """It is shown on pages that must not tell anyone who reads them. Its text is there for who cannot see it."""
    picture = PICTURE.read_text(encoding="utf-8")
    assert len(picture.encode()) < MOST_BYTES
    assert set(re.findall(r"https?://[^\s\"<]+", picture)) == {"http://www.w3.org/2000/svg"}
    for scene in STORY:
        assert scene.text in text_of(picture)
    assert f"]({PICTURE.relative_to(CHECKOUT)})" in (CHECKOUT / "README.md").read_text(encoding="utf-8")
