"""The stream of the table. It is enabled after the data, so that consumers do not receive every restored item."""

from __future__ import annotations

from collections.abc import Iterator

from ddbbackup.model.json_value import Json, JsonObject, as_object, get_object, get_objects, get_text
from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import Change, Setting, refusal, update_table


class Stream(Setting[str]):
    """The normal form is the view type."""

    name = "stream"
    title = "stream"
    phase = "after the data"
    describe_fields = frozenset({"StreamSpecification"})
    write_actions = ("dynamodb:UpdateTable",)
    limitations = (
        "not applied if the target has a stream with another view type; the ARN of the stream is always new"
    )

    def normalize(self, response: Json) -> str | None:
        stream = get_object(as_object(response), "StreamSpecification")
        return get_text(stream, "StreamViewType") if stream.get("StreamEnabled") else None

    def note(self, response: Json) -> str:
        return "the ARN of the stream is new: reconnect triggers and other consumers"

    def changes(self, desired: str, existing: str | None, target: TableFacts) -> Iterator[Change]:
        if existing is None:
            specification: JsonObject = {"StreamEnabled": True, "StreamViewType": desired}
            yield update_table("stream", target, {"StreamSpecification": specification})
        elif existing != desired and get_objects(target.description, "Replicas"):
            raise refusal(
                self,
                f"the target has a stream with view type {existing}, the backed-up table had {desired}, and the "
                "stream of a table with replicas cannot be changed",
                "restore to another table name",
            )
        elif existing != desired:
            raise refusal(
                self,
                f"the target has a stream with view type {existing}, the backed-up table had {desired}",
                f"disable the stream, enable it again with view type {desired}, and reconnect its consumers",
            )
