"""What to do, whether we may, and what is true: the domain, without HTTP, Slack or a job queue."""

import zoneinfo

# Time zones are those of the pinned package, not of whatever the machine has: when a message leaves does not depend on it.
zoneinfo.reset_tzpath(to=())
