"""Options of the server: wrong ones are refused, and the host names follow from the address."""

import pytest

from assay.errors import InputError
from assay.server.options import ServerOptions


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": 70000}, "^port is 70000; 0 to 65535 are accepted"),
        ({"host": " "}, "^host is blank, which would be every address"),
        ({"api_key": " "}, "the API key is blank"),
        ({"api_key": "a\nb"}, "line breaks, control characters"),
        ({"api_key": "열쇠"}, "letters beyond ASCII"),
        ({"cors_origins": ("https://a.example/x",)}, "^cors_origins is 'https://a.example/x'; an"),
        ({"cors_origins": ("a.example",)}, "without a path or a slash"),
        ({"cors_origins": ("https://한국.example",)}, "xn--"),
        ({"cors_origins": ("https://a\r\nX: y",)}, "^cors_origins is"),
        ({"watch_s": float("nan")}, "^watch_s is nan; 0 or more"),
        ({"keep_alive_s": float("inf")}, "^keep_alive_s is inf; more than 0"),
        ({"root_path": "/a/../b"}, "^root_path is '/a/../b'; a path such as /nlp"),
        ({"workers": 0}, "^workers is 0; 1 to 256 is accepted"),
        ({"watch_s": -1.0}, "^watch_s is -1; 0 or more is accepted"),
        ({"keep_alive_s": 0.0}, "^keep_alive_s is 0; more than 0 is accepted"),
        (
            {"allowed_hosts": ("http://a.example",)},
            "^allowed_hosts is 'http://a.example'; a name or an address",
        ),
        (
            {"allowed_hosts": ("a.example:80",)},
            "^allowed_hosts is 'a.example:80'; a name or an address",
        ),
    ],
    ids=[
        *("port", "host", "key", "key-lines", "key-letters", "origin-path", "origin-name"),
        *("origin-letters", "origin-lines", "watch-nan", "keep-alive-inf", "root-path"),
        *("workers", "watch", "keep-alive", "host-url", "host-port"),
    ],
)
def test_wrong_options_are_refused(options, message):
    """In a sentence, before anything starts."""
    with pytest.raises(InputError, match=message):
        ServerOptions(**options)


@pytest.mark.parametrize(
    ("options", "address", "names"),
    [
        ({}, "127.0.0.1", {"localhost", "127.0.0.1", "[::1]"}),
        ({"host": "127.0.0.2"}, "127.0.0.2", {"localhost", "127.0.0.1", "[::1]", "127.0.0.2"}),
        ({"host": "::1"}, "::1", {"localhost", "127.0.0.1", "[::1]"}),
        ({"host": "box"}, "127.0.1.1", {"localhost", "127.0.0.1", "[::1]", "box"}),
        ({"host": "0.0.0.0"}, "0.0.0.0", None),
        ({"host": "0.0.0.0", "allowed_hosts": ("a.example",)}, "0.0.0.0", {"a.example", "0.0.0.0"}),
        ({"allowed_hosts": ("*",)}, "127.0.0.1", None),
    ],
    ids=["default", "other-loopback", "ipv6", "name", "everywhere", "everywhere-named", "any"],
)
def test_names_follow_from_the_address(options, address, names):
    """On loopback its own names and the allowed ones; elsewhere any, unless some are named."""
    assert ServerOptions(**options).hosts(address) == (None if names is None else frozenset(names))


def test_keys_and_origins_are_as_clients_send_them():
    """A key from a file ends with a line break; browsers leave out a port that goes without saying."""
    origins = ("https://App.example:443", "http://localhost:3000", "*", "null")
    options = ServerOptions(api_key=" secret\r\n", cors_origins=origins)
    assert options.api_key == "secret"
    expected = ("https://app.example", "http://localhost:3000", "*", "null")
    assert options.cors_origins == expected
