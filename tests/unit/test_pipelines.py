"""The files in ``configs/pipelines``, the action, the hook and the Dockerfile, by their public schemas and linters.

check-jsonschema and kubernetes-validate bring the schemas with them; nothing is fetched. There is none for
CodeBuild's buildspec and for kustomize: their shape is checked here, and kustomize runs where kubectl is installed.
"""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ddbbackup.exit_codes import EXIT_CODES
from ddbbackup.plan import check

CHECKOUT = Path(__file__).parents[2]
PIPELINES = CHECKOUT / "configs" / "pipelines"
KUBERNETES = PIPELINES / "kubernetes"
BIN = Path(sys.executable).parent
WORKFLOWS = sorted((PIPELINES / "github").glob("*.yaml"))
OUR_WORKFLOWS = sorted((CHECKOUT / ".github" / "workflows").glob("*.y*ml"))


def run(*command: str | Path, stdin: str | None = None) -> str:
    done = subprocess.run(
        [str(each) for each in command], input=stdin, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


# ---- by their schemas


def test_workflows_and_action_are_valid_by_githubs_schemas() -> None:
    """The examples, our own CI, and `action.yml`."""
    check_schema = BIN / "check-jsonschema"
    run(check_schema, "--builtin-schema", "vendor.github-workflows", *WORKFLOWS, *OUR_WORKFLOWS)
    run(
        check_schema,
        "--builtin-schema",
        "custom.github-workflows-require-timeout",
        *WORKFLOWS,
        *OUR_WORKFLOWS,
    )
    run(check_schema, "--builtin-schema", "vendor.github-actions", CHECKOUT / "action.yml")


def test_the_component_is_valid_by_gitlabs_schema(tmp_path: Path) -> None:
    """Its head and its jobs, each as the document that it is."""
    text = (PIPELINES / "gitlab" / "templates" / "ddbbackup.yml").read_text(encoding="utf-8")
    parts = text.split("\n---\n")
    assert len(parts) == 2
    for name, part in zip(("spec.yml", "jobs.yml"), parts, strict=True):
        (tmp_path / name).write_text(part, encoding="utf-8")
        run(BIN / "check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", tmp_path / name)


def test_manifests_are_valid_by_kubernetes_schemas() -> None:
    """Strictly: an unknown key is an error."""
    for name in ("namespace", "serviceaccount", "cronjob"):
        run(BIN / "kubernetes-validate", "--strict", KUBERNETES / f"{name}.yaml")


def test_the_hook_is_a_valid_manifest() -> None:
    """By pre-commit itself."""
    run(BIN / "pre-commit", "validate-manifest", CHECKOUT / ".pre-commit-hooks.yaml")


# ---- by their references


USES = re.compile(
    r"^\s*-?\s*uses:\s*(?P<action>[^@\s]+)@(?P<ref>\S+)(?:\s+#\s*(?P<comment>.+?))?\s*$", re.MULTILINE
)
OUR_OWN = "acme/ddbbackup"  # a placeholder for the user's copy of this action


def pinned_files() -> list[Path]:
    """Every file of ours that GitHub reads ``uses:`` from, and the examples that users copy."""
    return [*WORKFLOWS, *OUR_WORKFLOWS, CHECKOUT / "action.yml"]


def pins() -> Iterator[tuple[str, str, str, str]]:
    """File, action, reference and version comment of every ``uses:`` of a third party."""
    for path in pinned_files():
        for found in USES.finditer(path.read_text(encoding="utf-8")):
            if found["action"] != OUR_OWN:
                yield path.name, found["action"], found["ref"], found["comment"] or ""


def test_every_action_of_a_third_party_is_pinned_by_commit() -> None:
    """By SHA, because a tag can be moved, with the version as a comment, which Dependabot keeps up to date."""
    loose = [
        (file, action, ref)
        for file, action, ref, comment in pins()
        if not (re.fullmatch(r"[0-9a-f]{40}", ref) and re.fullmatch(r"v\d+\.\d+\.\d+", comment))
    ]
    assert loose == []


def test_no_reference_to_an_action_escapes_the_check_of_pins() -> None:
    """The pattern finds as many ``uses:`` as YAML does."""
    for path in pinned_files():
        found = USES.findall(path.read_text(encoding="utf-8"))
        assert len(found) == len(list(_uses(load(path)))), path.name


def _uses(node: Any) -> Iterator[str]:
    for key, value in (
        node.items() if isinstance(node, dict) else enumerate(node if isinstance(node, list) else ())
    ):
        if key == "uses":
            yield value
        yield from _uses(value)


def test_an_action_has_one_pin_in_all_files() -> None:
    """Dependabot updates our workflows and ``action.yml``; the examples must follow."""
    versions: dict[str, set[str]] = {}
    for _, action, ref, comment in pins():
        versions.setdefault(action, set()).add(f"{ref} {comment}")
    assert {action: each for action, each in versions.items() if len(each) > 1} == {}
    assert {"actions/checkout", "actions/setup-python", "pypa/gh-action-pypi-publish"} <= set(versions)


def test_dependabot_watches_every_kind_of_dependency() -> None:
    """By its public schema; a manifest in the repository is in a directory that it looks at."""
    path = CHECKOUT / ".github" / "dependabot.yml"
    run(BIN / "check-jsonschema", "--builtin-schema", "vendor.dependabot", path)
    watched: dict[str, set[str]] = {}
    for update in load(path)["updates"]:
        watched[update["package-ecosystem"]] = set(update.get("directories", [update.get("directory")]))
    manifests = [
        path for path in (CHECKOUT / "tests").rglob("package.json") if "node_modules" not in path.parts
    ]
    assert watched["npm"] == {f"/{path.parent.relative_to(CHECKOUT)}" for path in manifests}
    assert watched["docker"] == {"/"}
    assert (CHECKOUT / "Dockerfile").is_file()
    assert {"github-actions", "pip"} <= set(watched)


def test_a_release_is_published_only_after_its_checks() -> None:
    """By PyPI's trusted publishing: the one job that gets a token runs nothing but the upload of what was built."""
    jobs = load(CHECKOUT / ".github" / "workflows" / "release.yml")["jobs"]
    assert set(jobs["publish"]["needs"]) == set(jobs) - {"publish"}
    assert [name for name, job in jobs.items() if "id-token" in job.get("permissions", {})] == ["publish"]
    assert [step for step in jobs["publish"]["steps"] if "run" in step] == []
    assert "make dist" in [step.get("run") for step in jobs["build"]["steps"]]


# ---- by linters


def shell_of(path: Path) -> list[str]:
    """The shell in a YAML file, one script each."""
    document = load(path)
    if path.parent.name == "codebuild":
        return [command for phase in document["phases"].values() for command in phase.get("commands", ())]
    steps = document["runs"]["steps"] if "runs" in document else []
    for job in document.get("jobs", {}).values():
        steps = [*steps, *job["steps"]]
    return [step["run"] for step in steps if "run" in step]


def test_the_shell_in_them_passes_shellcheck() -> None:
    """Scripts of their own, and those inside YAML."""
    scripts = [script for path in pinned_files() for script in shell_of(path)]
    scripts += shell_of(PIPELINES / "codebuild" / "buildspec.yaml")
    text = (PIPELINES / "gitlab" / "templates" / "ddbbackup.yml").read_text(encoding="utf-8")
    for job in yaml.safe_load(text.split("\n---\n")[1]).values():
        lines = [*job.get("before_script", ()), *job.get("script", ())]
        scripts.append("\n".join(re.sub(r"\$\[\[.*?\]\]", "input", line) for line in lines))
    assert len(scripts) > 5
    for script in scripts:
        # Variables come from the job's environment, which shellcheck does not see.
        run(BIN / "shellcheck", "--shell=bash", "--exclude=SC2154,SC2155", "-", stdin=f"{script}\n")
    run(BIN / "shellcheck", *sorted(PIPELINES.rglob("*.sh")), CHECKOUT / ".ci" / "run")


def test_no_value_of_a_stranger_becomes_shell() -> None:
    """Scripts get values through the environment, never through `${{ }}`, which would be pasted into them."""
    for path in pinned_files():
        assert [script for script in shell_of(path) if "${{" in script] == []


def test_the_dockerfile_passes_hadolint_and_gives_up_root() -> None:
    """Slim, non-root by number (Kubernetes' runAsNonRoot asks for one), nothing written outside /tmp and /state."""
    run(BIN / "hadolint", CHECKOUT / "Dockerfile")
    text = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["python:3.13-slim", "python:3.13-slim"]
    user = re.findall(r"^USER (\d+)$", text, re.MULTILINE)[-1]
    pod = load(KUBERNETES / "cronjob.yaml")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert int(user) == pod["securityContext"]["runAsUser"]
    state = re.findall(r"DDBBACKUP_STATE_DIR=(\S+)", text)[0]
    (container,) = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert {"/tmp", state} <= {mount["mountPath"] for mount in container["volumeMounts"]}


# ---- by what they mean


def test_the_cronjob_tells_exit_codes_apart() -> None:
    """Still running is waited for, unreachable is tried again, everything else stops the job."""
    job = load(KUBERNETES / "cronjob.yaml")["spec"]
    assert job["concurrencyPolicy"] == "Forbid"
    assert job["jobTemplate"]["spec"]["template"]["spec"]["restartPolicy"] == "Never", "the policy needs it"
    rules = job["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert "onPodConditions" in rules[0], "an evicted pod's exit code says nothing about the backup"

    def action(code: int) -> str:
        for rule in rules[1:]:
            values = rule["onExitCodes"]["values"]
            if (code in values) == (rule["onExitCodes"]["operator"] == "In"):
                return str(rule["action"])
        return "Count"

    found = {code: action(code) for code in EXIT_CODES if code}
    assert found.pop(75) == "Ignore"
    assert {found.pop(code) for code in (69, 130, 143)} == {"Count"}
    assert set(found.values()) == {"FailJob"}


def test_kustomize_files_belong_together() -> None:
    """Every resource is there, the plan of its config map is valid, and the names that refer to it are its own."""
    kustomization = load(KUBERNETES / "kustomization.yaml")
    assert all((KUBERNETES / name).is_file() for name in kustomization["resources"])
    (plan,) = kustomization["configMapGenerator"]
    assert check([KUBERNETES / plan["files"][0]], {})[1] == ()
    pod = load(KUBERNETES / "cronjob.yaml")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert plan["name"] in [volume["configMap"]["name"] for volume in pod["volumes"] if "configMap" in volume]
    assert pod["serviceAccountName"] == load(KUBERNETES / "serviceaccount.yaml")["metadata"]["name"]
    assert [image["name"] for image in kustomization["images"]] == [pod["containers"][0]["image"]]


@pytest.mark.skipif(
    not shutil.which("kubectl"), reason="kubectl, which has kustomize in it, is not installed here"
)
def test_kustomize_builds_them() -> None:
    """With the image's name replaced and the plan's hash in the config map's name."""
    built = list(yaml.safe_load_all(run("kubectl", "kustomize", KUBERNETES)))
    kinds = {each["kind"]: each for each in built}
    assert set(kinds) == {"Namespace", "ServiceAccount", "ConfigMap", "CronJob"}
    pod = kinds["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "registry.example.com/acme/ddbbackup:0.1.0"
    assert kinds["ConfigMap"]["metadata"]["name"] in [
        volume["configMap"]["name"] for volume in pod["volumes"] if "configMap" in volume
    ]


def unit(name: str) -> configparser.RawConfigParser:
    parsed = configparser.RawConfigParser(strict=False)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys have capitals
    parsed.read(PIPELINES / "systemd" / name, encoding="utf-8")
    return parsed


def test_the_service_is_started_again_only_where_that_helps() -> None:
    """After 69 and 75 (and a signal that systemd did not send), with the same run id for a day."""
    service = unit("ddbbackup.service")["Service"]
    assert service["Restart"] == "on-failure"
    prevented = {int(code) for code in service["RestartPreventExitStatus"].split()}
    assert set(EXIT_CODES) - prevented == {0, 69, 75, 130, 143}
    assert "--run-id" in service["ExecStart"]
    assert unit("ddbbackup.timer")["Timer"]["Persistent"] == "true"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed here")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """By its own verifier."""
    for path in (PIPELINES / "systemd").iterdir():
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    run("systemd-analyze", "verify", "--man=no", tmp_path / "ddbbackup.service", tmp_path / "ddbbackup.timer")


def test_the_buildspec_has_the_shape_of_one() -> None:
    """Version 0.2, known phases with commands, a report that JUnit's renderer writes."""
    spec = load(PIPELINES / "codebuild" / "buildspec.yaml")
    assert spec["version"] == 0.2
    assert set(spec["phases"]) <= {"install", "pre_build", "build", "post_build"}
    assert all(phase["commands"] for phase in spec["phases"].values())
    (report,) = spec["reports"].values()
    written = f"junit={report['base-directory']}/{report['files'][0]}"
    assert any(written in command for command in spec["phases"]["build"]["commands"])
