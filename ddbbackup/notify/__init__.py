"""Tells people and services how a run went. What cannot be delivered warns, and changes nothing else."""

from ddbbackup.notify.condition import conditions
from ddbbackup.notify.deliver import CHANNELS, announce, deliver

__all__ = ["CHANNELS", "announce", "conditions", "deliver"]
