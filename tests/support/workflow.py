"""Runs GitHub workflows on this machine: an emulation of the runner, as far as our own workflows need it.

bash runs the steps one after another. ``uses`` of our own action runs ``action.yml``; other actions are only recorded
in ``noted``, and artifacts in ``uploads``.
Expressions may contain look-ups, strings, ``!=``, ``==``, ``&&`` and ``always()``; others raise.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

CHECKOUT: Final = Path(__file__).parents[2]
OURS: Final = re.compile(r"acme/ddbbackup@")


@dataclass
class StepResult:
    name: str
    code: int
    out: str = ""
    err: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Runner:
    """``environment`` is that of the processes of a job; ``github``, ``variables`` and ``secrets`` are contexts."""

    workspace: Path
    temporary: Path
    environment: Mapping[str, str]
    github: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    noted: list[str] = field(default_factory=list)
    uploads: dict[str, Path] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        path = self.temporary / "summary.md"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def job(self, workflow: Path, name: str) -> list[StepResult]:
        """The result of every step. After a failure, as on GitHub, only steps with ``always()`` run."""
        document = yaml.safe_load(workflow.read_text(encoding="utf-8"))
        job = document["jobs"][name]
        context = {"github": self.github, "vars": self.variables, "secrets": self.secrets}
        if "if" in job and not evaluate(job["if"], context):
            return []
        environment = {key: fill(value, context) for key, value in job.get("env", {}).items()}
        return self._steps(job["steps"], context, environment)

    def _steps(
        self, steps: list[dict[str, Any]], context: Mapping[str, Any], environment: Mapping[str, str]
    ) -> list[StepResult]:
        results: list[StepResult] = []
        known: dict[str, Any] = {}
        for step in steps:
            here = {**context, "steps": known}
            condition = step.get("if", "")
            failed = any(result.code for result in results)
            if (failed and "always()" not in condition) or (condition and not evaluate(condition, here)):
                continue
            result = self._step(step, here, environment)
            results.append(result)
            if "id" in step:
                known[step["id"]] = {"outputs": result.outputs}
        return results

    def _step(
        self, step: dict[str, Any], context: Mapping[str, Any], environment: Mapping[str, str]
    ) -> StepResult:
        name = fill(step.get("name", step.get("uses", "run")), context)
        own = {key: fill(value, context) for key, value in step.get("env", {}).items()}
        if "run" in step:
            return self._bash(name, fill(step["run"], context), {**environment, **own})
        if OURS.match(step["uses"]):
            inputs = {key: fill(value, context) for key, value in step.get("with", {}).items()}
            return self._action(name, inputs, context, {**environment, **own})
        action = step["uses"].partition("@")[0]
        self.noted.append(action)
        if action == "actions/upload-artifact":
            self.uploads[fill(step["with"]["name"], context)] = Path(fill(step["with"]["path"], context))
        return StepResult(name, 0)

    def _action(
        self, name: str, inputs: Mapping[str, str], context: Mapping[str, Any], environment: Mapping[str, str]
    ) -> StepResult:
        action = yaml.safe_load((CHECKOUT / "action.yml").read_text(encoding="utf-8"))
        unknown = set(inputs) - set(action["inputs"])
        assert not unknown, f"the action has no input {unknown}"
        given = {key: inputs.get(key, value.get("default", "")) for key, value in action["inputs"].items()}
        github = {**self.github, "action_path": str(CHECKOUT)}
        inside = {**context, "inputs": given, "github": github}
        steps = [step for step in action["runs"]["steps"] if step.get("name") != "Install ddbbackup"]
        (ran,) = (
            each for each in self._steps(steps, inside, environment) if each.name.startswith("ddbbackup ")
        )
        outputs = {
            key: fill(value["value"], {**inside, "steps": {"run": {"outputs": ran.outputs}}})
            for key, value in action["outputs"].items()
        }
        return StepResult(name, ran.code, ran.out, ran.err, outputs)

    def _bash(self, name: str, script: str, environment: Mapping[str, str]) -> StepResult:
        outputs = self.temporary / "outputs"
        outputs.write_text("", encoding="utf-8")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.workspace,
            env={
                **self.environment,
                "GITHUB_ACTIONS": "true",
                "CI": "true",
                "GITHUB_WORKSPACE": str(self.workspace),
                "GITHUB_OUTPUT": str(outputs),
                "GITHUB_STEP_SUMMARY": str(self.temporary / "summary.md"),
                "RUNNER_TEMP": str(self.temporary),
                **environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        written = dict(
            line.split("=", 1) for line in outputs.read_text(encoding="utf-8").splitlines() if line
        )
        return StepResult(name, done.returncode, done.stdout, done.stderr, written)


def fill(text: Any, context: Mapping[str, Any]) -> str:
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: str(evaluate(found[1], context)), str(text))


def evaluate(expression: str, context: Mapping[str, Any]) -> Any:
    text = expression.strip().removeprefix("${{").removesuffix("}}").strip()
    if " && " in text:
        return all(evaluate(part, context) for part in text.split(" && "))
    for operator in (" != ", " == "):
        if operator in text:
            left, right = (evaluate(part, context) for part in text.split(operator))
            return (left != right) if operator == " != " else (left == right)
    if text == "always()":
        return True
    if re.fullmatch(r"'[^']*'", text):
        return text[1:-1]
    if not re.fullmatch(r"[a-z_]+(\.[A-Za-z_-]+)+", text):
        raise AssertionError(f"the emulated runner does not know the expression {text!r}")
    value: Any = context
    for part in text.split("."):
        value = value.get(part, "") if isinstance(value, Mapping) else ""
    return value
