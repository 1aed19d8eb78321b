"""When the ETag of an object shows that it has the MD5 of the manifest."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from ddbbackup.bulk.verify_listing import etag_matches_md5

FIXTURES = Path(__file__).parents[2] / "fixtures"
(MANIFEST,) = FIXTURES.rglob("manifest-files.json")
ENTRY = json.loads(MANIFEST.read_text(encoding="utf-8").splitlines()[0])
PLAIN = base64.b64decode(ENTRY["md5Checksum"]).hex()


@pytest.mark.parametrize("quote", ['"', ""])
def test_the_etag_of_an_export_matches_its_md5(quote: str) -> None:
    """Both values come from a real export: a multipart upload of one part."""
    assert etag_matches_md5(f"{quote}{ENTRY['etag']}{quote}", ENTRY["md5Checksum"])
    assert etag_matches_md5(f"{quote}{PLAIN}{quote}", ENTRY["md5Checksum"])


@pytest.mark.parametrize("etag", ["", PLAIN[:-1] + "x", ENTRY["etag"].replace("-1", "-2"), "0" * 32])
def test_other_etags_do_not_match(etag: str) -> None:
    """Encryption with KMS, several parts, and other content change the ETag."""
    assert not etag_matches_md5(f'"{etag}"', ENTRY["md5Checksum"])
