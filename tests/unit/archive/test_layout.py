"""The layout of a bucket, and that no manifest can refer to anything outside its export."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.archive.layout import (
    ExportFolder,
    destination_root,
    export_folder,
    export_prefix,
    parse_s3_uri,
    record_key,
    render_prefix,
)
from ddbbackup.errors import DataIncomplete, Refused
from ddbbackup.model.backup_id import is_backup_id

FOLDER = ExportFolder("vault", "copies/AWSDynamoDB/01715685260608-c488b4e1/")


@pytest.mark.parametrize(
    "uri",
    [
        "s3://vault/copies/AWSDynamoDB/01715685260608-c488b4e1/",
        "s3://vault/copies/AWSDynamoDB/01715685260608-c488b4e1",
        "s3://vault/copies/AWSDynamoDB/01715685260608-c488b4e1/manifest-summary.json",
        "s3://vault/copies/AWSDynamoDB/01715685260608-c488b4e1/manifest-files.json",
    ],
)
def test_a_uri_names_the_folder_or_a_manifest_in_it(uri: str) -> None:
    """With or without the slash at the end."""
    assert parse_s3_uri(uri) == FOLDER


@pytest.mark.parametrize(
    "uri",
    [
        "copies/AWSDynamoDB/01715685260608-c488b4e1/",
        "s3://vault",
        "s3://vault/copies/",
        "s3://VAULT/AWSDynamoDB/01715685260608-c488b4e1/",
        "s3://vault/AWSDynamoDB/data/",
        "https://vault.s3.amazonaws.com/AWSDynamoDB/01715685260608-c488b4e1/",
    ],
)
def test_other_uris_are_refused_with_the_expected_form(uri: str) -> None:
    """The hint shows it; nothing is guessed."""
    with pytest.raises(Refused) as refused:
        parse_s3_uri(uri)
    assert "s3://BUCKET/PREFIX/AWSDynamoDB/EXPORT-ID/" in refused.value.hint


def test_data_files_are_found_at_the_current_location_of_the_folder() -> None:
    """Manifests hold keys from the time of the export. Incremental exports share one data folder."""
    key = "old/prefix/AWSDynamoDB/01715685260608-c488b4e1/data/abc.json.gz"
    assert FOLDER.data_key(key, incremental=False) == FOLDER.root + "data/abc.json.gz"
    shared = "old/prefix/AWSDynamoDB/data/abc.json.gz"
    assert FOLDER.data_key(shared, incremental=True) == "copies/AWSDynamoDB/data/abc.json.gz"


@given(key=st.text())
def test_no_manifest_refers_to_objects_outside_its_data_folder(key: str) -> None:
    """Any key is refused, or becomes a file directly below ``data/``."""
    try:
        data_key = FOLDER.data_key(key, incremental=False)
    except Refused:
        return
    assert data_key.startswith(FOLDER.root + "data/")
    assert "/" not in data_key.removeprefix(FOLDER.root + "data/")


def test_the_folder_is_found_from_the_manifest_key_of_describe_export() -> None:
    """ExportManifest is the full key, prefix included (observed on AWS)."""
    assert export_folder("vault", FOLDER.root + "manifest-summary.json") == FOLDER
    assert FOLDER.md5_key(FOLDER.files_key) == FOLDER.root + "manifest-files.md5"


def test_rendered_prefixes_end_with_one_slash() -> None:
    """S3Prefix has no slash at its end, because AWS appends it."""
    fields = {"account": "123456789012", "region": "eu-west-1", "table": "orders", "plan": "prod"}
    assert render_prefix("ddb/{account}/{region}/{table}", **fields) == "ddb/123456789012/eu-west-1/orders/"
    assert render_prefix("", **fields) == ""
    assert export_prefix("ddb/orders/") == "ddb/orders"
    assert export_prefix("") is None
    key = record_key("ddb/", "prod", "123456789012", "eu-west-1", "orders", "20261123T140000Z-0123abcd")
    assert key == "ddb/ddbbackup/prod/123456789012/eu-west-1/orders/20261123T140000Z-0123abcd.json"
    assert is_backup_id("20261123T140000Z-0123abcd")
    assert not is_backup_id("../20261123T140000Z-0123abcd")


@pytest.mark.parametrize(
    ("template", "root"),
    [
        ("{account}/{region}/{table}/", ""),
        ("ddb/{table}/", "ddb/"),
        ("ddb/table-{table}", "ddb/"),
        ("x-{table}/", ""),
        ("backups", "backups/"),
        ("a/b/", "a/b/"),
        ("", ""),
    ],
)
def test_all_records_of_a_plan_lie_below_the_literal_part_of_the_prefix(template: str, root: str) -> None:
    """Whatever its fields, so that one listing finds them."""
    assert destination_root(template) == root


def test_one_object_below_two_prefixes_is_one_data_file() -> None:
    """Only the file name counts, so a manifest that lists it twice would have its items counted twice."""
    assert FOLDER.data_keys(["data/a", "data/b"], incremental=False) == (
        f"{FOLDER.root}data/a",
        f"{FOLDER.root}data/b",
    )
    for other in ("data/a", "elsewhere/data/a", "/data/a"):
        with pytest.raises(DataIncomplete, match="data/a more than once"):
            FOLDER.data_keys(["data/a", other], incremental=False)
