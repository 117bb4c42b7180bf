"""Use cases of the hub: carry a message, keep the directory, look after health; and issue records, offline."""
