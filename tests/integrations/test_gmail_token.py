"""Access tokens: given, or renewed from a credentials file over a token endpoint on loopback."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from core.ports import Unavailable
from integrations.google.token import BadCredentials, token_source


@asynccontextmanager
async def token_endpoint(status=200, **answer):
    """Answers as Google's does, and keeps what it was asked."""
    asked = []

    async def serve(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = next(int(line.split(":")[1]) for line in head.split("\r\n") if line.startswith("content-length"))
        asked.append((await reader.readexactly(length)).decode())
        body = json.dumps(answer).encode()
        lines = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n"
        writer.write(f"{lines}content-length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/token", asked
    server.close()
    await server.wait_closed()


def credentials(tmp_path, content):
    path = tmp_path / "google.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def user(url, **more):
    kept = {"client_id": "c", "client_secret": "s", "refresh_token": "r"}
    return {"type": "authorized_user", **kept, "token_uri": url, **more}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


async def test_a_given_token_is_used_as_it_is():
    assert await token_source(access_token=" ya29.x\n", credentials=None)() == "ya29.x"


async def test_without_any_access_the_sentence_names_the_settings():
    for given in (None, "", "  "):
        with pytest.raises(Unavailable, match="CASEYOS_GOOGLE_CREDENTIALS"):
            await token_source(access_token=given, credentials=None)()


async def test_a_token_is_renewed_once_for_all_who_ask(tmp_path):
    async with token_endpoint(access_token="ya29.new", expires_in=3599, token_type="Bearer") as (url, asked):
        source = token_source(access_token=None, credentials=credentials(tmp_path, user(url)))
        assert await asyncio.gather(*(source() for _ in range(5))) == ["ya29.new"] * 5
        assert len(asked) == 1
        assert "grant_type=refresh_token" in asked[0]


async def test_a_token_near_its_end_is_renewed(tmp_path):
    async with token_endpoint(access_token="ya29.short", expires_in=60, token_type="Bearer") as (url, asked):
        source = token_source(access_token=None, credentials=credentials(tmp_path, user(url)))
        await source()
        await source()
        assert len(asked) == 2


async def test_a_service_account_acts_for_a_mailbox(tmp_path):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    async with token_endpoint(access_token="ya29.account", expires_in=3599, token_type="Bearer") as (url, asked):
        content = {
            "type": "service_account",
            "client_email": "bot@pier7.example",
            "private_key": key.decode(),
            "token_uri": url,
        }
        path = credentials(tmp_path, content)
        with pytest.raises(BadCredentials, match="address of the mailbox"):
            token_source(access_token=None, credentials=path)
        source = token_source(access_token=None, credentials=path, mailbox="casey@pier7.example")
        assert await source() == "ya29.account"
        assert "assertion=" in asked[0]


async def test_a_refusal_says_what_to_mend(tmp_path):
    async with token_endpoint(400, error="invalid_grant", error_description="Token has been revoked.") as (url, asked):
        with pytest.raises(Unavailable, match="sign in again"):
            await token_source(access_token=None, credentials=credentials(tmp_path, user(url)))()
        assert len(asked) == 1


async def test_a_token_service_that_is_away_is_unavailable(tmp_path):
    async with token_endpoint() as (url, _):
        pass
    with pytest.raises(Unavailable, match="cannot be reached"):
        await token_source(access_token=None, credentials=credentials(tmp_path, user(url)))()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "type"),
        ({"type": "external_account"}, "type"),
        ({"type": "authorized_user"}, "download the credentials"),
        ({"type": "service_account"}, "address of the mailbox"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path, content, message):
    path = credentials(tmp_path, content)
    with pytest.raises(BadCredentials, match=message) as raised:
        token_source(access_token=None, credentials=path)
    assert str(raised.value).startswith(str(path))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadCredentials, match="cannot be read"):
        token_source(access_token=None, credentials=tmp_path / "missing.json")
