"""Refinitiv (LSEG) World-Check One: is a person or a company on a watch list (travel_rule.md 8.3).

``signing`` makes the exact string that every request signs, ``world_check`` the calls; ``simulator`` stands in.
"""
