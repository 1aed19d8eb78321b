"""When an object's ETag proves the MD5 that the manifest gives."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from ddbbackup.restore.data_files import etag_proves

FIXTURES = Path(__file__).parents[2] / "fixtures"
(MANIFEST,) = FIXTURES.rglob("manifest-files.json")
ENTRY = json.loads(MANIFEST.read_text(encoding="utf-8").splitlines()[0])
PLAIN = base64.b64decode(ENTRY["md5Checksum"]).hex()


@pytest.mark.parametrize("quote", ['"', ""])
def test_the_etag_that_dynamodb_gave_an_object_proves_its_md5(quote: str) -> None:
    """Both values are those of a real export: a multipart upload of one part."""
    assert etag_proves(f"{quote}{ENTRY['etag']}{quote}", ENTRY["md5Checksum"])
    assert etag_proves(f"{quote}{PLAIN}{quote}", ENTRY["md5Checksum"])


@pytest.mark.parametrize("etag", ["", PLAIN[:-1] + "x", ENTRY["etag"].replace("-1", "-2"), "0" * 32])
def test_other_etags_prove_nothing(etag: str) -> None:
    """KMS and several parts make ETags of another kind; so does other content."""
    assert not etag_proves(f'"{etag}"', ENTRY["md5Checksum"])
