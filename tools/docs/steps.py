"""``docs/steps.md``, from the registries of step kinds, restore methods and settings."""

from __future__ import annotations

from ddbbackup.cli.registries import STEP_KINDS
from ddbbackup.restore.methods import RESTORE_METHODS
from ddbbackup.settings import SETTINGS
from tools.docs.markdown import first_paragraph, header, module_summary, table


def page() -> str:
    kinds = [
        (f"`{kind}`", first_paragraph(step.__doc__) if kind == "select" else module_summary(step.__module__))
        for kind, step in STEP_KINDS.items()
    ]
    methods = [
        (f"`{name}`", module_summary(method.load.__module__)) for name, method in RESTORE_METHODS.items()
    ]
    settings = [(f"`{setting.name}`", module_summary(type(setting).__module__)) for setting in SETTINGS]
    return (
        header("Steps, restore methods, settings", "the registries of ddbbackup")
        + "A step is the unit that you would retry. A report has one outcome for each step.\n\n"
        + table(("step", "does"), kinds)
        + "\n## Restore methods\n\n"
        + table(("method", "does"), methods)
        + "\n## Settings of a table\n\nEvery backup records them. A restore applies them in this order.\n\n"
        + table(("setting", "is"), settings)
    )
