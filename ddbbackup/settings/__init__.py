"""Every setting of a table: one small file each, and their order, which is the order that AWS allows.

What CreateTable takes is made with the table; then the data; then stream, Kinesis, TTL, recovery, insights, auto
scaling and policies; then replicas; deletion protection last.
"""

from __future__ import annotations

from typing import Final

from ddbbackup.settings.auto_scaling import AutoScaling
from ddbbackup.settings.deletion_protection import DeletionProtection
from ddbbackup.settings.encryption import Encryption
from ddbbackup.settings.insights import Insights
from ddbbackup.settings.kinesis import Kinesis
from ddbbackup.settings.on_demand_limits import OnDemandLimits
from ddbbackup.settings.pitr import Recovery
from ddbbackup.settings.policy import Policy, StreamPolicy
from ddbbackup.settings.replicas import Replicas
from ddbbackup.settings.setting import Setting
from ddbbackup.settings.stream import Stream
from ddbbackup.settings.structure import Billing, Indexes, Keys
from ddbbackup.settings.table_class import TableClass
from ddbbackup.settings.tags import Tags
from ddbbackup.settings.ttl import TimeToLive
from ddbbackup.settings.warm_throughput import WarmThroughput

SETTINGS: Final[tuple[Setting, ...]] = (
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
    Recovery(),
    Insights(),
    AutoScaling(),
    Policy(),
    StreamPolicy(),
    Replicas(),
    DeletionProtection(),
)
WORDS: Final = tuple(setting.name for setting in SETTINGS if setting.default_policy != "always")
"""What `to.settings` may name."""
