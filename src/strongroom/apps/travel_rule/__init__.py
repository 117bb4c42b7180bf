"""The Travel Rule on one machine: two enclaves, a hub and two robots as processes of their own, and a story to show."""

from strongroom.apps.travel_rule.run import run_travel_rule_demo

__all__ = ["run_travel_rule_demo"]
