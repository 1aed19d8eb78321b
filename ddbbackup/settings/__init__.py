"""The registry of table settings, in the order in which they are applied. One file per setting.

Settings that CreateTable accepts are set when the table is created. The others follow after the data. A replica of a
provisioned table needs auto scaling, the stream cannot be changed while replicas exist, and a Deny in a resource
policy may exclude the caller: policies are last.
"""

from __future__ import annotations

from typing import Final

from ddbbackup.settings.auto_scaling import AutoScaling
from ddbbackup.settings.deletion_protection import DeletionProtection
from ddbbackup.settings.encryption import Encryption
from ddbbackup.settings.insights import Insights
from ddbbackup.settings.kinesis import Kinesis
from ddbbackup.settings.on_demand_limits import OnDemandLimits
from ddbbackup.settings.pitr import PointInTimeRecovery
from ddbbackup.settings.policy import Policy, StreamPolicy
from ddbbackup.settings.replicas import Replicas
from ddbbackup.settings.setting import AnySetting
from ddbbackup.settings.stream import Stream
from ddbbackup.settings.structure import Billing, Indexes, Keys
from ddbbackup.settings.table_class import TableClass
from ddbbackup.settings.tags import Tags
from ddbbackup.settings.ttl import TimeToLive
from ddbbackup.settings.warm_throughput import WarmThroughput

SETTINGS: Final[tuple[AnySetting, ...]] = (
    Keys(),
    Indexes(),
    Billing(),
    OnDemandLimits(),
    WarmThroughput(),
    Encryption(),
    TableClass(),
    Tags(),
    Stream(),
    Kinesis(),
    TimeToLive(),
    PointInTimeRecovery(),
    Insights(),
    AutoScaling(),
    Replicas(),
    DeletionProtection(),
    StreamPolicy(),
    Policy(),
)
SETTING_NAMES: Final = tuple(setting.name for setting in SETTINGS if setting.default_policy != "always")
"""The names that `to.settings` accepts."""
