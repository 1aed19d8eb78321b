"""The credentials of a connection as plain keys, renewed while a long transfer runs."""

from __future__ import annotations

from ddbbackup.aws.bulk_http.signature import Keys
from ddbbackup.aws.error_map import explained
from ddbbackup.aws.session import Connection
from ddbbackup.errors import AccessDenied


class CredentialSource:
    """Keys from botocore's chain. What can refresh itself (roles, SSO) does; ``renewed`` reads files anew."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._session = connection.boto_session()
        self._last: Keys | None = None

    def keys(self) -> Keys:
        """Raises ``AccessDenied`` if there are none."""
        with explained("find credentials"):
            credentials = self._session.get_credentials()
            frozen = credentials.get_frozen_credentials() if credentials is not None else None
        if frozen is None or frozen.access_key is None or frozen.secret_key is None:
            raise AccessDenied(
                "there are no credentials", hint="sign in, or set AWS_PROFILE or `aws.profile` of the plan"
            )
        self._last = Keys(frozen.access_key, frozen.secret_key, frozen.token)
        return self._last

    def renewed(self) -> Keys | None:
        """Other keys than the last ones, from a session of its own; None if there are none.

        AWS refused the last ones as expired: somebody may have signed in again since this process began.
        """
        before = self._last
        self._session = self._connection.fresh_boto_session()
        now = self.keys()
        return now if now != before else None
