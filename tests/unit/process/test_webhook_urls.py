"""What may be said about a webhook's URL without asking DNS."""

from ipaddress import ip_address

import pytest

from smartqueue.errors import SettingsError
from smartqueue.webhook_urls import check_url, explain_refusal, is_public, parse_networks

LOOPBACK = parse_networks("127.0.0.0/8, ::1/128")

PUBLIC = [
    "1.1.1.1",
    "52.95.110.1",
    "172.15.0.1",
    "172.32.0.1",
    "100.63.255.255",
    "2606:4700:4700::1111",
    "2a05:d018::1",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
]
NOT_PUBLIC = {
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12:3456::1"],
    "link-local": ["169.254.1.1", "fe80::1", "fe80::1%eth0", "fec0::1"],
    "instance metadata": ["169.254.169.254", "169.254.170.2", "fd00:ec2::254"],
    "carrier NAT": ["100.64.0.1", "100.127.255.255"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "255.255.255.255", "192.0.0.8", "192.0.0.9", "5f00::1", "4000::1", "100::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "benchmarking": ["198.18.0.1", "2001:2::1"],
    "IPv4-mapped": ["::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1"],
    "IPv4-compatible": ["::127.0.0.1", "::1.1.1.1", "::ffff:0:127.0.0.1"],
    "6to4": ["2002:7f00:1::1", "2002:101:101::1", "192.88.99.1"],
    "NAT64": ["64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::101:101"],
    "Teredo": ["2001::1", "2001:0:7f00:1::"],
}


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", [address for group in NOT_PUBLIC.values() for address in group])
def test_everything_else_is_not(address: str) -> None:
    assert not is_public(ip_address(address))
    assert explain_refusal(ip_address(address), (), scheme="https") == "The URL's host is not a public address."


def test_allowed_networks_take_any_scheme_and_public_addresses_only_https() -> None:
    assert explain_refusal(ip_address("127.0.0.1"), LOOPBACK, scheme="http") is None
    assert explain_refusal(ip_address("::ffff:127.0.0.1"), LOOPBACK, scheme="http") is None
    assert explain_refusal(ip_address("1.1.1.1"), LOOPBACK, scheme="https") is None
    assert explain_refusal(ip_address("1.1.1.1"), LOOPBACK, scheme="http") == "The URL must begin with https://."
    assert explain_refusal(ip_address("10.0.0.1"), LOOPBACK, scheme="https") is not None


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com/hook?token=a;b#part",
        "https://example.com:8443/",
        "https://EXAMPLE.com.:443/",
        "https://1.1.1.1/",
        "https://[2606:4700:4700::1111]:65535/",
        "https://xn--mnchen-3ya.example/",
        "https://1and1.example/",
    ],
)
def test_good_urls_pass(url: str) -> None:
    check_url(url, ())


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "begin with https"),
        ("example.com/hook", "begin with https"),
        ("ftp://example.com/", "begin with https"),
        ("file:///etc/passwd", "begin with https"),
        ("gopher://example.com/", "begin with https"),
        ("http://example.com/", "begin with https"),
        ("http://1.1.1.1/", "begin with https"),
        ("https://user:password@example.com/", "user name or password"),
        ("https://@example.com/", "user name or password"),
        ("https:///hook", "name a host"),
        ("https://", "name a host"),
        ("https://example.com:22/", "port"),
        ("https://example.com:0/", "port"),
        ("https://example.com:1023/", "port"),
        ("https://example.com:65536/", "cannot be read"),
        ("https://example.com:port/", "cannot be read"),
        ("https://[::1/", "cannot be read"),
        ("https://[not-an-address]/", "cannot be read"),
        ("https://example.com/a b", "spaces"),
        ("https://exa\nmple.com/", "spaces"),
        ("https://example.com\\@evil.example/", "backslashes"),
        ("https://example.com/\x7f", "control"),
        ("https://example.com/" + "a" * 2048, "longer"),
        ("https://127.0.0.1/", "not a public"),
        ("https://[::1]/", "not a public"),
        ("https://[::ffff:127.0.0.1]/", "not a public"),
        ("https://[fe80::1%25eth0]/", "not a public"),
        ("https://169.254.169.254/latest/meta-data/", "not a public"),
        ("https://localhost/", "not a public"),
        ("https://hook.LOCALHOST./", "not a public"),
        ("https://127.1/", "four decimal numbers"),
        ("https://2130706433/", "four decimal numbers"),
        ("https://0x7f000001/", "four decimal numbers"),
        ("https://0177.0.0.01/", "four decimal numbers"),
        ("https://127.0.0.1./", "not a public"),
    ],
)
def test_bad_urls_are_refused_with_a_reason(url: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        check_url(url, ())
    assert "password@" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000/", "http://[::1]:9000/", "http://localhost:9000/", "http://receiver.test/"]
)
def test_urls_into_allowed_networks_pass(url: str) -> None:
    check_url(url, LOOPBACK)


def test_networks_are_read_from_settings() -> None:
    assert [str(network) for network in LOOPBACK] == ["127.0.0.0/8", "::1/128"]
    assert parse_networks("") == parse_networks(" , ") == ()


@pytest.mark.parametrize("text", ["localhost", "127.0.0.1/8", "10.0.0.0/33", "10.0.0.0/8;::1"])
def test_bad_networks_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="WEBHOOK_ALLOWED_NETWORKS"):
        parse_networks(text)
