"""What people and machines read: problems, outcomes and failures, one file a form.

Each form has up to three functions: ``problems`` (of a plan), ``outcomes`` (of a run) and ``failure`` (what ended
a verb before it had anything else to say).
"""
