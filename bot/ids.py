"""Ids that Slack sends back, matched whole. Messages outlive deploys: add ids, never rename them."""

from core.home import Tab

EXECUTE = "move_execute"
SNOOZE = "move_snooze"
DISMISS = "move_dismiss"
UNDO = "move_undo"
MORE = "move_more"
SAYS_SENT = "move_says_sent"
SAYS_AGAIN = "move_says_again"
SAYS_DROP = "move_says_drop"
DIGEST_MORE = "digest_more"

HOME_TABS: dict[Tab, str] = {
    "today": "home_today",
    "under_way": "home_under_way",
    "snoozed": "home_snoozed",
    "done": "home_done",
    "outcomes": "home_outcomes",
    "settings": "home_settings",
}
HOME_OLDER = "home_older"
HOME_NEWER = "home_newer"
HOME_DIGEST = "home_digest"
HOME_DRY_RUN_ON = "home_dry_run_on"
HOME_DRY_RUN_OFF = "home_dry_run_off"
HOME_PAUSE = "home_pause"
HOME_RESUME = "home_resume"

EXECUTE_VIEW = "execute_view"
DIGEST_VIEW = "digest_view"
NEVER_VIEW = "never_view"
HAND_OVER_VIEW = "hand_over_view"

SUBJECT = "subject"
BODY = "body"
TO = "to"
REASON = "reason"
LEAVES = "leaves"
LEAVES_AT = "leaves_at"
WHOM = "whom"
INPUT = "input"
"""The action id of the one input within an input block; blocks are told apart by their block ids above."""

COMMAND = "/moves"

POST_EVENT = "caseyos_post"
"""Event type of the metadata on every message of ours; its payload's `key` finds a post whose answer was lost."""
