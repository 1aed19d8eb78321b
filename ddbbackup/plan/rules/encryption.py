"""A KMS key needs the algorithm KMS; DynamoDB refuses the export otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from ddbbackup.plan.document import Document
from ddbbackup.plan.rules.access import destinations, mapping
from ddbbackup.problems import Problem


def check(document: Document) -> Iterator[Problem]:
    for path, _, destination in destinations(document):
        encryption = mapping(destination.get("encryption"))
        if "kms_key_id" in encryption and encryption.get("algorithm", "AES256") == "AES256":
            yield document.problem(
                (*path, "encryption", "kms_key_id"),
                "key-without-kms",
                "`kms_key_id` requires `algorithm: KMS`, but the algorithm is AES256",
                hint="set `algorithm: KMS`, or remove `kms_key_id`",
            )
