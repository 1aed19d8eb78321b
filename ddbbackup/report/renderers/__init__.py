"""The forms that a document can be printed in, one module for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol, assert_never, get_args

from ddbbackup.report.renderers.view import PLAIN
from ddbbackup.safe_text import escape_json, escaped, masked

if TYPE_CHECKING:
    from ddbbackup.report.documents import Document
    from ddbbackup.report.renderers.view import View

Form = Literal[
    "text", "json", "jsonl", "html", "markdown", "junit", "github", "gitlab", "terraform", "cloudformation"
]
FORMS: Final[tuple[Form, ...]] = get_args(Form)


class Renderer(Protocol):
    """A module of this package."""

    def render(self, document: Document) -> str:
        """The text of the document, ending in a newline unless it is empty.

        The values of the document are printed as they are: ``renderers.render`` has escaped them. Raises
        ``TypeError`` for a document that does not exist in this form (``Verb.forms`` lists those that do).
        """


def render(document: Document, form: Form, view: View = PLAIN) -> str:
    """The text of the document in one form, safe to print and to send (``safe_text``). ``view`` is for texts and
    Markdown only.

    In JSON, and in forms that quote texts as JSON does, such as the YAML of ``show``, values stay what they are. In
    every other form their unsafe characters are shown escaped, so that no value can begin a line.
    """
    text_is_json = document.schema in ("show", "policies")
    if form in ("json", "jsonl", "terraform", "cloudformation") or (form == "text" and text_is_json):
        return escape_json(renderer(form).render(masked(document)))
    if form == "text":
        from ddbbackup.report.renderers import text

        return text.render(escaped(document), view)
    if form == "markdown":
        from ddbbackup.report.renderers import markdown

        return markdown.render(escaped(document), view.characters)
    return renderer(form).render(escaped(document))


def renderer(form: Form) -> Renderer:
    """Imports one renderer: together they would add 12 ms to the start of `validate`, mostly for XML and hashes."""
    match form:
        case "text":
            from ddbbackup.report.renderers import text

            return text
        case "json":
            from ddbbackup.report.renderers import json_documents

            return json_documents
        case "jsonl":
            from ddbbackup.report.renderers import json_lines

            return json_lines
        case "html":
            from ddbbackup.report.renderers import html

            return html
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
        case "terraform":
            from ddbbackup.report.renderers import terraform

            return terraform
        case "cloudformation":
            from ddbbackup.report.renderers import cloudformation

            return cloudformation
        case _:
            assert_never(form)
