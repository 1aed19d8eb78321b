"""Notifications about runs. A notification that cannot be delivered is a warning and never fails the run."""

from ddbbackup.notify.condition import conditions
from ddbbackup.notify.deliver import CHANNELS, announce, deliver

__all__ = ["CHANNELS", "announce", "conditions", "deliver"]
