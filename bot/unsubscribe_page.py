"""The address at which recipients of marketing mail unsubscribe: mail programs by one POST, people by a page with a button.

Nobody logs in: the token is what shows whose link it is. A GET changes nothing, as mail scanners follow every link.
"""

from html import escape

from aiohttp import web

from bot.services import Services
from core import unsubscribing
from core.guardrails.content import WAY_OUT

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 15vh auto; padding: 0 1rem }}
button {{ font: inherit; padding: .5rem 1.5rem }}</style>
<h1>{title}</h1>
<p>{said}</p>
{rest}
</html>
"""
_BUTTON = """<form method="post">
<input type="hidden" name="List-Unsubscribe" value="One-Click">
<button>Unsubscribe</button>
</form>"""


def register(app: web.Application, services: Services) -> None:
    company = services.settings.voice_company

    async def ask(request: web.Request) -> web.Response:
        async with services.database.begin() as db:
            link = await unsubscribing.opened(db, request.match_info["token"])
        if link is None:
            return _unknown()
        return _page(200, "Unsubscribe", f"Do you want no more mail from {company}?", _BUTTON)

    async def unsubscribe(request: web.Request) -> web.Response:
        # Whatever the body says: who takes the trouble to POST to this link wants to get out.
        async with services.database.begin() as db:
            link = await unsubscribing.opened(db, request.match_info["token"])
            if link is None:
                return _unknown()
            note = await unsubscribing.unsubscribe(db, link, now=services.clock())
        if note is not None:
            services.bell.ring("effect", [note])
        return _page(200, "You are unsubscribed", f"No more mail reaches you from {company}.")

    app.router.add_get(f"{WAY_OUT}{{token}}", ask)
    app.router.add_post(f"{WAY_OUT}{{token}}", unsubscribe)


def _unknown() -> web.Response:
    said = "Nothing was changed. Take the whole link of the mail, or answer the mail with the word “unsubscribe”."
    return _page(404, "This link leads nowhere", said)


def _page(status: int, title: str, said: str, rest: str = "") -> web.Response:
    text = _PAGE.format(title=escape(title), said=escape(said), rest=rest)
    return web.Response(status=status, text=text, content_type="text/html", headers=_HEADERS)
