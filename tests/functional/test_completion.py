"""`completion SHELL`: the script in each shell, if the shell is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.aws import Aws
from tests.support.plans import plan
from tests.support.program import Program


def script(program: Program, shell: str) -> str:
    done = program.run("completion", shell)
    assert done.code == 0, done.err
    path = program.directory / f"completion.{shell}"
    path.write_text(done.out, encoding="utf-8")
    return str(path)


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("ddbbackup re", ["report", "restore"]),
        ("ddbbackup backup --no", ["--no-wait"]),
        ("ddbbackup validate --output gi", ["github", "gitlab"]),
        ("ddbbackup completion f", ["fish"]),
        ("ddbbackup schema pr", ["preview", "problems"]),
        ("ddbbackup validate -f my-pl", ["my-plan.yaml"]),
        ("ddbbackup restore --existing k", ["keep"]),
    ],
)
def test_bash_completes_verbs_options_forms_and_files(
    program: Program, typed: str, offered: list[str]
) -> None:
    """With the variables that bash sets."""
    path = script(program, "bash")
    program.plan("", "my-plan.yaml")
    words = typed.split(" ")
    commands = [
        f"cd {program.directory}",
        f"source {path}",
        f"COMP_WORDS=({' '.join(words)})",
        f"COMP_CWORD={len(words) - 1}",
        'COMP_LINE="${COMP_WORDS[*]}"',
        "COMP_POINT=${#COMP_LINE}",
        "_shtab_ddbbackup || true",
        "printf '%s\\n' \"${COMPREPLY[@]}\"",
    ]
    output = run("bash", "-c", " && ".join(commands))
    assert sorted(each.strip() for each in output.split()) == offered


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed here")
def test_fish_completes_verbs_and_forms(program: Program) -> None:
    """With the command that fish itself uses."""
    path = script(program, "fish")
    commands = f"source {path}; complete -C 'ddbbackup res'; complete -C 'ddbbackup validate --output gi'"
    offered = [line.split("\t")[0] for line in run("fish", "--no-config", "-c", commands).splitlines()]
    assert offered == ["restore", "github", "gitlab"]


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed here")
def test_zsh_parses_the_script(program: Program) -> None:
    """Its completion system needs a terminal."""
    run("zsh", "-n", script(program, "zsh"))


def test_an_unknown_shell_is_a_usage_error(program: Program) -> None:
    """With the known shells as a hint."""
    done = program.run("completion", "tcsh")
    assert done.code == 64
    assert "bash, zsh, fish" in done.err


def words_of(shell: str, path: str, typed: str) -> str:
    """The command by which a shell says what it offers."""
    if shell == "fish":
        return f"source {path}; complete -C '{typed}'"
    words = typed.split(" ")
    return " && ".join(
        [
            f"source {path}",
            f"COMP_WORDS=({' '.join(words)})",
            f"COMP_CWORD={len(words) - 1}",
            'COMP_LINE="${COMP_WORDS[*]}"',
            "COMP_POINT=${#COMP_LINE}",
            "_shtab_ddbbackup || true",
            "printf '%s\\n' \"${COMPREPLY[@]}\"",
        ]
    )


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_names_of_the_plan_and_the_catalog_are_completed(
    sandbox: Aws, bucket: str, name: str, program: Program, shell: str
) -> None:
    """Restores, tables and backups, with the plan that `-f` names."""
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed here")
    sandbox.create_table(name, pitr=True)
    restores = {"orders-back": {"table": name}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores), "prod.yaml")
    backup = program.run("backup", "-f", "prod.yaml", "--output", "json").facts["backup"]
    path = script(program, shell)
    environment = {**program.environment, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for typed, expected in (
        ("restore -f prod.yaml ord", "orders-back"),
        (f"restore -f prod.yaml --table {name[:5]}", name),
        ("restore -f prod.yaml --from 2", backup),
        ("verify -f prod.yaml --backup 2", backup),
        (f"find -f prod.yaml {name[:5]}", name),
        ("find -f prod.yaml --from 2", backup),
        (f"dump -f prod.yaml {name[:5]}", name),
        ("diff -f prod.yaml ord", "orders-back"),
        ("preview restore -f prod.yaml ord", "orders-back"),
        (f"preview backup -f prod.yaml {name[:5]}", name),
        (f"diff -f prod.yaml --table {name[:5]}", name),
    ):
        command = [shell, *(["--no-config"] if shell == "fish" else [])]
        done = subprocess.run(
            [*command, "-c", words_of(shell, path, f"ddbbackup {typed}")],
            cwd=program.directory,
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert [line.split("\t")[0].strip() for line in done.stdout.splitlines()] == [expected], (
            typed,
            done.stderr,
        )
