"""Tells people and services how a run went. What cannot be delivered warns, and changes nothing else."""

from ddbbackup.notify.condition import conditions
from ddbbackup.notify.deliver import CHANNELS, announce, deliver
from ddbbackup.notify.news import News

__all__ = ["CHANNELS", "News", "announce", "conditions", "deliver"]
