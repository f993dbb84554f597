"""POST /mail-preferences: whether the holder of an e-mail's link wants reminders."""

import functions_framework

from visio.bootstrap import app
from visio.edge import Call, anyone, endpoint
from visio.flows.mail_preferences import MailPreferences, holder
from visio.flows.mail_preferences import mail_preferences as flow
from visio.views.links import MailPreferencesView


@functions_framework.http
@endpoint("POST", takes=MailPreferences, door=anyone, needs=("links",))
def mail_preferences(command: MailPreferences, call: Call) -> MailPreferencesView:
    person = holder(command, call, links=app().personal_links)
    with app().acting_as_system(call, by=person.id) as tx:
        return MailPreferencesView(reminders=flow(command, call, tx, person=person))
