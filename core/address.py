"""Mail addresses: which can be written to, and their one stored form."""

import re

FREE_MAIL = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "yahoo.com",
        "icloud.com",
        "aol.com",
        "gmx.de",
        "gmx.net",
        "web.de",
        "proton.me",
        "protonmail.com",
        "mail.com",
        "yandex.com",
        "zoho.com",
        "t-online.de",
        "orange.fr",
        "free.fr",
        "libero.it",
    ]
)

# What every mail server takes: a dot-atom, an at sign, a host name with a dot. Quoted and exotic forms are not for selling.
_ADDRESS = re.compile(
    r"(?=.{3,254}\Z)(?P<local>[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)"
    r"@(?P<domain>(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9]))"
)


def parse(text: str) -> str | None:
    """The address in its one stored form (lower case), or None when it is not one that can be written to."""
    match = _ADDRESS.fullmatch(text.strip())
    if match is None or len(match["local"]) > 64:
        return None
    return f"{match['local']}@{match['domain']}".lower()


def domain(email: str) -> str:
    return email.rsplit("@", 1)[-1]
