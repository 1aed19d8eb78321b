"""Asks for the MFA code of a profile: on the terminal, and once per run."""

from __future__ import annotations

import getpass
import os
from typing import Final

import botocore.session

from ddbbackup.errors import AccessDenied

_OTHERS: Final = "use credentials that need no code, for example of `aws sso login` or of an instance role"


class MfaPrompter:
    """The prompter of botocore's provider for roles of a profile (``mfa_serial``).

    A code is asked for before a run begins its work. Once the session of the role has expired, nobody may be at the
    terminal, so the run ends instead of waiting for another code.
    """

    def __init__(self) -> None:
        self._name = "the AWS profile"
        self._asked = False

    def install(self, session: botocore.session.Session) -> None:
        """botocore has no other way to replace the prompter of the provider that the session has made."""
        self._name = f"the profile {session.profile or 'default'}"
        for provider in session.get_component("credential_provider").providers:
            if provider.METHOD == "assume-role":
                provider._prompter = self.ask

    def ask(self, prompt: str) -> str:
        """The code. Raises ``AccessDenied`` without a terminal, without a code, and for a second question."""
        if self._asked:
            raise mfa_session_expired()
        if not _has_terminal():
            raise AccessDenied(
                f"{self._name} needs an MFA code, and there is no terminal to ask for it", hint=_OTHERS
            )
        self._asked = True
        try:
            code = getpass.getpass(prompt)
        except EOFError:
            code = ""
        if not code.strip():
            raise AccessDenied(
                f"{self._name} needs an MFA code, and none was entered",
                hint="run the same command again, and enter the code",
            )
        return code.strip()


def mfa_session_expired() -> AccessDenied:
    return AccessDenied(
        "the session of a profile that needs an MFA code has expired",
        hint="run the same command again and enter a new code: it continues where it stopped "
        "(`duration_seconds` in the profile makes sessions longer)",
    )


def _has_terminal() -> bool:
    """Whether ``getpass`` can ask: it uses the terminal of the process, not its standard input."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
