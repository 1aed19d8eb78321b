"""What people and programs read: ``documents`` hold the result of a verb, ``renderers`` print documents."""
