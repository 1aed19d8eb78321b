"""Settings of tables that DescribeTable does not show, and the calls that change settings.

Values are structures of the AWS API with all their members, JSON-safe (times in ISO 8601), also with members that the
SDK does not know. ``name`` is the name of a table, not its ARN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ddbbackup.model.json_value import JsonObject


class Settings(Protocol):
    """Settings of tables in one account and region.

    Every method may raise ``TableMissing``, ``NotSupported`` if the endpoint does not have the operation, and
    ``InUse`` while another change of the table is running.
    """

    def tags(self, table_arn: str) -> Mapping[str, str]:
        """All tags, including ``aws:`` tags."""

    def time_to_live(self, name: str) -> JsonObject:
        """The ``TimeToLiveDescription``."""

    def continuous_backups(self, name: str) -> JsonObject:
        """The ``ContinuousBackupsDescription``."""

    def contributor_insights(self, name: str, index: str | None = None) -> JsonObject:
        """The response of DescribeContributorInsights for the table or one global secondary index."""

    def kinesis_destinations(self, name: str) -> Sequence[JsonObject]:
        """The ``KinesisDataStreamDestinations``, including former ones (DISABLED)."""

    def resource_policy(self, resource_arn: str) -> str | None:
        """The JSON text of the policy of a table or a stream; None if it has none."""

    def update_table(self, name: str, change: JsonObject) -> None:
        """One UpdateTable; ``change`` is its input without the table name."""

    def tag(self, table_arn: str, tags: Mapping[str, str]) -> None: ...

    def enable_time_to_live(self, name: str, attribute: str) -> None: ...

    def enable_pitr(self, name: str, period_days: int | None) -> None:
        """Enables point-in-time recovery. Without ``period_days``, AWS uses its default of 35 days."""

    def enable_contributor_insights(self, name: str, index: str | None, mode: str | None) -> None: ...

    def enable_kinesis(self, name: str, stream_arn: str, precision: str | None) -> None: ...

    def put_resource_policy(self, resource_arn: str, policy: str) -> None:
        """Raises ``Refused`` for a policy that would prevent the caller from changing it again.

        Source: DynamoDB API, PutResourcePolicy, ConfirmRemoveSelfResourceAccess.
        """


class Scaling(Protocol):
    """Application Auto Scaling. A resource is ``table/NAME`` or ``table/NAME/index/INDEX``.

    ``put_policy`` and ``put_action`` raise ``NotYetVisible`` for a moment after ``register``.
    """

    def targets(self, resources: Sequence[str]) -> Sequence[JsonObject]: ...

    def policies(self, resource: str) -> Sequence[JsonObject]: ...

    def actions(self, resource: str) -> Sequence[JsonObject]:
        """The scheduled actions of a resource."""

    def register(self, target: JsonObject) -> None:
        """RegisterScalableTarget; ``target`` is its input without the namespace. Members it lacks do not change."""

    def put_policy(self, policy: JsonObject) -> None:
        """PutScalingPolicy; ``policy`` is its input without the namespace."""

    def put_action(self, action: JsonObject) -> None:
        """PutScheduledAction; ``action`` is its input without the namespace, with times in ISO 8601."""
