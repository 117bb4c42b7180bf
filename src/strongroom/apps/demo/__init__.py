"""``strongroom demo``: one transfer through the fourteen steps, shown while it happens and proven afterwards."""

from strongroom.apps.demo.run import run_demo

__all__ = ["run_demo"]
