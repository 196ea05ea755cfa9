"""Cards, tables and charts in a real browser: what is drawn, pressed, sorted and read aloud."""

import pytest
from playwright.sync_api import Page, expect

from tests.sandbox.page_support import CHROMIUM, Bot, Json, Sandbox, button, plain, until

HOSTILE = "<script>window.alive = 1</script><img src=x onerror='window.alive = 2'>"
WEEKS = ["30 Oct", "6 Nov", "13 Nov", "20 Nov"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]


def raw(*words: str) -> list[Json]:
    return [{"type": "raw_text", "text": one} for one in words]


def plot(kind: str, series: dict[str, list[float]], categories: list[str] = WEEKS) -> Json:
    return {
        "type": "data_visualization",
        "title": f"Replies as {kind}",
        "chart": {
            "type": kind,
            "series": [
                {
                    "name": name,
                    "data": [{"label": at, "value": value} for at, value in zip(categories, values, strict=True)],
                }
                for name, values in series.items()
            ],
            "axis_config": {"categories": categories, "y_label": "replies"},
        },
    }


def pie(**segments: float) -> Json:
    parts = [{"label": name, "value": value} for name, value in segments.items()]
    return {"type": "data_visualization", "title": "Where they came from", "chart": {"type": "pie", "segments": parts}}


def ranking(names: list[str], page_size: int = 3) -> Json:
    rows = [[*raw(name), {"type": "raw_number", "value": len(name), "text": f"{len(name)} of 20"}] for name in names]
    head = raw("Rule", "Replies")
    return {"type": "data_table", "caption": "Replies by rule", "page_size": page_size, "rows": [head, *rows]}


def test_a_card_and_a_carousel_are_pressed_like_any_message(page: Page, sandbox: Sandbox, bot: Bot) -> None:
    def card(name: str) -> Json:
        return {
            "type": "card",
            "title": plain(name),
            "body": plain("Asked for prices."),
            "actions": [button("go", "Go")],
        }

    sandbox.say(
        "Two moves", [card("Reply to Dana"), {"type": "carousel", "elements": [card("Call Miles"), card("Ask Orla")]}]
    )
    page.locator(".carousel .slack-card").nth(1).get_by_role("button", name="Go").click()
    page.locator(".slack-card").first.get_by_role("button", name="Go").click()
    until(lambda: len(bot.got) == 2)
    pressed = [press["actions"][0]["block_id"] for press in bot.got]
    shown = bot.got[0]["message"]["blocks"]
    assert pressed == [shown[1]["elements"][1]["block_id"], shown[0]["block_id"]]


def test_a_data_table_sorts_by_its_numbers_and_turns_its_pages(page: Page, sandbox: Sandbox) -> None:
    names = ["form", "deal", "reply by mail", "a meeting", "silence for ten days"]
    sandbox.say("Replies", [ranking(names)])
    table = page.get_by_role("table", name="Replies by rule")
    first = table.get_by_role("rowheader")
    expect(first).to_have_text(["form", "deal", "reply by mail"])
    page.get_by_role("button", name="Further").click()
    expect(first).to_have_text(["a meeting", "silence for ten days"])
    expect(page.get_by_role("button", name="Further")).to_be_disabled()
    table.get_by_role("button", name="Replies").press("Enter")
    expect(first).to_have_text(["form", "deal", "a meeting"])
    table.get_by_role("button", name="Replies").press("Enter")
    expect(first).to_have_text(["silence for ten days", "reply by mail", "a meeting"])
    expect(table.get_by_role("columnheader", name="Replies")).to_have_attribute("aria-sort", "descending")
    expect(page.get_by_role("status").filter(has_text="of 5")).to_have_text("1 to 3 of 5")


def test_a_wide_table_scrolls_by_itself_on_a_phone(page: Page, sandbox: Sandbox) -> None:
    page.set_viewport_size({"width": 390, "height": 780})
    rows = [raw(*(f"column {n}" for n in range(12))), raw(*(f"value {n}" for n in range(12)))]
    sandbox.say("Wide", [{"type": "table", "rows": rows, "column_settings": [{"align": "right", "is_wrapped": False}]}])
    frame = page.get_by_role("region", name="Table")
    expect(frame.get_by_role("columnheader")).to_have_count(12)
    assert frame.evaluate("node => node.scrollWidth > node.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("kind", ["bar", "line", "area"])
def test_a_chart_says_its_figures_in_words_and_as_a_table(page: Page, sandbox: Sandbox, kind: str) -> None:
    sandbox.say("Chart", [plot(kind, {"form": [3, 5, 2, 8], "deal": [1, -2, 0.5, 4]})])
    expect(page.get_by_role("img", name=f"Replies as {kind}: form: 30 Oct 3")).to_be_visible()
    page.get_by_text("The figures").click()
    rows = page.get_by_role("region", name=f"The figures of Replies as {kind}").get_by_role("row")
    expect(rows).to_have_text(["formdeal", "30 Oct31", "6 Nov5-2", "13 Nov20.5", "20 Nov84"])


def test_bars_are_as_high_as_their_values(page: Page, sandbox: Sandbox) -> None:
    sandbox.say("Chart", [plot("bar", {"form": [2, 4, -2, 8]})])
    expect(page.locator(".bar")).to_have_count(4)
    boxes = page.locator(".bar").evaluate_all(
        "bars => bars.map(bar => [Number(bar.getAttribute('y')), Number(bar.getAttribute('height'))])"
    )
    heights = [height for _, height in boxes]
    assert heights == pytest.approx([heights[0], 2 * heights[0], heights[0], 4 * heights[0]])
    assert boxes[2][0] == pytest.approx(boxes[0][0] + heights[0])  # below the line of nought


def test_a_pie_shares_its_circle_and_numbers_its_slices(page: Page, sandbox: Sandbox) -> None:
    sandbox.say("Pie", [pie(form=6, deal=3, reply=3), pie(only=1)])
    legend = page.locator(".chart").first.locator(".legend li")
    expect(legend).to_have_text(["1 form: 6 (50 %)", "2 deal: 3 (25 %)", "3 reply: 3 (25 %)"])
    expect(page.locator(".chart").first.locator(".on-plate")).to_have_text(["1", "2", "3"])
    expect(page.locator(".chart").nth(1).locator(".slice")).to_be_visible()


def test_hostile_names_stay_names(page: Page, sandbox: Sandbox) -> None:
    name = "<b>x</b><script>"
    card = {"type": "card", "title": plain(HOSTILE), "body": {"type": "mrkdwn", "text": "&lt;!channel&gt; <!channel>"}}
    table = {"type": "table", "rows": [raw(HOSTILE, "x"), raw("y", HOSTILE)]}
    sandbox.say("Hostile", [card, table, ranking([HOSTILE, name]), plot("bar", {name: [1]}, [name]), pie(**{name: 2})])
    expect(page.locator(".slack-card .title")).to_have_text(HOSTILE)
    expect(page.locator(".legend").first).to_have_text(name)
    assert page.evaluate("window.alive") is None
    assert page.locator(".message script, .message img").count() == 0
