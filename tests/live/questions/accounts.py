"""Open questions that the account answers without any table: prices and quotas."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.live.model import Question
from tests.live.stage import Stage

USAGE_TYPES: Final = (
    "ExportDataSize-Bytes",
    "IncrementalExportDataSize-Bytes",
    "ImportDataSize-Bytes",
    "RestoreDataSize-Bytes",
    "TimedPITRStorage-ByteHrs",
    "TimedBackupStorage-ByteHrs",
    "TimedStorage-ByteHrs",
    "WriteRequestUnits",
    "ReadRequestUnits",
    "WriteCapacityUnit-Hrs",
    "ReadCapacityUnit-Hrs",
)
_PRICES_REGION: Final = "us-east-1"  # where the Price List API is (its guide: Endpoints)


def prices(stage: Stage) -> Any:
    """USD and unit by usage type: of what ddbbackup estimates, of bulk puts and of warm throughput."""
    client = stage.client("pricing", _PRICES_REGION)
    pages = client.get_paginator("get_products").paginate(
        ServiceCode="AmazonDynamoDB",
        Filters=[{"Type": "TERM_MATCH", "Field": "regionCode", "Value": stage.region}],
    )
    found: dict[str, Any] = {}
    for page in pages:
        for text in page["PriceList"]:
            product = json.loads(text)
            usage = product["product"]["attributes"].get("usagetype", "")
            if usage.endswith(USAGE_TYPES) or any(
                part in usage.lower() for part in ("bulk", "warm", "vector")
            ):
                found[usage] = _rates(product)
    return found


def _rates(product: dict[str, Any]) -> Any:
    return [
        {"usd": each["pricePerUnit"].get("USD"), "unit": each["unit"], "from": each.get("beginRange")}
        for term in product["terms"].get("OnDemand", {}).values()
        for each in term["priceDimensions"].values()
    ]


def quotas(stage: Stage) -> Any:
    """Of DynamoDB: the values for this account and region."""
    pages = stage.client("service-quotas").get_paginator("list_service_quotas")
    return {
        each["QuotaName"]: each["Value"]
        for page in pages.paginate(ServiceCode="dynamodb")
        for each in page["Quotas"]
    }


QUESTIONS: Final = (
    Question(
        "prices/usage-types",
        "What do exports, imports, restores, recovery, bulk puts and warm throughput cost in this region?",
        "pricing/prices.yaml",
        prices,
        aws_only=True,
    ),
    Question(
        "quotas/service-quotas",
        "What are the quotas of exports, imports, restores and bulk puts?",
        "steps/, restore/",
        quotas,
        aws_only=True,
    ),
)
