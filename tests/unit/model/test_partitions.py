"""ARNs of policies have the partition of the Region."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.session import Session

from ddbbackup.model.partitions import partition_of


def regions() -> Iterator[tuple[str, str]]:
    """Every Region and its partition, as botocore knows them."""
    for partition in Session().get_component("data_loader").load_data("partitions")["partitions"]:
        for region in partition["regions"]:
            if not region.endswith("-global"):
                yield region, partition["id"]


@pytest.mark.parametrize(("region", "partition"), sorted(regions()))
def test_every_region_is_in_the_partition_that_botocore_says(region: str, partition: str) -> None:
    """Sovereign, China, GovCloud and ISO Regions too."""
    assert partition_of(region) == partition
