"""A TCP port for an embedded program: free now, and the same after a restart whenever that is possible."""

import socket
from pathlib import Path

HOST = "127.0.0.1"


def keep_port(path: Path) -> int:
    """The port remembered in ``path`` if nobody listens there, else a free one, remembered."""
    port = choose_port(path)
    remember_port(path, port)
    return port


def choose_port(path: Path) -> int:
    """The same, not remembered: for a program that learns only later whether the folder is its own."""
    saved = path.read_text().strip() if path.exists() else ""
    if saved.isdecimal() and _is_free(int(saved)):
        return int(saved)
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def remember_port(path: Path, port: int) -> None:
    """Have ``choose_port`` prefer it from now on."""
    path.write_text(f"{port}\n")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) != 0
