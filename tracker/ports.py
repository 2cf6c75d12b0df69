"""The ports that the processes listen on."""

import errno
import socket

from tracker.setting_kinds import ConfigError


def require_free(address: str, port: int, variable: str) -> None:
    """Raises ConfigError where the address cannot be listened on; the web server would say it in riddles.

    `variable`: the setting that the port comes from.
    """
    try:
        family = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(f"port {port} is in use ({variable})") from None
        raise ConfigError(f"cannot listen on {address}:{port} ({variable}): {error.strerror}") from None
