"""Names that a shell offers come from a bucket: who may write there must not run commands where TAB is pressed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from ddbbackup.cli import session
from ddbbackup.cli.commands import completion
from ddbbackup.cli.completion_scripts import completing
from ddbbackup.model.encryption import Encryption
from ddbbackup.plan.model import AwsSettings, Plan
from tests.support.records import IDENTITY
from tests.support.vaults import DAY, TODAY, Vault


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed here")
def test_bash_does_not_expand_a_name(tmp_path: Path) -> None:
    """As the word list of `compgen -W` is."""
    names = tmp_path / "ddbbackup"
    names.write_text("#!/bin/sh\nprintf '%s\\n' orders '$(touch pwned)' 'o`touch pwned`' 'o*' users\n")
    names.chmod(0o755)
    (tmp_path / "o-file").touch()
    preamble = completing("tables")["preamble"]
    assert isinstance(preamble, dict)
    script = f"{preamble['bash']}\nCOMP_WORDS=(ddbbackup status o) COMP_CWORD=2\n_ddbbackup_tables o\n"
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["orders", "o`touch pwned`", "o*"]
    assert not (tmp_path / "pwned").exists()


def test_only_names_that_tables_can_have_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is offered is typed, and run with Return."""
    vault = Vault()
    vault.full(TODAY - DAY)
    (key,) = vault.catalog.record_keys(vault.location)
    for folder in ("$(reboot)", "a b", "x\ny", "--apply", "ab"):
        other = key.replace("/orders/", f"/{folder}/")
        vault.objects.put("vault", other, b"{}", content_type="text/plain", encryption=Encryption())
    plan = Plan("prod", "p.yaml", AwsSettings(), {"vault": vault.destination}, (), {})
    monkeypatch.setattr(
        session, "connect_to", lambda plan: SimpleNamespace(objects=vault.objects, identity=IDENTITY)
    )
    assert sorted(completion._recorded(plan, "tables")) == ["orders"]
