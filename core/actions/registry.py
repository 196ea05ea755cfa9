"""All actions. A new one is a file beside this and one line here."""

from typing import Any

from core.actions.book_meeting import BOOK_MEETING
from core.actions.create_task import CREATE_TASK
from core.actions.post_to_channel import POST_TO_CHANNEL
from core.actions.reply_in_thread import REPLY_IN_THREAD
from core.actions.send_email import SEND_EMAIL
from core.actions.update_deal import UPDATE_DEAL
from core.plan import Action

ACTIONS: dict[str, Action[Any]] = {
    action.kind: action
    for action in (SEND_EMAIL, REPLY_IN_THREAD, CREATE_TASK, BOOK_MEETING, UPDATE_DEAL, POST_TO_CHANNEL)
}
