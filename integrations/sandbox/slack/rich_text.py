"""The shapes inside rich_text blocks."""

from integrations.sandbox.slack.elements import URL, USER
from integrations.sandbox.slack.shapes import Check, boolean, by_type, integer, list_of, one_of, shape, string

_STYLE = shape({}, {"bold": boolean, "italic": boolean, "strike": boolean, "code": boolean, "underline": boolean})
_STYLED: dict[str, Check] = {"style": _STYLE}
_INLINE: dict[str, Check] = {
    "text": shape({"text": string(3000)}, _STYLED),
    "link": shape({"url": URL}, {**_STYLED, "text": string(3000), "unsafe": boolean}),
    "emoji": shape({"name": string(100)}, {"unicode": string(100), "skin_tone": integer(1, 6), **_STYLED}),
    "user": shape({"user_id": USER}, _STYLED),
    "channel": shape({"channel_id": string(30)}, _STYLED),
    "usergroup": shape({"usergroup_id": string(30)}, _STYLED),
    "broadcast": shape({"range": one_of("here", "channel", "everyone")}, _STYLED),
    "color": shape({"value": string(20)}, _STYLED),
    "date": shape({"timestamp": integer(0, 2**40), "format": string(200)}, {"url": URL, "fallback": string(300)}),
}
_RUN = list_of(by_type(_INLINE, "rich text"), 0, 500)
_SECTION = shape({"elements": _RUN})

RICH_TEXT_PARTS: dict[str, Check] = {
    "rich_text_section": _SECTION,
    "rich_text_list": shape(
        {
            "style": one_of("bullet", "ordered"),
            "elements": list_of(by_type({"rich_text_section": _SECTION}, "list"), 1, 200),
        },
        {"indent": integer(0, 8), "border": integer(0, 1), "offset": integer(0, 10_000)},
    ),
    "rich_text_preformatted": shape({"elements": _RUN}, {"border": integer(0, 1), "language": string(50)}),
    "rich_text_quote": shape({"elements": _RUN}, {"border": integer(0, 1)}),
}
