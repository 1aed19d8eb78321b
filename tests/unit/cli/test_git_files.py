"""Files as a commit has them, with the real git."""

from __future__ import annotations

from pathlib import Path

import pytest

from ddbbackup.cli.git_files import commit_of, read_file
from ddbbackup.errors import Refused, UsageError
from tests.support.git import commit, git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits: `plan.yaml` and `plans/prod.yaml` differ, and the first one is tagged."""
    (tmp_path / "plans").mkdir()
    for text in ("old", "new"):
        (tmp_path / "plan.yaml").write_text(text)
        (tmp_path / "plans" / "prod.yaml").write_text(f"{text} prod")
        commit(tmp_path)
        if text == "old":
            git(tmp_path, "tag", "v1")
    return tmp_path


def test_a_commit_has_many_names(repository: Path) -> None:
    """Branches, tags and hashes, from every folder of the repository."""
    old, new = git(repository, "rev-parse", "v1"), git(repository, "rev-parse", "main")
    assert commit_of("v1", repository) == commit_of("main~1", repository / "plans") == old
    assert (
        commit_of("main", repository)
        == commit_of(new[:10], repository)
        == commit_of("HEAD", repository)
        == new
    )


def test_files_are_those_of_the_commit(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By their place in the working tree, wherever the program runs, also through a symbolic link."""
    old = commit_of("v1", repository)
    (repository / "link.yaml").symlink_to(repository / "plans" / "prod.yaml")
    (repository / "plan.yaml").write_text("changed and not committed")
    assert read_file(old, repository / "plan.yaml") == b"old"
    assert read_file(old, repository / "link.yaml") == b"old prod"
    monkeypatch.chdir(repository / "plans")
    assert read_file(old, Path("prod.yaml")) == b"old prod"
    assert read_file(old, Path("../plan.yaml")) == b"old"


def test_a_hook_of_git_reads_the_repository_of_the_plan(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git tells its hooks where the repository is, relative to its top."""
    monkeypatch.setenv("GIT_DIR", ".git")
    old = commit_of("v1", repository / "plans")
    assert read_file(old, repository / "plans" / "prod.yaml") == b"old prod"


def test_what_the_commit_does_not_have_is_none(repository: Path) -> None:
    """A new file, and a folder of this name."""
    old = commit_of("v1", repository)
    (repository / "new.yaml").write_text("x")
    assert read_file(old, repository / "new.yaml") is None
    assert read_file(old, repository / "plans") is None


@pytest.mark.parametrize(
    "reference", ["--exec=touch x", "-h", "nothing", "main:plan.yaml", "", "a\nb", "v1..main"]
)
def test_what_is_no_commit_is_a_usage_error(repository: Path, reference: str) -> None:
    """No text becomes an option of git."""
    with pytest.raises(UsageError) as error:
        commit_of(reference, repository)
    assert "is neither a file nor a commit" in error.value.message
    assert not (repository / "x").exists()


@pytest.mark.parametrize("reference", ["main~9", "nowhere.yaml", "main:plan.yaml"])
def test_what_cannot_be_fetched_is_not_to_be_fetched(repository: Path, reference: str) -> None:
    with pytest.raises(UsageError) as error:
        commit_of(reference, repository)
    assert error.value.hint == "name a plan file or a commit that exists"


def test_a_repository_that_git_refuses_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In containers, the checkout often belongs to another user. The text is that of git 2.39."""
    fake = tmp_path / "git"
    fake.write_text(
        "#!/bin/sh\necho \"fatal: detected dubious ownership in repository at '/builds/x'\" >&2\nexit 128\n"
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(Refused) as error:
        commit_of("main", tmp_path)
    assert "belongs to another user" in error.value.message
    assert "safe.directory" in error.value.hint
