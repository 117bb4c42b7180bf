"""Strongroom: an open, self-hosted digital-asset bank core."""
