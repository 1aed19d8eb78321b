"""The wheel contains the schemas, the plan of the demo and the manual page."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def test_an_installed_wheel_finds_its_schemas_and_its_demo_plan(tmp_path: Path) -> None:
    """Outside of the checkout, in its own files."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    plan = tmp_path / "ddbbackup.yaml"
    plan.write_text("version: 1\nname: p\ndestinations: {v: {bucket: acme-vault}}\ntabels: []\n")
    code = (
        "import ddbbackup, sys; assert sys.argv[1] in ddbbackup.__file__, ddbbackup.__file__\n"
        "from ddbbackup.plan.schemas import schema_text\n"
        "for name in ('plan', 'record', 'report', 'event'): assert schema_text(name)\n"
        "from ddbbackup.sandbox.demo_tables import plan_path\n"
        "assert sys.argv[1] in str(plan_path()) and plan_path().is_file(), plan_path()\n"
        "from ddbbackup.report.renderers import render\n"
        "from ddbbackup.report.documents.failure import ErrorInfo, Failure\n"
        "assert 'stopped' in render(Failure(ErrorInfo('E', 'stopped', 'h', 1)), 'html')\n"
        "from ddbbackup.cli import main; sys.exit(main(['validate']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(installed)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 78, done.stderr
    assert "use `tables`" in done.stdout
    names = zipfile.ZipFile(wheel).namelist()
    assert {"ddbbackup/py.typed", "ddbbackup/pricing/prices.yaml"} <= set(names)
    web_page = {
        f"ddbbackup/report/renderers/html/{each}" for each in ("page.html.jinja", "page.css", "page.js")
    }
    assert web_page <= set(names)
    for schema in (CHECKOUT / "schemas").glob("*.json"):
        assert f"ddbbackup/_schemas/{schema.name}" in names
    (page,) = [name for name in names if name.endswith(".data/data/share/man/man1/ddbbackup.1")]
    assert zipfile.ZipFile(wheel).read(page) == (CHECKOUT / "docs" / "ddbbackup.1").read_bytes()
    assert not [name for name in names if name.startswith("tests")]
