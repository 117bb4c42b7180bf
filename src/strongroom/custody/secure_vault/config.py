"""Settings of secure_vault."""

from strongroom.runtime.config import Settings


class VaultConfig(Settings, frozen=True):
    """Nothing can be set: what the vault may do is in the tenants' document sets."""
