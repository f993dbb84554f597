"""How often the pages ask, in seconds: what is measured, priced and simulated.

A test compares with the pages themselves (web/visio/lobby.js and live.js) and with domain/lobby.py.
"""

RENEW = 15.0
"""A client who waits says so; away after twice as long unheard, gone after eight times."""
POLL = 5.0
"""The lobby's state, where no socket tells of changes."""
ANYWAY = 60.0
"""The same where one does: for a bell that was missed."""
LOOK = 15.0
"""The operator's waiting room, while somebody waits in it."""
WITHOUT_SOCKET = 0.05
"""One client in twenty has no socket."""
