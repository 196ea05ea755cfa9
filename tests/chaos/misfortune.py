"""What goes wrong in a chaos run beside the kills, and which story leads to which point."""

LATE_S = 2.0
"""How late a request that was given up may still land; less than the shortest horizon of a run."""

FAULTS = (
    (("gmail", "drafts.send", "lose_answer"),),
    (("gmail", "drafts.create", "lose_answer"),),
    (("slack", "chat.postMessage", "lose_answer"),),
    (("gmail", "drafts.send", "lose_request"),),
    (("gmail", "drafts.create", "lose_request"),),
    (("slack", "chat.postMessage", "lose_request"),),
    (("gmail", "drafts.send", "late"),),
    (("slack", "chat.update", "lose_answer"),),
    (("gmail", "drafts.send", "unavailable"),),
    (("gmail", "drafts.send", "lose_answer"), ("gmail", "threads.get", "unavailable")),
    (("slack", "chat.postMessage", "rate_limit"),),
    (("gmail", "drafts.create", "unavailable"),),
    (("slack", "chat.postMessage", "late"),),
    (("gmail", "drafts.create", "late"),),
    (("gmail", "drafts.create", "error"), ("gmail", "drafts.list", "unavailable")),
    (("slack", "chat.postMessage", "lose_answer"), ("slack", "conversations.history", "unavailable")),
    (("gmail", "history.list", "lose_answer"),),
)
"""Each strikes the next requests of its methods, whosever they are."""

STORIES = (
    *("send", "task", "unlucky", "undo", "meeting", "pause", "snooze", "deal", "unlucky"),
    *("dismiss", "race", "announce", "unsure", "ask", "deleted"),
)
"""What becomes of a card, in turn; each is a function of `people.People`, or one of `works.WORKS`."""

LEADS_TO = (
    ("create_task", "task", None),
    ("MakeTask", "task", None),
    ("TieTask", "task", None),
    ("book_meeting", "meeting", None),
    ("CreateEvent", "meeting", None),
    ("PostPrep", "meeting", None),
    ("update_deal", "deal", None),
    ("ChangeDeal", "deal", None),
    ("post_to_channel", "announce", None),
    ("PostMessage", "announce", None),
    ("freeBusy", "meeting", None),
    ("tasks", "task", None),
    ("CreateDraft.undo", "undo", None),
    ("undo_unknown", "undo", None),
    ("Undo", "undo", None),
    ("send_email/0 applied", "undo", None),
    ("on_undo", "undo", None),
    ("on_word", "unsure", None),
    ("CannotTell", "unsure", None),
    ("Refused", "deleted", None),
    ("send_email/1 approved", "pause", None),
    ("send_email/1", "unlucky", "drafts.send"),
    ("SendDraft", "unlucky", "drafts.send"),
    ("send_email/0", "unlucky", "drafts.create"),
    ("CreateDraft.find", "unlucky", "drafts.create"),
    ("Whisper", "race", None),
    ("telling", "unlucky", "chat.postMessage"),
    ("poll #2", "unlucky", "history.list"),
    ("snooze", "snooze", None),
    ("/crm/", "snooze", None),
    ("on_error", "race", None),
    ("pause", "pause", None),
    ("resume", "pause", None),
    ("on_more", "ask", None),
    ("home", "ask", None),
    ("views.publish", "ask", None),
    ("moves:", "ask", None),
    ("list_commands:", "ask", None),
    ("/messages bot.watching", "ask", None),
    ("/slack/events", "ask", None),
    ("", "send", None),
)
"""What in a point's name is reached by which story, and by a fault in which method; the first that fits counts."""


def leading_to(point: str) -> tuple[str, str | None]:
    return next((story, method) for sign, story, method in LEADS_TO if sign in point)
