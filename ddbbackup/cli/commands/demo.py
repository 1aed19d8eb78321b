"""``demo``: the whole story on the sandbox: back up, break, restore, compare. Touches no AWS account."""

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
from typing import TYPE_CHECKING, Any, Final

from ddbbackup import sandbox
from ddbbackup.cli import output
from ddbbackup.errors import DataNotWhole, StepFailed, UsageError
from ddbbackup.report.renderers import json_documents as json

if TYPE_CHECKING:
    from ddbbackup.sandbox.demo_tables import DemoTables, Item

DEFAULT_PORT: Final = 5555


def run(options: Namespace) -> int:
    sandbox.require()
    if options.port is not None and not options.serve:
        raise UsageError("--port is for --serve", hint="say `ddbbackup demo --serve --port PORT`")
    if options.serve and (options.output != "text" or options.output_files):
        raise UsageError("--serve has one form only", hint="remove --output")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]  # whatever leads to AWS has no part in this story
    return _serve(options.port) if options.serve else _tell(options)


def _tell(options: Namespace) -> int:
    from ddbbackup.sandbox.demo_tables import DemoTables, plan_path  # noqa: PLC0415 - needs the extra

    with sandbox.start(export_seconds=(2.0, 4.0)) as aws, tempfile.TemporaryDirectory() as state:
        say = _Narrator(_environment(aws.url, state), quiet=options.output == "json")
        say.line(
            f"A sandbox of AWS is up at {aws.url} (moto, an emulation): nothing here touches an account."
        )
        tables = DemoTables(aws.url)
        tables.create()
        before = tables.items("table1")
        say.line(
            f"table1 and table2 hold {len(before)} items each, of every attribute type; a bucket is there."
        )
        plan = shlex.quote(_shown(plan_path()))
        say.step("1. The plan says what to back up. It is checked without touching AWS:")
        say.command(f"validate -f {plan}")
        say.step("2. Both tables are exported at once, waited for, proven and recorded:")
        say.command(f"backup -f {plan}")
        say.command(f"status -f {plan}")
        say.step("3. Somebody deletes the item with id=1 and overwrites the one with id=2.")
        tables.break_table1()
        _show_damage(say, before, tables)
        say.step("4. One command puts them back:")
        say.command(f"restore table1-back --yes -f {plan}")
        say.step("5. Is the table what it was?")
        _compare(say, before, tables)
        say.line("Done. Nothing is left running. Your own first plan: `ddbbackup init`.")
    told = json.document(commands=say.commands, items=len(before), equal=True)
    output.say(options, lambda form: told if form == "json" else "", summary=False)
    return 0


def _show_damage(say: _Narrator, before: Mapping[str, Item], tables: DemoTables) -> None:
    now = tables.items("table1")
    missing = sorted(set(before) - set(now))
    changed = sorted(key for key in now if now[key] != before.get(key))
    say.line(
        f"   {len(now)} items are left; missing: id {', '.join(missing)}; changed: id {', '.join(changed)}"
    )


def _compare(say: _Narrator, before: Mapping[str, Item], tables: DemoTables) -> None:
    now = tables.items("table1")
    different = [key for key in {*before, *now} if before.get(key) != now.get(key)]
    if different:
        raise DataNotWhole(
            f"{len(different)} items of table1 are not what they were",
            hint="report it with this whole output",
        )
    say.line(f"   Yes: all {len(now)} items are equal to what they were, in every attribute.")


class _Narrator:
    """Prints what happens, and runs the real program where it says so. A quiet one keeps what was answered."""

    def __init__(self, environment: Mapping[str, str], *, quiet: bool) -> None:
        self._environment = environment
        self._quiet = quiet
        self.commands: list[Mapping[str, Any]] = []

    def line(self, text: str) -> None:
        if not self._quiet:
            print(text, flush=True)

    def step(self, text: str) -> None:
        self.line(f"\n{text}")

    def command(self, arguments: str) -> None:
        """Raises ``StepFailed`` if the command fails."""
        self.line(f"   $ ddbbackup {arguments}")
        command = [sys.executable, "-m", "ddbbackup", *shlex.split(arguments)]
        if arguments.split(maxsplit=1)[0] in ("backup", "status", "restore"):
            command += ["--log-format", "console"]
        if self._quiet:
            command += ["--output", "json"]
        done = subprocess.run(  # noqa: S603 - our own program
            command, env=self._environment, check=False, stdout=subprocess.PIPE if self._quiet else None
        )
        if done.returncode:
            raise StepFailed(
                f"`ddbbackup {arguments}` ended with exit code {done.returncode}",
                hint="report it with this whole output",
            )
        answer = loads(done.stdout) if self._quiet else None
        self.commands.append({"command": arguments, "exit_code": done.returncode, "answer": answer})


def _environment(url: str, state: str) -> dict[str, str]:
    """The user's own, with credentials that work nowhere but on the sandbox."""
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


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _serve(port: int | None) -> int:
    from ddbbackup.sandbox.demo_tables import ENVIRONMENT, DemoTables, plan_path  # noqa: PLC0415 - needs the extra

    with sandbox.start(DEFAULT_PORT if port is None else port) as aws:
        DemoTables(aws.url).create()
        exports = " ".join(f"{name}={value}" for name, value in ENVIRONMENT.items())
        print(
            f"The sandbox is up at {aws.url}, with table1, table2 and the bucket demo-vault.\n"
            "It is an emulation (moto), holds everything in memory, and ends with Ctrl-C. In another terminal:\n\n"
            f"  export {exports} DDBBACKUP_SANDBOX_URL={aws.url}\n"
            f"  ddbbackup backup -f {_shown(plan_path())}",
            flush=True,
        )
        threading.Event().wait()
    return 0
