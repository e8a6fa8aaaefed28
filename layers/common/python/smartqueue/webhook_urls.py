"""Where webhooks may go: which addresses, schemes and ports. Pure: nothing here asks DNS.

The API checks a URL here as early as it can; the processor asks again about every address that the name has at
the moment of sending, which is the check that counts.
"""

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import SplitResult, urlsplit

from smartqueue.errors import SettingsError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Networks = tuple[Network, ...]

MAX_URL_CHARACTERS = 2048
WEB_PORTS = {"http": 80, "https": 443}
FIRST_UNPRIVILEGED_PORT = 1024

NOT_PUBLIC = "The URL's host is not a public address."
NOT_ENCRYPTED = "The URL must begin with https://."
PORT_REFUSED = f"The URL's port must be 80, 443 or at least {FIRST_UNPRIVILEGED_PORT}."
UNREADABLE = "The URL cannot be read."

# What `is_global` lets pass, in some Python version or other, although no public receiver lives there: shared
# address space (carrier NAT), protocol assignments (Teredo among them), 6to4 and its relays, documentation.
_NEVER_PUBLIC: Networks = tuple(
    ip_network(text)
    for text in (
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
)
# All that is assigned for global unicast; whatever else IPv6 has is local, multicast, or wraps another address.
_IPV6_UNICAST = IPv6Network("2000::/3")
# DNS64 answers with these in networks that have no IPv4 of their own.
_NAT64 = IPv6Network("64:ff9b::/96")


def parse_networks(text: str) -> Networks:
    """Read comma-separated CIDRs, such as `127.0.0.0/8,::1/128`; an empty text means none.

    Raises SettingsError for anything else.
    """
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise SettingsError("WEBHOOK_ALLOWED_NETWORKS: must be comma-separated networks like 127.0.0.0/8") from None


def is_public(address: Address) -> bool:
    """Tell whether `address` is one that anybody on the internet could reach, judging it by the one it wraps."""
    address = _unwrap(address)
    if isinstance(address, IPv6Address) and address not in _IPV6_UNICAST:
        return False
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in _NEVER_PUBLIC)


def explain_refusal(address: Address, networks: Networks, *, scheme: str) -> str | None:
    """Return None if a webhook may go to `address`, or else a reason that may be shown to the tenant.

    Inside `networks` anything goes; elsewhere only public addresses, and only by https. The reason never holds
    the address: that a name leads there is for the operator to know.
    """
    if any(_unwrap(address) in network or address in network for network in networks):
        return None
    if not is_public(address):
        return NOT_PUBLIC
    return None if scheme == "https" else NOT_ENCRYPTED


def is_port_allowed(port: int) -> bool:
    """Tell whether webhooks may go to `port`: never to mail, shell, directory and other well-known services."""
    return port in WEB_PORTS.values() or port >= FIRST_UNPRIVILEGED_PORT


def check_url(url: str, networks: Networks) -> None:
    """Check all of `url` that can be checked without DNS.

    Raises ValueError, which pydantic's validators understand, with a message for the tenant.
    """
    if len(url) > MAX_URL_CHARACTERS:
        raise ValueError(f"The URL must not be longer than {MAX_URL_CHARACTERS} characters.")
    # Parsers disagree about these, and a disagreement about the host is a way around this check.
    if any(character <= " " or character in "\\\x7f" for character in url):
        raise ValueError("The URL must not contain spaces, control characters or backslashes.")
    parts, port = _split(url)
    if parts.scheme not in WEB_PORTS:
        raise ValueError(NOT_ENCRYPTED)
    if "@" in parts.netloc:
        raise ValueError("The URL must not contain a user name or password.")
    if not parts.hostname:
        raise ValueError("The URL must name a host.")
    if not is_port_allowed(WEB_PORTS[parts.scheme] if port is None else port):
        raise ValueError(PORT_REFUSED)
    reason = _explain_host(parts.hostname.removesuffix("."), networks, scheme=parts.scheme)
    if reason is not None:
        raise ValueError(reason)


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(UNREADABLE) from None
    return parts, port


def _explain_host(host: str, networks: Networks, *, scheme: str) -> str | None:
    """Judge a literal address; of a name, only what is certain before DNS is asked."""
    try:
        return explain_refusal(ip_address(host), networks, scheme=scheme)
    except ValueError:
        last_label = host.rpartition(".")[2]
    if last_label.isdecimal() or last_label.startswith("0x"):
        # Resolvers read 127.1, 0x7f.1 and 2130706433 as addresses too.
        return "An address in the URL must be written as four decimal numbers."
    if last_label == "localhost" and not any(network.is_loopback for network in networks):
        return NOT_PUBLIC
    # A name may still lead into an allowed network, but not where there is none.
    return NOT_ENCRYPTED if scheme != "https" and not networks else None


def _unwrap(address: Address) -> Address:
    """Return the IPv4 address that traffic to `address` ends up at, if it is one of those."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else address
