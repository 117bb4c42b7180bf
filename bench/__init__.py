"""The figures: how fast threshold signing is here, alone and inside the whole product, and what that costs.

``python -m bench`` measures three things, each built on the one before: the mathematics in one process (``crypto``),
three bare processes that do nothing but sign (``processes``), and transfers through the running product (``flow``).
Machines differ and are noisy, so what counts are ratios within one run. Nothing here is a test: a slow machine fails
nothing.
"""
