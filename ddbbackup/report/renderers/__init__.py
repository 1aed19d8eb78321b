"""The forms that a document can be printed in, one module for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol, assert_never, get_args

if TYPE_CHECKING:
    from ddbbackup.report.documents import Document

Form = Literal["text", "json", "markdown", "junit", "github", "gitlab"]
FORMS: Final[tuple[Form, ...]] = get_args(Form)


class Renderer(Protocol):
    """A module of this package."""

    def render(self, document: Document) -> str:
        """The text of the document, ending in a newline unless it is empty.

        Raises ``TypeError`` for a document that does not exist in this form (``Verb.forms`` lists those that do).
        """


def renderer(form: Form) -> Renderer:
    """Imports one renderer: together they would add 12 ms to the start of `validate`, mostly for XML and hashes."""
    match form:
        case "text":
            from ddbbackup.report.renderers import text

            return text
        case "json":
            from ddbbackup.report.renderers import json_documents

            return json_documents
        case "markdown":
            from ddbbackup.report.renderers import markdown

            return markdown
        case "junit":
            from ddbbackup.report.renderers import junit

            return junit
        case "github":
            from ddbbackup.report.renderers import github

            return github
        case "gitlab":
            from ddbbackup.report.renderers import gitlab

            return gitlab
        case _:
            assert_never(form)
