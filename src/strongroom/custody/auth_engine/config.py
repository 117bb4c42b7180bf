"""Settings of the auth engine."""

from strongroom.runtime.config import Settings


class AuthEngineConfig(Settings, frozen=True):
    """Nothing can be set: who may ask is in the tenants' document sets, and the clock's tolerance is fixed."""
