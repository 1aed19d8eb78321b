"""Generators of the reference pages in ``docs``: one module per page, each with ``page() -> str``.

A page is generated from what the program itself uses (schemas, registries, the parser of the command line), so it
cannot describe what the program does not do.
"""
