"""Every setting of a table: one small file each, and their order, which is the order that AWS allows.

What CreateTable takes is made with the table; then the data; then stream, Kinesis, TTL, recovery, insights, auto
scaling and policies; then replicas; deletion protection last.
"""

from __future__ import annotations

from typing import Final

from ddbbackup.steps.settings.auto_scaling import AutoScaling
from ddbbackup.steps.settings.deletion_protection import DeletionProtection
from ddbbackup.steps.settings.encryption import Encryption
from ddbbackup.steps.settings.insights import Insights
from ddbbackup.steps.settings.kinesis import Kinesis
from ddbbackup.steps.settings.on_demand_limits import OnDemandLimits
from ddbbackup.steps.settings.pitr import Recovery
from ddbbackup.steps.settings.policy import Policy, StreamPolicy
from ddbbackup.steps.settings.replicas import Replicas
from ddbbackup.steps.settings.setting import Setting
from ddbbackup.steps.settings.stream import Stream
from ddbbackup.steps.settings.structure import Billing, Indexes, Keys
from ddbbackup.steps.settings.table_class import TableClass
from ddbbackup.steps.settings.tags import Tags
from ddbbackup.steps.settings.ttl import TimeToLive
from ddbbackup.steps.settings.warm_throughput import WarmThroughput

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
WORDS: Final = tuple(setting.name for setting in SETTINGS if setting.chosen != "always")
"""What `to.settings` may name."""
