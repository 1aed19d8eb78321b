"""The credentials of a connection as plain keys, kept current while a long job runs."""

from __future__ import annotations

from ddbbackup.aws.bulk_http.signature import SigningKeys
from ddbbackup.aws.error_map import translate_errors
from ddbbackup.aws.session import Connection
from ddbbackup.errors import AccessDenied


class CredentialSource:
    """Keys from botocore's credential chain.

    botocore refreshes credentials that have a lifetime (roles, SSO) whenever ``current`` is called.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._session = connection.boto_session()
        self._last: SigningKeys | None = None

    def current(self) -> SigningKeys:
        """Raises ``AccessDenied`` if there are no credentials."""
        with translate_errors("find credentials"):
            credentials = self._session.get_credentials()
            frozen = credentials.get_frozen_credentials() if credentials is not None else None
        if frozen is None or frozen.access_key is None or frozen.secret_key is None:
            raise AccessDenied(
                "no AWS credentials found", hint="sign in, or set AWS_PROFILE or `aws.profile` in the plan"
            )
        self._last = SigningKeys(frozen.access_key, frozen.secret_key, frozen.token)
        return self._last

    def reload(self) -> SigningKeys | None:
        """Reads files and environment again, in a new session; None if the keys have not changed.

        For keys that AWS reports as expired: the user may have signed in again since this process started.
        """
        before = self._last
        self._session = self._connection.fresh_boto_session()
        reloaded = self.current()
        return reloaded if reloaded != before else None
