"""The sandbox's Slack in a real browser: what a person sees, presses and types, and that hostile text stays text."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.sandbox.page_support import APPROVE, CHROMIUM, Bot, Json, Sandbox, button, move, plain, section, until

HOSTILE = "<script>window.alive = 1</script><img src=x onerror='window.alive = 2'>&lt;b&gt;bold&lt;/b&gt;"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]


def test_why_opens_from_the_menu_and_escape_gives_the_focus_back(page: Page, sandbox: Sandbox, bot: Bot) -> None:
    why = {"type": "modal", "title": plain("Why 86"), "close": plain("Close"), "blocks": [section("`+31`  *revenue*")]}
    bot.on["more"] = lambda press: sandbox.slack("views.open", trigger_id=press["trigger_id"], view=why) and None
    sandbox.say("Today's Moves", move())

    page.get_by_role("button", name="More choices").press("ArrowDown")
    page.keyboard.press("Enter")

    modal = page.get_by_role("dialog", name="Why 86")
    expect(modal.locator("strong")).to_have_text("revenue")
    page.keyboard.press("Escape")
    expect(modal).to_be_hidden()
    expect(page.get_by_role("button", name="More choices")).to_be_focused()
    expect(page.locator("#happened-list")).to_contain_text("Casey pressed “Why 86?”")
    assert sandbox.control("slack?user=U0CASEY")["views"] == []


def test_an_approval_shows_errors_under_the_field_keeps_what_was_typed_and_arrives_exactly(
    page: Page, sandbox: Sandbox, bot: Bot
) -> None:
    def submitted(payload: Json) -> Json | None:
        typed = payload["view"]["state"]["values"]["subject"]["v"]["value"]
        return {"response_action": "errors", "errors": {"subject": "Say more."}} if typed == "Hi" else None

    bot.on["execute"] = lambda press: sandbox.slack("views.open", trigger_id=press["trigger_id"], view=APPROVE) and None
    bot.on["submit"] = submitted
    sandbox.say("Today's Moves", move())
    page.get_by_role("button", name="Execute").click()
    expect(page.get_by_label("Subject")).to_be_focused()

    page.get_by_label("Subject").fill("Hi")
    page.get_by_label("Copy to").fill("nobody")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("[data-block=how] .problem")).to_contain_text("required")
    expect(page.locator("[data-block=copy] .problem")).to_contain_text("email")

    page.get_by_label("Copy to").fill("orla@pier7.example")
    page.get_by_label("later").check()
    page.get_by_label("note", exact=True).check()
    page.get_by_role("textbox", name="Text").fill("Hello <Dana>,\n& thanks.")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("[data-block=subject] .problem")).to_have_text("Say more.")
    expect(page.get_by_label("Subject")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("textbox", name="Text")).to_have_value("Hello <Dana>,\n& thanks.")

    page.get_by_label("Subject").fill("Your stand on 14 January")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    values = bot.got[-1]["view"]["state"]["values"]
    assert values["subject"]["v"]["value"] == "Your stand on 14 January"
    assert values["text"]["v"]["value"] == "Hello <Dana>,\n& thanks."
    assert values["day"]["v"]["selected_date"] == "2026-11-24"
    assert values["how"]["v"]["selected_option"]["value"] == "later"
    assert [one["value"] for one in values["also"]["v"]["selected_options"]] == ["note"]


def test_tab_stays_inside_an_open_modal(page: Page, sandbox: Sandbox, bot: Bot) -> None:
    bot.on["execute"] = lambda press: sandbox.slack("views.open", trigger_id=press["trigger_id"], view=APPROVE) and None
    sandbox.say("Today's Moves", move())
    page.get_by_role("button", name="Execute").click()
    expect(page.get_by_label("Subject")).to_be_focused()

    for key in ["Tab"] * 16 + ["Shift+Tab"] * 16:
        page.keyboard.press(key)
        assert page.evaluate("document.getElementById('modal').contains(document.activeElement)")


def test_a_press_shows_that_it_waits_and_says_when_nobody_answered(page: Page, sandbox: Sandbox, bot: Bot) -> None:
    def dawdle(_press: Json) -> None:
        time.sleep(3.5)

    bot.on["snooze"] = dawdle
    sandbox.say("Today's Moves", move())
    snooze = page.get_by_role("button", name="Snooze")
    snooze.click()

    expect(snooze).to_have_attribute("aria-busy", "true")
    expect(page.locator(".actions .warn")).to_contain_text("CaseyOS did not answer within 3 seconds")
    expect(snooze).not_to_have_attribute("aria-busy", "true")


def test_a_confirmation_asks_before_anything_is_sent(page: Page, sandbox: Sandbox, bot: Bot) -> None:
    sandbox.say("Today's Moves", move())
    page.get_by_role("button", name="Never").click()
    page.get_by_role("dialog", name="For good?").get_by_role("button", name="No").click()
    assert bot.got == []

    page.get_by_role("button", name="Never").click()
    page.get_by_role("dialog", name="For good?").get_by_role("button", name="Yes").click()
    until(lambda: bot.got)


def test_hostile_text_is_never_alive(page: Page, sandbox: Sandbox, bot: Bot) -> None:
    select = {"type": "static_select", "action_id": "s", "placeholder": plain(HOSTILE), "options": []}
    select["options"] = [{"text": plain("<img src=x>"), "value": "a"}]
    links = "<javascript:window.alive=3|click> <data:text/html,x|data> <https://good.example/?a=1&amp;b=2|good>"
    picture = {"type": "image", "image_url": "https://elsewhere.example/pixel.png", "alt_text": HOSTILE}
    blocks = [
        {"type": "header", "text": plain(HOSTILE)},
        section(HOSTILE, fields=[plain(HOSTILE)]),
        section(links),
        {"type": "actions", "elements": [button("b", "<i>x</i>"), select]},
        picture,
        {"type": "markdown", "text": f"**x** {HOSTILE} [a](javascript:alert(1))"},
    ]
    sandbox.say(HOSTILE, blocks)
    sandbox.say(HOSTILE, channel="C0GENERAL")

    message = page.locator("#messages article").last
    expect(message.locator("h3")).to_contain_text("<script>window.alive = 1</script>")
    expect(message.locator(".no-pic")).to_contain_text("not fetched")
    assert page.locator("#messages :is(script, img, iframe, b, i)").count() == 0
    assert page.locator("#messages a").evaluate_all("all => all.map(a => a.href)") == ["https://good.example/?a=1&b=2"]


def test_marks_are_drawn_as_slack_draws_them(page: Page, sandbox: Sandbox) -> None:
    marks = "*bold* _it_ ~no~ `a*b*` snake_case_name 2*3*4 <@U0ORLA> <#C0WINS> <!channel> :tada: &lt;x&gt; &amp;"
    sandbox.say(f"{marks}\n&gt; quoted\n• one\n```x < y\n *z*```\n<!date^0^{{date_num}} {{time}}|then>")

    message = page.locator("#messages article .text").last
    expect(message.locator("strong")).to_have_text("bold")
    assert message.locator("em, s, code").all_inner_texts() == ["it", "no", "a*b*"]
    assert message.locator(".mention").all_inner_texts() == ["@Orla", "#wins", "@channel"]
    expect(message).to_contain_text("snake_case_name 2*3*4")
    expect(message).to_contain_text("🎉 <x> &")
    expect(message.locator("blockquote")).to_have_text("quoted")
    expect(message.locator("pre")).to_have_text("x < y\n *z*")
    expect(message.locator("time")).to_have_text("1970-01-01 01:00")


def test_news_arrive_without_taking_focus_text_or_place(page: Page, sandbox: Sandbox) -> None:
    for number in range(30):
        sandbox.say(f"message {number}")
    expect(page.locator("#messages article")).to_have_count(30)
    composer = page.get_by_placeholder("Message CaseyOS")
    composer.fill("half a thou")
    page.locator("#scroll").evaluate("box => { box.scrollTop = 100; }")

    ts = sandbox.say("a late one")
    sandbox.say("for the team", channel="C0WINS")

    expect(page.get_by_role("button", name="1 new message")).to_be_visible()
    expect(page.locator("[aria-live=polite]")).to_contain_text(re.compile("a late one|unread in #wins"))
    expect(page.get_by_role("button", name="wins 1 unread")).to_be_visible()
    expect(composer).to_be_focused()
    expect(composer).to_have_value("half a thou")
    assert page.locator("#scroll").evaluate("box => box.scrollTop") == 100

    page.get_by_role("button", name="1 new message").click()
    expect(page.locator(f"[data-ts='{ts}']")).to_be_in_viewport()
    sandbox.slack("chat.update", channel="D0CASEY", ts=ts, text="changed in place")
    expect(page.locator(f"[data-ts='{ts}']")).to_contain_text("changed in place")


def test_an_open_menu_and_the_focus_outlive_what_arrives(page: Page, sandbox: Sandbox) -> None:
    ts = sandbox.say("Today's Moves", move())
    page.get_by_role("button", name="More choices").click()
    sandbox.say("news")
    expect(page.locator("#messages article")).to_have_count(2)
    expect(page.get_by_role("menuitem", name="Why 86?")).to_be_focused()

    page.keyboard.press("Escape")
    page.get_by_role("button", name="Snooze").focus()
    sandbox.slack(
        "chat.update", channel="D0CASEY", ts=ts, text="Today's Moves", blocks=[section("New"), *_ids(sandbox)]
    )
    expect(page.locator("#messages article").first).to_contain_text("New")
    expect(page.get_by_role("button", name="Snooze")).to_be_focused()


def _ids(sandbox: Sandbox) -> list[Json]:
    """The blocks of the first message with the ids that Slack gave them."""
    direct = next(one for one in sandbox.control("slack")["channels"] if one["id"] == "D0CASEY")
    blocks: list[Json] = direct["messages"][0]["blocks"]
    return blocks


def test_a_command_is_hinted_sent_and_answered_for_one_person_only(page: Page, bot: Bot) -> None:
    bot.on["/moves"] = lambda asked: {"response_type": "ephemeral", "text": f"You asked for {asked['text']}."}
    composer = page.get_by_placeholder("Message CaseyOS")
    composer.fill("/mo")
    hints = page.get_by_role("listbox", name="Commands").get_by_role("option")
    expect(hints.first).to_contain_text("/moves today")
    composer.fill("/moves op")
    expect(hints).to_have_count(2)
    composer.press("ArrowUp")
    composer.press("Tab")
    expect(composer).to_have_value("/moves opt-out ")
    composer.fill("/moves to")
    composer.press("ArrowDown")
    composer.press("Tab")
    expect(composer).to_have_value("/moves today")
    composer.press("Enter")

    answer = page.locator("#messages article").last
    expect(answer).to_contain_text("Only visible to you")
    expect(answer).to_contain_text("You asked for today.")
    page.get_by_label("Act as").select_option("U0ORLA")
    expect(page.locator("#messages article")).to_have_count(0)


def test_a_thread_opens_beside_the_channel(page: Page, sandbox: Sandbox) -> None:
    ts = sandbox.say("Demo tomorrow?", channel="C0WINS")
    sandbox.say("Yes.", channel="C0WINS", thread_ts=ts)
    page.get_by_role("button", name="wins").click()
    page.get_by_role("button", name=re.compile(r"^1 reply, last today \d\d:\d\d$")).click()

    thread = page.get_by_role("complementary", name="Thread")
    reply = thread.get_by_placeholder("Reply in the thread")
    expect(reply).to_be_focused()
    reply.fill("a < b")
    reply.press("Enter")
    expect(thread.locator("article").last).to_contain_text("a < b")
    expect(page.get_by_role("button", name=re.compile("^2 replies"))).to_be_visible()
    assert sandbox.control("slack")["channels"][2]["messages"][-1]["text"] == "a &lt; b"
    reply.press("Escape")
    expect(thread).to_be_hidden()


def test_home_is_drawn_and_its_buttons_reach_the_bot(page: Page, sandbox: Sandbox, bot: Bot) -> None:
    sandbox.slack("views.publish", user_id="U0CASEY", view={"type": "home", "blocks": move()})
    page.get_by_role("tab", name="Home").click()
    page.locator("#home").get_by_role("button", name="Execute").click()
    until(lambda: any(one.get("type") == "block_actions" for one in bot.got))
    assert bot.got[-1]["view"]["type"] == "home"


def test_an_element_that_is_not_drawn_is_shown_as_such(page: Page, sandbox: Sandbox) -> None:
    sandbox.say("A date", [{"type": "actions", "elements": [{"type": "datepicker", "action_id": "day"}]}])
    expect(page.locator("#messages .undrawn")).to_have_text("This block is not drawn: element datepicker")
