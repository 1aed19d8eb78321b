"""``demo``: backs up, damages, restores and compares a table in the sandbox. Does not call AWS."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from argparse import Namespace
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ddbbackup import sandbox
from ddbbackup.cli.options import DEFAULT_PLAN
from ddbbackup.cli.output import write_output
from ddbbackup.cli.streams import say, stderr_is_terminal, write_stderr, write_stdout
from ddbbackup.errors import REPORT_BUG, DataIncomplete, StepFailed, UsageError
from ddbbackup.plan import load
from ddbbackup.report.documents.demo import DemoCommand, DemoReport
from ddbbackup.report.formatting import counted
from ddbbackup.safe_text import escape_lines

if TYPE_CHECKING:
    from ddbbackup.plan.model import Plan
    from ddbbackup.sandbox.demo_tables import DemoTables, Item

DEFAULT_PORT: Final = 5555
_HOUR: Final = 3600
_NAMED_TABLES: Final = 10  # more are counted


def run(options: Namespace) -> int:
    sandbox.require()
    if options.port is not None and not options.serve:
        raise UsageError("--port requires --serve", hint="run `ddbbackup demo --serve --port PORT`")
    if options.served_plan is not None and not options.serve:
        raise UsageError("-f requires --serve", hint="run `ddbbackup demo --serve -f FILE`")
    if options.serve and (options.output != "text" or options.output_files):
        raise UsageError("--serve does not support --output", hint="remove --output")
    plan = load(options.served_plan, os.environ) if options.served_plan else None
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]  # nothing may lead to a real account
    if options.serve:
        port = DEFAULT_PORT if options.port is None else options.port
        if plan is None:
            _serve_demo(port)
        else:
            _serve_plan(port, plan, options.served_plan)
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
        narrator.line("\nDone; the sandbox is stopped. Next, write a plan, and try it on the sandbox:\n")
        for words in ("init", f"demo --serve -f {DEFAULT_PLAN}"):
            narrator.line(f"   {command_line(words)}")
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


def _serve_demo(port: int) -> None:
    """Runs until Ctrl-C."""
    from ddbbackup.sandbox.demo_tables import REGION, DemoTables, plan_path  # noqa: PLC0415 - needs the extra

    with sandbox.start(port) as aws:
        DemoTables(aws.url).create()
        plan = shlex.quote(_relative(plan_path()))
        _announce(aws.url, REGION, "table1, table2 and the bucket demo-vault", [f"backup -f {plan}"])
        threading.Event().wait()


def _serve_plan(port: int, plan: Plan, files: Sequence[str]) -> None:
    """Runs until Ctrl-C, with what the plan expects to exist."""
    from ddbbackup.sandbox.demo_tables import REGION, create_for_plan  # noqa: PLC0415 - needs the extra

    region = plan.aws.region or REGION
    tables = _sample_tables(plan)
    on_table = _progress(len(tables))
    with sandbox.start(port) as aws:
        buckets = {each.bucket: each.require for each in plan.destinations.values()}
        create_for_plan(aws.url, region, buckets, tables, on_table=on_table)
        given = "".join(f" -f {shlex.quote(file)}" for file in files if file != DEFAULT_PLAN)
        commands = [f"{words}{given}" for words in ("preview", "backup", "status")]
        _announce(aws.url, region, _contents(tables, buckets), commands)
        threading.Event().wait()


def _progress(total: int) -> Callable[[int], None]:
    """Says on stderr what is going on: each table takes a moment. On a terminal, one line that changes."""
    text = f"starting the sandbox and creating {counted(total, 'table')}"
    if not total or not stderr_is_terminal():
        say(text)
        return lambda done: None
    write_stderr(text)

    def show(done: int) -> None:
        write_stderr(f"\r{text}: {done}/{total}" + "\n" * (done == total))

    return show


def _contents(tables: Collection[str], buckets: Collection[str]) -> str:
    """The names, unless they are so many that what to type would be lost among them."""
    shown = ", ".join(tables) if len(tables) <= _NAMED_TABLES else f"{len(tables)} tables"
    return f"{shown} and the bucket{'s' * (len(buckets) > 1)} {', '.join(buckets)}"


def _sample_tables(plan: Plan) -> dict[str, Mapping[str, str]]:
    """One table for each entry, by name with its tags: the table that it names, or one that it selects."""
    tables: dict[str, Mapping[str, str]] = {}
    for entry in plan.tables:
        name = entry.name or _matching_name(entry.match or "tagged-*")
        if name in tables:
            name = f"{name}-{entry.position}"
        tables[name] = entry.tags or {}
    return tables


def _matching_name(pattern: str) -> str:
    """A name that the glob matches, unless it has a negated set."""
    return re.sub(r"\[(.)[^]]*\]", r"\1", pattern).replace("*", "sample").replace("?", "1")


def _announce(url: str, region: str, contents: str, commands: Iterable[str]) -> None:
    """Says what to type in another terminal. A plan without `endpoint_urls` finds the sandbox by AWS_ENDPOINT_URL."""
    from ddbbackup.sandbox.demo_tables import ENVIRONMENT  # noqa: PLC0415 - needs the extra

    place = {"AWS_DEFAULT_REGION": region, "AWS_REGION": region, "AWS_ENDPOINT_URL": url}
    variables = {**ENVIRONMENT, **place, "DDBBACKUP_SANDBOX_URL": url}
    exports = " ".join(f"{name}={value}" for name, value in variables.items())
    lines = "".join(f"  {command_line(words)}\n" for words in commands)
    write_stdout(
        escape_lines(
            f"The sandbox is running at {url}, with {contents}.\n"
            "It is an AWS emulation (moto) in memory. Press Ctrl-C to stop it. In another terminal, run:\n\n"
            f"  export {exports}\n{lines}"
        )
    )


def command_line(arguments: str) -> str:
    """What to type for ``ddbbackup`` with these arguments: it need not be on the path, as in `make demo`."""
    own = Path(sys.executable).parent
    found = shutil.which("ddbbackup")
    if found is not None and Path(found).resolve().parent == own.resolve():
        return f"ddbbackup {arguments}"
    if (own / "ddbbackup").is_file():
        return f"{shlex.quote(_relative(own / 'ddbbackup'))} {arguments}"
    return f"{shlex.quote(_relative(Path(sys.executable)))} -m ddbbackup {arguments}"
