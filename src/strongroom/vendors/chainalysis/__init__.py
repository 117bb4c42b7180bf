"""Chainalysis: is an address sanctioned (``sanctions``), and how risky is a transfer (``kyt``).

Source: reference/travel_rule.md 8.1 and 8.2. ``simulator`` stands in for both.
"""
