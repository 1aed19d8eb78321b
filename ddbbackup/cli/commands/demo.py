"""``demo``: backs up, damages, restores and compares a table in the sandbox. Does not call AWS."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import threading
from argparse import Namespace
from collections.abc import Mapping
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ddbbackup import sandbox
from ddbbackup.cli.output import write_output
from ddbbackup.cli.streams import write_stdout
from ddbbackup.errors import REPORT_BUG, DataIncomplete, StepFailed, UsageError
from ddbbackup.report.documents.demo import DemoCommand, DemoReport
from ddbbackup.safe_text import escape, escape_lines

if TYPE_CHECKING:
    from ddbbackup.sandbox.demo_tables import DemoTables, Item

DEFAULT_PORT: Final = 5555
_HOUR: Final = 3600


def run(options: Namespace) -> int:
    sandbox.require()
    if options.port is not None and not options.serve:
        raise UsageError("--port requires --serve", hint="run `ddbbackup demo --serve --port PORT`")
    if options.serve and (options.output != "text" or options.output_files):
        raise UsageError("--serve does not support --output", hint="remove --output")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]  # nothing may lead to a real account
    if options.serve:
        _serve(options.port)
        return 0
    return _run_demo(options)


def _run_demo(options: Namespace) -> int:
    """Raises ``StepFailed`` if a command fails, ``DataIncomplete`` if the restored table differs."""
    from ddbbackup.sandbox.demo_tables import DemoTables, plan_path  # noqa: PLC0415 - needs the extra

    with sandbox.start(export_seconds=(2.0, 4.0)) as aws, tempfile.TemporaryDirectory() as state:
        narrator = _Narrator(_environment(aws.url, state), quiet=options.output == "json")
        narrator.line(f"A sandbox (moto, an AWS emulation) is running at {aws.url}. No AWS account is used.")
        tables = DemoTables(aws.url)
        with aws.clock.ago(_HOUR + 60):
            tables.create()
        before = tables.items("table1")
        narrator.line(
            f"It has a bucket and two tables with {len(before)} items of every attribute type each."
        )
        plan = shlex.quote(_relative(plan_path()))
        narrator.step("1. Validate the plan, which lists the tables to back up:")
        narrator.command(f"validate -f {plan}")
        narrator.step("2. An hour ago: export both tables, verify the data files and record the backups:")
        with aws.clock.ago(_HOUR):
            narrator.command(f"backup -f {plan}", ago_seconds=_HOUR)
        narrator.step("3. Ten minutes ago: an application adds an item to table1 and changes another one.")
        with aws.clock.ago(10 * 60):
            tables.use_table1()
        before = tables.items("table1")
        narrator.step("4. Now: export only what has changed since, which is a window of a few changes:")
        narrator.command(f"backup -f {plan}")
        narrator.command(f"list -f {plan}")
        narrator.step("5. Damage table1: delete the item with id=1 and overwrite the item with id=2.")
        tables.break_table1()
        _show_damage(narrator, before, tables)
        narrator.step("6. Restore table1 to the last minute before the damage:")
        narrator.command(f"restore table1-back --yes -f {plan}")
        narrator.step("7. Compare table1 with its items before the damage:")
        _compare(narrator, before, tables)
        narrator.line("Done; the sandbox is stopped. Write your own plan with `ddbbackup init`.")
    return write_output(options, DemoReport(tuple(narrator.commands), items=len(before), equal=True))


def _show_damage(narrator: _Narrator, before: Mapping[str, Item], tables: DemoTables) -> None:
    now = tables.items("table1")
    missing = sorted(set(before) - set(now))
    changed = sorted(key for key in now if now[key] != before.get(key))
    narrator.line(
        f"   {len(now)} items remain; missing: id {', '.join(missing)}; changed: id {', '.join(changed)}"
    )


def _compare(narrator: _Narrator, before: Mapping[str, Item], tables: DemoTables) -> None:
    now = tables.items("table1")
    different = [key for key in {*before, *now} if before.get(key) != now.get(key)]
    if different:
        raise DataIncomplete(
            f"{len(different)} items of table1 differ from before the damage",
            hint=REPORT_BUG,
        )
    narrator.line(f"   All {len(now)} items are equal, in every attribute.")


class _Narrator:
    """Prints each step and runs the real program. If ``quiet``, prints nothing and keeps the JSON documents."""

    def __init__(self, environment: Mapping[str, str], *, quiet: bool) -> None:
        self._environment = environment
        self._quiet = quiet
        self.commands: list[DemoCommand] = []

    def line(self, text: str) -> None:
        if not self._quiet:
            write_stdout(escape_lines(f"{text}\n"))

    def step(self, text: str) -> None:
        self.line(f"\n{text}")

    def command(self, arguments: str, *, ago_seconds: int = 0) -> None:
        """Raises ``StepFailed`` if the command fails. ``ago_seconds``: it runs as if it had been run so long ago."""
        self.line(f"   $ ddbbackup {arguments}")
        program = ["ddbbackup.sandbox.later", str(-ago_seconds)] if ago_seconds else ["ddbbackup"]
        command = [sys.executable, "-m", *program, *shlex.split(arguments)]
        if arguments.split(maxsplit=1)[0] in ("backup", "list", "restore"):
            command += ["--log-format", "console"]
        if self._quiet:
            command += ["--output", "json"]
        done = subprocess.run(  # noqa: S603 - our own program
            command, env=self._environment, check=False, stdout=subprocess.PIPE if self._quiet else None
        )
        if done.returncode:
            raise StepFailed(
                f"`ddbbackup {arguments}` exited with code {done.returncode}",
                hint=REPORT_BUG,
            )
        answer = loads(done.stdout) if self._quiet else None
        self.commands.append(DemoCommand(arguments, done.returncode, answer))


def _environment(url: str, state: str) -> dict[str, str]:
    """The environment of the user, with credentials that only the sandbox accepts."""
    from ddbbackup.sandbox.demo_tables import ENVIRONMENT  # noqa: PLC0415 - needs the extra

    return (
        dict(os.environ)
        | ENVIRONMENT
        | {
            "DDBBACKUP_SANDBOX_URL": url,
            "DDBBACKUP_STATE_DIR": state,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }
    )


def _relative(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _serve(port: int | None) -> None:
    """Runs until Ctrl-C."""
    from ddbbackup.sandbox.demo_tables import ENVIRONMENT, DemoTables, plan_path  # noqa: PLC0415 - needs the extra

    with sandbox.start(DEFAULT_PORT if port is None else port) as aws:
        DemoTables(aws.url).create()
        exports = " ".join(f"{name}={value}" for name, value in ENVIRONMENT.items())
        plan = escape(shlex.quote(_relative(plan_path())))
        write_stdout(
            f"The sandbox is running at {aws.url}, with table1, table2 and the bucket demo-vault.\n"
            "It is an AWS emulation (moto) in memory. Press Ctrl-C to stop it. In another terminal, run:\n\n"
            f"  export {exports} DDBBACKUP_SANDBOX_URL={aws.url}\n"
            f"  ddbbackup backup -f {plan}\n"
        )
        threading.Event().wait()
