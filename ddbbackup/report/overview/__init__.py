"""From what the catalog holds to the document of ``report``. Pure."""
