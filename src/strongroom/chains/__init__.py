"""Blockchains as a library: building and reading transactions is pure; only ``node`` modules open connections."""
