"""Ids that Slack sends back, matched whole. Messages outlive deploys: add ids, never rename them."""

EXECUTE = "move_execute"
SNOOZE = "move_snooze"
DISMISS = "move_dismiss"
UNDO = "move_undo"
MORE = "move_more"
SAYS_SENT = "move_says_sent"
SAYS_AGAIN = "move_says_again"
SAYS_DROP = "move_says_drop"
RESUME = "resume"
DIGEST_MORE = "digest_more"

EXECUTE_VIEW = "execute_view"
DISMISS_VIEW = "dismiss_view"

SUBJECT = "subject"
BODY = "body"
TO = "to"
REASON = "reason"
INPUT = "input"
"""The action id of the one input within an input block; blocks are told apart by their block ids above."""

COMMAND = "/moves"

POST_EVENT = "caseyos_post"
"""Event type of the metadata on every message of ours; its payload's `key` finds a post whose answer was lost."""
