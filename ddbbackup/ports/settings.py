"""What a table has beside its description, and how either is changed.

Values are AWS's own members, whole and JSON-safe (times ISO 8601); members that the SDK does not know are in
them too. Names of tables are names, not ARNs, unless a parameter says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Members = Mapping[str, Any]


class Settings(Protocol):
    """DynamoDB's settings of tables in one account and region.

    Every method may raise ``TableMissing``, ``NotSupported`` (the endpoint does not know the operation),
    ``InUse`` (another change of the table is under way) and what all ports may raise.
    """

    def tags(self, table_arn: str) -> Mapping[str, str]:
        """All of them, ``aws:`` tags too."""

    def time_to_live(self, name: str) -> Members:
        """``TimeToLiveDescription``."""

    def continuous_backups(self, name: str) -> Members:
        """``ContinuousBackupsDescription``."""

    def contributor_insights(self, name: str, index: str | None = None) -> Members:
        """DescribeContributorInsights of the table, or of one global secondary index."""

    def kinesis_destinations(self, name: str) -> Sequence[Members]:
        """``KinesisDataStreamDestinations``, former ones (DISABLED) too."""

    def resource_policy(self, resource_arn: str) -> str | None:
        """The policy's JSON text, of a table or of a stream; None if it has none."""

    def update_table(self, name: str, change: Members) -> None:
        """One UpdateTable; ``change`` is its input without the name."""

    def tag(self, table_arn: str, tags: Mapping[str, str]) -> None: ...

    def enable_time_to_live(self, name: str, attribute: str) -> None: ...

    def enable_recovery(self, name: str, period_days: int | None) -> None:
        """Point-in-time recovery; a period of None is AWS's default."""

    def enable_contributor_insights(self, name: str, index: str | None, mode: str | None) -> None: ...

    def enable_kinesis(self, name: str, stream_arn: str, precision: str | None) -> None: ...

    def put_resource_policy(self, resource_arn: str, policy: str) -> None:
        """AWS refuses a policy that would shut the caller out of changing it again."""


class Scaling(Protocol):
    """Application Auto Scaling, namespace ``dynamodb``; a resource is ``table/T`` or ``table/T/index/I``."""

    def targets(self, resources: Sequence[str]) -> Sequence[Members]: ...

    def policies(self, resource: str) -> Sequence[Members]: ...

    def actions(self, resource: str) -> Sequence[Members]:
        """Scheduled actions."""

    def register(self, target: Members) -> None:
        """RegisterScalableTarget, with the members of its input but the namespace."""

    def put_policy(self, policy: Members) -> None:
        """PutScalingPolicy, likewise."""

    def put_action(self, action: Members) -> None:
        """PutScheduledAction, likewise; times ISO 8601."""
