"""What could be wrong with the product, one small sabotage each, and the tests that must notice.

A sabotage takes one guard away and leaves the rest: where several stand behind one another, each
has a test of its own. `old` stands in its file exactly once.
"""

from dataclasses import dataclass

EDGE, IDENTITY = "src/visio/edge.py", "src/visio/identity.py"
JWS = "src/visio/adapters/jws.py"
DATABASE, PIPELINE = "src/visio/adapters/database.py", "src/visio/adapters/pipeline.py"
POOL, STATEMENTS = "src/visio/adapters/pool.py", "src/visio/adapters/statements.py"
PREPARED = "src/visio/adapters/prepared.py"
OUTBOX, INBOX = "src/visio/adapters/outbox.py", "src/visio/adapters/inbox.py"
MEETINGS, REQUESTS = "src/visio/adapters/meetings.py", "src/visio/adapters/requests.py"
ROOMS, LOBBY = "src/visio/adapters/rooms.py", "src/visio/domain/lobby.py"
WEBHOOK, RELAY = "src/visio/flows/calcom_webhook.py", "src/visio/flows/relay_signal.py"
PEOPLE_SQL = "sql/migrations/20261124090100_create_people.sql"
POLICIES_SQL = "sql/migrations/20261128100000_let_policies_use_indexes.sql"
MEETINGS_SQL = "sql/migrations/20261124090200_create_meetings_and_requests.sql"
KNOCKS_SQL = "sql/migrations/20261124090300_create_notifications_and_knocks.sql"
BOXES_SQL = "sql/migrations/20261124090400_create_outbox_and_inbox.sql"
RECORD_SQL = "sql/migrations/20261125090000_keep_every_transition.sql"
BUFFERS_SQL = "sql/migrations/20261125090100_keep_buffers_reminders_and_calendars.sql"
LOBBY_SQL = "sql/migrations/20261126090000_keep_devices_epochs_and_messages.sql"
GRANTS_SQL = "sql/migrations/20261127090000_stand_on_supabase.sql"
PATIENCE, PUBSUB = "src/visio/adapters/patience.py", "src/visio/adapters/pubsub.py"
CHAIN, SMTP = "src/visio/flows/follow_chain.py", "src/visio/adapters/smtp.py"

REMOTE = "tests/attack/test_faults_remote.py"
FUNCTIONS, SQL, UNIT = "tests/functions/test_", "tests/sql/test_", "tests/unit/test_"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One sabotage. Each of `tests` is a file or a test in it, and one of them must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def in_sql(self) -> bool:
        """Whether the database has to be made anew to hold it."""
        return self.file.startswith("sql/")


MUTANTS = (
    # Who is calling.
    Mutant(
        "a token that has expired is taken",
        IDENTITY,
        'if times["exp"] <= at - LEEWAY or not begun:',
        "if not begun:",
        (f"{FUNCTIONS}edge.py::test_a_token_that_is_not_a_users_opens_nothing",),
    ),
    Mutant(
        "a token for another audience is taken",
        JWS,
        "return audience in named if audience is not None else not named",
        "return True",
        (f"{FUNCTIONS}edge.py::test_a_token_that_is_not_a_users_opens_nothing",),
    ),
    Mutant(
        "a service's token is a user's",
        IDENTITY,
        'if claims.get("role") != "authenticated":',
        "if False:",
        (f"{FUNCTIONS}edge.py::test_a_token_that_is_not_a_users_opens_nothing",),
    ),
    Mutant(
        "a token is taken before its time",
        IDENTITY,
        'for name in ("nbf", "iat"))',
        "for name in ())",
        (f"{FUNCTIONS}edge.py::test_a_token_that_is_not_a_users_opens_nothing",),
    ),
    Mutant(
        "a time that is no number never ends a token",
        IDENTITY,
        "return -INFINITY < value < INFINITY",
        "return True",
        ("tests/attack/test_identity.py::test_no_forged_token_is_a_users",),
    ),
    Mutant(
        "a signature is not verified",
        JWS,
        "if not hmac.compare_digest(_mac(signing, secret).encode(), signature.encode()):",
        "if False:",
        (f"{UNIT}jws.py::test_what_the_secret_has_not_signed_so_says_nothing",),
    ),
    Mutant(
        "a signature by a published key is not verified",
        JWS,
        "self._check(_bytes(signature), signing.encode())",
        "_bytes(signature)",
        ("tests/attack/test_identity.py::test_no_forged_token_is_a_users",),
    ),
    Mutant(
        "a published key believes what names another algorithm",
        JWS,
        'if header(token).get("alg") != self.algorithm:',
        "if False:",
        (f"{UNIT}jws.py::test_what_a_key_pair_has_not_signed_so_says_nothing",),
    ),
    Mutant(
        "a key published for encryption verifies",
        JWS,
        'if jwk.get("use", "sig") != "sig" or ',
        "if ",
        (f"{UNIT}jws.py::test_a_key_that_is_not_ours_is_none",),
    ),
    Mutant(
        "any length will do for an RSA key",
        JWS,
        "if key.key_size < SHORTEST_RSA:",
        "if False:",
        (f"{UNIT}jws.py::test_a_key_that_is_not_ours_is_none",),
    ),
    Mutant(
        "what a token needs may be missing",
        JWS,
        "if any(claims.get(name) is None for name in needs):",
        "if False:",
        (f"{UNIT}jws.py::test_what_is_needed_is_there_and_of_its_kind",),
    ),
    Mutant(
        "a key serves every algorithm",
        IDENTITY,
        "return key if key and key.algorithm == algorithm else None",
        "return key",
        (f"{UNIT}adapters.py::test_a_key_serves_its_own_kind_of_algorithm_only",),
    ),
    Mutant(
        "any issuer speaks for Google",
        IDENTITY,
        'claims.get("iss") in GOOGLE',
        "True",
        (f"{FUNCTIONS}machines.py::test_a_token_that_google_would_not_sign_so_relays_nothing",),
    ),
    Mutant(
        "any project's account speaks for ours",
        IDENTITY,
        'and claims.get("email") == expected.service_account',
        "",
        (f"{FUNCTIONS}machines.py::test_another_services_token_relays_and_records_nothing",),
    ),
    Mutant(
        "an address that Google has not verified is believed",
        IDENTITY,
        'and claims.get("email_verified") is True',
        "",
        (f"{FUNCTIONS}machines.py::test_a_token_that_google_would_not_sign_so_relays_nothing",),
    ),
    Mutant(
        "Cal.com's signature is compared with nothing",
        IDENTITY,
        "if not any(matches):",
        "if False:",
        (f"{FUNCTIONS}calcom.py::test_without_a_true_signature_the_database_is_not_asked",),
    ),
    Mutant(
        "Cal.com's signature is compared by its beginning",
        IDENTITY,
        "hashlib.sha256).hexdigest().encode(), given)",
        "hashlib.sha256).hexdigest().encode()[:16], given[:16])",
        (f"{FUNCTIONS}calcom.py::test_a_signature_is_right_in_each_of_its_digits",),
    ),
    Mutant(
        "LiveKit's body is not what it signed",
        IDENTITY,
        "hmac.compare_digest(str(given).encode(), digest)",
        "True",
        (
            f"{FUNCTIONS}rooms.py::test_our_verdict_on_a_signature_is_that_of_the_genuine_library",
            f"{FUNCTIONS}rooms.py::test_a_false_signature_reads_and_records_nothing",
        ),
    ),
    # The door.
    Mutant(
        "a body may be as large as it likes",
        EDGE,
        "if len(body) > limit:",
        "if False:",
        (f"{FUNCTIONS}edge.py::test_a_body_without_a_length_is_no_longer_than_any_other",),
    ),
    Mutant(
        "every origin may read the answer",
        EDGE,
        "if origin not in settings().allowed_origins:",
        "if origin is None:",
        (f"{FUNCTIONS}edge.py::test_other_origins_are_not_allowed",),
    ),
    Mutant(
        "a form may post",
        EDGE,
        'if body and request.mimetype != "application/json":',
        "if False:",
        (f"{FUNCTIONS}edge.py::test_only_json_is_taken",),
    ),
    Mutant(
        "the log names who calls",
        EDGE,
        '"caller": user_id,',
        '"caller": self.caller and str(self.caller.user_id),',
        (f"{FUNCTIONS}edge.py::test_a_request_writes_one_line_with_ids_and_codes",),
    ),
    Mutant(
        "the log holds what an exception says",
        "src/visio/log.py",
        'fields["exception"] = record.exc_info[0].__name__',
        'fields["exception"] = str(record.exc_info[1])',
        (f"{UNIT}adapters.py::test_a_line_is_json_in_the_cloud_and_words_in_a_terminal",),
    ),
    Mutant(
        "the log holds the client's e-mail",
        "src/visio/flows/booking_link.py",
        "    client = tx.client\n",
        '    client = tx.client\n    call.notes["email"] = contact.email\n',
        (f"{FUNCTIONS}edge.py::test_personal_words_stay_in_their_rows",),
    ),
    Mutant(
        "a lost race is not run again",
        EDGE,
        "            except RaceLost:\n                call = replace(call, again=True)",
        "            except RaceLost:\n                break",
        (f"{FUNCTIONS}edge.py::test_a_page_that_lost_a_race_is_run_again",),
    ),
    # A transaction.
    Mutant(
        "the role outlives its transaction",
        DATABASE,
        "set_config('role', $1, true)",
        "set_config('role', $1, false)",
        (f"{SQL}pipeline.py::test_nothing_of_a_transaction_outlives_it",),
    ),
    Mutant(
        "the claims outlive their transaction",
        DATABASE,
        "set_config('request.jwt.claims', $2, true)",
        "set_config('request.jwt.claims', $2, false)",
        (f"{SQL}pipeline.py::test_nothing_of_a_transaction_outlives_it",),
    ),
    Mutant(
        "an error commits",
        DATABASE,
        "kept = error is None or (isinstance(error, Refusal) and error.keeps)",
        "kept = True",
        (f"{SQL}pipeline.py::test_nothing_is_told_of_what_was_rolled_back",),
    ),
    Mutant(
        "a failed transaction stays open",
        DATABASE,
        "            self._wire.rollback()\n        # No answer",
        "            pass\n        # No answer",
        (f"{SQL}pipeline.py::test_an_error_costs_no_connection",),
    ),
    Mutant(
        "a connection of unknown state is used again",
        PIPELINE,
        "return self.in_step and not (",
        "return not (",
        (f"{SQL}pool.py::test_what_is_left_in_disorder_is_nobodys_next",),
    ),
    Mutant(
        "a connection is handed on in a transaction",
        PIPELINE,
        " or self._in_transaction)",
        ")",
        (f"{SQL}pool.py::test_what_is_left_in_disorder_is_nobodys_next",),
    ),
    Mutant(
        "a connection goes on whose answer was cut short",
        PIPELINE,
        "        self.in_step = False\n        self._usock",
        "        self._usock",
        (f"{SQL}pool.py::test_an_answer_that_was_cut_short_leaves_the_connection_out_of_step",),
    ),
    Mutant(
        "a lost server's other connections are used",
        DATABASE,
        "if not self._wire.in_step or sqlstate(error) == READ_ONLY:",
        "if sqlstate(error) == READ_ONLY:",
        (f"{SQL}pipeline.py::test_when_the_server_was_lost_none_of_its_connections_is_used_again",),
    ),
    Mutant(
        "a connection that rested is not asked",
        POOL,
        "if self._usable(connection) and self._answers(connection):",
        "if self._usable(connection):",
        (f"{SQL}pool.py::test_one_that_rested_is_asked_first",),
    ),
    Mutant(
        "who cannot connect keeps a place",
        POOL,
        "            self._turns.give_back()\n            raise",
        "            raise",
        (f"{SQL}pool.py::test_who_cannot_connect_keeps_nobody_from_trying",),
    ),
    Mutant(
        "a name in a literal is a literal",
        STATEMENTS,
        'if part["stray"] or (part["literal"] and _IN_A_LITERAL.search(found)):',
        'if part["stray"]:',
        (f"{UNIT}statements.py::test_what_would_be_misread_is_refused",),
    ),
    Mutant(
        "what was rolled back is told",
        DATABASE,
        "if (self._signals or self._mails or self._orders) and kept:",
        "if self._signals or self._mails or self._orders:",
        (f"{SQL}pipeline.py::test_nothing_is_told_of_what_was_rolled_back",),
    ),
    Mutant(
        "signals are written nowhere",
        DATABASE,
        "            self.write(SIGNAL, signals=_json(map(_signal, signals)))\n",
        "",
        (f"{FUNCTIONS}edge.py::test_a_bus_that_is_away_loses_nothing",),
    ),
    Mutant(
        "what the bus did not take counts as published",
        DATABASE,
        "published = self._bus.publish(self._signals, self._mails, orders=self._orders)",
        "published = [s.event_id for s in self._signals]; "
        "self._bus.publish(self._signals, self._mails, orders=self._orders)",
        (
            f"{REMOTE}"
            "::test_whatever_the_bus_says_the_caller_is_answered_and_the_sweep_says_it_later",
        ),
    ),
    Mutant(
        "a mark waits for whoever holds the signal",
        DATABASE,
        "= any (cast(:ids as uuid[])) for update skip locked)",
        "= any (cast(:ids as uuid[])) for update)",
        (f"{SQL}pipeline.py::test_a_mark_waits_for_nobody",),
    ),
    Mutant(
        "what was posted answers whoever comes next",
        "src/visio/adapters/pipeline.py",
        "            self._read_unread()\n            self._read(contexts)\n",
        "            self._read(contexts)\n",
        (f"{SQL}pipeline.py::test_what_was_posted_happens_and_its_rows_are_nobodys",),
    ),
    Mutant(
        "a connection that the server has closed is the next caller's",
        POOL,
        "if connection.hung_up:",
        "if False:",
        (
            f"{SQL}pool.py"
            "::test_one_that_the_server_has_closed_is_nobodys_next_however_short_it_rested",
        ),
    ),
    # The sweep and the relay.
    Mutant(
        "the sweep marks before it publishes",
        "src/visio/flows/complete_meetings.py",
        "            signals = outbox.claim(tx, now=now, limit=BATCH)\n",
        "            signals = outbox.claim(tx, now=now, limit=BATCH)\n"
        "            tx.mark_published([signal.event_id for signal in signals])\n",
        (
            f"{FUNCTIONS}machines.py::test_a_sweep_whose_bus_takes_nothing_leaves_everything_for_the_next",
        ),
    ),
    Mutant(
        "the sweep waits for a meeting that somebody holds",
        MEETINGS,
        " order by m.ends_at\n limit :limit\n   for update skip locked",
        " order by m.ends_at\n limit :limit\n   for update",
        (f"{FUNCTIONS}machines.py::test_a_meeting_that_somebody_holds_holds_up_no_other",),
    ),
    Mutant(
        "the sweep waits for a signal that another sweep holds",
        OUTBOX,
        "    limit :limit\n      for update skip locked",
        "    limit :limit\n      for update",
        (f"{FUNCTIONS}machines.py::test_a_signal_that_another_sweep_holds_holds_up_no_other",),
    ),
    Mutant(
        "a broadcast is for everybody",
        "src/visio/adapters/realtime.py",
        "?private=true",
        "?private=false",
        (f"{FUNCTIONS}machines.py::test_a_pushed_signal_is_broadcast_on_its_private_channel",),
    ),
    Mutant(
        "a signal pushed again is broadcast again",
        OUTBOX,
        " where s.sent_at is null and s.claimed_at",
        " where s.claimed_at",
        (f"{FUNCTIONS}machines.py::test_a_signal_is_broadcast_once_however_late_it_comes_again",),
    ),
    Mutant(
        "a signal is claimed by everybody who comes",
        OUTBOX,
        " and s.claimed_at < excluded.claimed_at - interval '30 seconds'",
        "",
        (
            f"{FUNCTIONS}machines.py"
            "::test_what_another_delivery_has_claimed_is_asked_for_again_until_it_is_sent",
        ),
    ),
    Mutant(
        "a signal on somebody else's way counts as told",
        RELAY,
        "        raise Unavailable  # another delivery",
        "        return  # another delivery",
        (
            f"{FUNCTIONS}machines.py::test_what_another_delivery_has_claimed_is_asked_for_again_until_it_is_sent",
        ),
    ),
    Mutant(
        "a message that is not ours is lost",
        RELAY,
        '        _bury(database, call, "malformed", push.message)\n',
        "",
        (f"{FUNCTIONS}machines.py::test_a_message_that_is_not_ours_is_kept_and_not_redelivered",),
    ),
    Mutant(
        "any subscription speaks for ours",
        "src/visio/flows/pushed.py",
        "if push.subscription != subscription:",
        "if False:",
        (f"{FUNCTIONS}machines.py::test_a_message_that_is_not_ours_is_kept_and_not_redelivered",),
    ),
    Mutant(
        "a push service may be anybody's",
        "src/visio/domain/push_services.py",
        'host.endswith(known) if known[0] == "." else host == known',
        "host.endswith(known)",
        (f"{FUNCTIONS}push.py::test_only_a_known_push_service_is_ever_written_to",),
    ),
    # Bookings.
    Mutant(
        "a copy of a booking is a booking",
        INBOX,
        "logical_key=None if stale else event.logical_key,",
        "logical_key=None,",
        (f"{FUNCTIONS}calcom.py::test_copies_that_differ_in_their_date_are_one_event",),
    ),
    Mutant(
        "one body may come in twice",
        BOXES_SQL,
        "  constraint webhook_inbox_same_body unique (body_sha256),\n",
        "",
        (f"{SQL}catalogue.py::test_what_there_is_once_is_there_once_whatever_the_code_believes",),
    ),
    Mutant(
        "ids bind where the token beside them is forged",
        WEBHOOK,
        "        return intake.tokens.binding(token, now=now)\n",
        "        if found := intake.tokens.binding(token, now=now):\n            return found\n",
        (f"{FUNCTIONS}calcom.py::test_a_forged_token_binds_nothing_even_beside_true_ids",),
    ),
    Mutant(
        "a link of another environment binds",
        "src/visio/adapters/signing.py",
        ' or claims.get("iss") != self._issuer:',
        ":",
        (f"{FUNCTIONS}calcom.py::test_a_link_of_another_environment_binds_nothing",),
    ),
    Mutant(
        "a link binds for ever",
        "src/visio/adapters/signing.py",
        'lasts = isinstance(claims["exp"], int) and claims["exp"] > now.timestamp()',
        "lasts = True",
        (f"{UNIT}adapters.py::test_a_booking_token_binds_its_client_for_a_week",),
    ),
    Mutant(
        "ids bind whoever typed them",
        INBOX,
        "and (cast(:by_token as boolean) or lower(btrim(c.email)) = :booker_email))",
        "and (cast(:by_token as boolean) or cast(:booker_email as text) is not null))",
        (f"{FUNCTIONS}calcom.py::test_what_is_bound_to_nobody_waits_in_quarantine",),
    ),
    Mutant(
        "another operator's client is bound",
        INBOX,
        " and c.operator_id = cast(:operator_id as uuid)",
        " and cast(:operator_id as uuid) is not null",
        (f"{FUNCTIONS}calcom.py::test_what_is_bound_to_nobody_waits_in_quarantine",),
    ),
    Mutant(
        "what is nobody's is not kept",
        "src/visio/domain/refusals.py",
        'status, code, keeps = 400, "missing_metadata", True',
        'status, code, keeps = 400, "missing_metadata", False',
        (f"{FUNCTIONS}calcom.py::test_what_is_bound_to_nobody_waits_in_quarantine",),
    ),
    Mutant(
        "an old event counts",
        "src/visio/domain/booking.py",
        "return self.at is not None and now - self.at > OLDEST + SKEW",
        "return False",
        (f"{FUNCTIONS}bookings.py::test_an_event_older_than_a_day_is_kept_and_changes_nothing",),
    ),
    Mutant(
        "what lets a reader in is kept",
        "src/visio/domain/booking.py",
        '_SECRET = frozenset({"oneTimePassword", "password", "bookingToken"})',
        '_SECRET = frozenset({"oneTimePassword", "password"})',
        (f"{FUNCTIONS}bookings.py::test_what_lets_a_reader_in_is_not_kept",),
    ),
    Mutant(
        "a series is whose address it was booked under",
        "src/visio/domain/booking.py",
        "if self.series and client_id:",
        "if self.series and (client_id := None) is None:",
        (f"{FUNCTIONS}bookings.py::test_a_series_under_somebodys_address_is_not_theirs",),
    ),
    Mutant(
        "one series speaks for another",
        "src/visio/domain/chain.py",
        "return alike and (mine is None or theirs is None or abs(mine - theirs) <= TOGETHER)",
        "return alike",
        (f"{FUNCTIONS}bookings.py::test_the_rest_of_a_series_is_not_the_beginning_of_the_next",),
    ),
    Mutant(
        "what became another operator's is still this one's",
        "src/visio/flows/resolve_quarantine.py",
        "if not chosen.rows or (chain and chain.shown_to not in (None, operator.id)):",
        "if not chosen.rows:",
        (
            f"{FUNCTIONS}quarantine.py"
            "::test_what_became_another_operators_while_one_waited_is_theirs",
        ),
    ),
    # What two people agree on.
    Mutant(
        "what is decided is decided again",
        "src/visio/domain/decision.py",
        "    if request.status not in statuses:\n",
        "    if False:\n",
        (f"{FUNCTIONS}deciding.py::test_another_second_decision_is_refused",),
    ),
    Mutant(
        "a request is decided without its lock",
        REQUESTS,
        "    tx.lock(LOCK, id=request_id)\n",
        "",
        (f"{FUNCTIONS}deciding.py::test_what_somebody_else_is_deciding_is_waited_for",),
    ),
    Mutant(
        "a key may ask for something else",
        "src/visio/flows/request_meeting.py",
        "if opening.fingerprint != fingerprint:",
        "if False:",
        (f"{FUNCTIONS}deciding.py::test_a_key_that_comes_again_gets_the_same_answer",),
    ),
    Mutant(
        "a key is forgotten",
        "src/visio/flows/request_meeting.py",
        "    if call.idempotency_key is not None:\n",
        "    if False:\n",
        (f"{FUNCTIONS}deciding.py::test_a_key_that_comes_again_gets_the_same_answer",),
    ),
    Mutant(
        "a client asks as often as they like",
        "src/visio/flows/request_meeting.py",
        "if most_open and opening.open_requests >= most_open:",
        "if False:",
        (f"{FUNCTIONS}deciding.py::test_a_client_may_have_so_many_open_requests",),
    ),
    Mutant(
        "a stranger's request is forbidden, not absent",
        "src/visio/flows/decide_request.py",
        "        raise NotFound\n",
        "        raise NotAParty\n",
        (f"{FUNCTIONS}deciding.py::test_another_operators_request_is_as_good_as_absent",),
    ),
    # The lobby and the room.
    Mutant(
        "who waits may enter",
        LOBBY,
        "if is_client and not lobby.admits(now):",
        "if False:",
        (f"{UNIT}rules.py::test_who_may_enter_the_room",),
    ),
    Mutant(
        "a client speaks for the operator",
        "src/visio/flows/lobby_signal.py",
        'if (command.signal in CLIENTS) != (tx.side == "client"):',
        "if False:",
        (f"{FUNCTIONS}lobby.py::test_a_client_does_not_speak_for_the_operator",),
    ),
    Mutant(
        "a knock never lapses",
        LOBBY,
        "now >= self.renewed_at + LEASE",
        "False",
        (f"{FUNCTIONS}lobby.py::test_a_knock_whose_lease_ran_out_has_left_before_any_sweep",),
    ),
    Mutant(
        "an admission that has ended is as good as the next",
        LOBBY,
        "return replace(meeting, epoch=meeting.epoch + 1)",
        "return meeting",
        (f"{UNIT}rules.py::test_every_admission_that_ends_makes_its_tickets_stale",),
    ),
    Mutant(
        "any epoch of a client's may be in the room",
        "src/visio/domain/room.py",
        'return "client" if admitted and who == identity(lobby, "client") else None',
        'return "client" if admitted and who.startswith("client:") else None',
        (
            f"{FUNCTIONS}rooms.py::test_who_is_in_the_room_without_an_admission_is_put_out_and_alarmed",
        ),
    ),
    Mutant(
        "who was not admitted may be in the room",
        "src/visio/domain/room.py",
        'return "client" if admitted and who',
        'return "client" if who',
        (
            f"{FUNCTIONS}rooms.py::test_who_is_in_the_room_without_an_admission_is_put_out_and_alarmed",
        ),
    ),
    Mutant(
        "an admission means whoever is there by now",
        LOBBY,
        "if meant.knock is not None and (seen.knock is None or seen.knock.id != meant.knock):",
        "if False:",
        (f"{FUNCTIONS}waiting.py::test_an_admission_meant_for_one_arrival_admits_no_later_one",),
    ),
    Mutant(
        "a meeting that is over goes on",
        "src/visio/domain/meeting.py",
        "return not self.live or now >= self.ends_at + grace",
        "return now >= self.ends_at + grace",
        (f"{UNIT}rules.py::test_a_meeting_that_is_over_takes_no_signal",),
    ),
    Mutant(
        "a ticket lives for an hour",
        ROOMS,
        "LIFE = timedelta(seconds=120)",
        "LIFE = timedelta(seconds=3600)",
        (f"{FUNCTIONS}lobby.py::test_a_ticket_names_one_room_and_one_person_for_two_minutes",),
    ),
    Mutant(
        "a client runs the room",
        ROOMS,
        '"roomAdmin": runs,',
        '"roomAdmin": True,',
        (f"{FUNCTIONS}rooms.py::test_only_the_operators_ticket_makes_and_runs_a_room",),
    ),
    Mutant(
        "a room bears its meeting's id",
        ROOMS,
        "return (cipher.update(meeting_id.bytes) + cipher.finalize()).hex()",
        "return meeting_id.hex",
        (f"{FUNCTIONS}rooms.py::test_a_rooms_name_leads_back_to_its_meeting_for_who_has_the_key",),
    ),
    Mutant(
        "meetings are locked in any order",
        MEETINGS,
        "where id = any (cast(:ids as uuid[])) order by id for update",
        "where id = any (cast(:ids as uuid[])) for update",
        (f"{FUNCTIONS}waiting.py::test_several_meetings_are_locked_in_one_order_whoever_asks",),
    ),
    # What the database holds even where the code is wrong.
    Mutant(
        "two live meetings overlap",
        BUFFERS_SQL,
        "(ends_at at time zone 'UTC') + make_interval(mins => buffer_minutes), '[)') with &&)\n"
        "  where (status in ('scheduled', 'in_progress'))",
        "(ends_at at time zone 'UTC') + make_interval(mins => buffer_minutes), '[)') with &&)\n"
        "  where (status in ('in_progress'))",
        (f"{SQL}policies.py::test_overlapping_live_meetings_of_one_operator_are_impossible",),
    ),
    Mutant(
        "the rest after a meeting may be booked",
        BUFFERS_SQL,
        "(ends_at at time zone 'UTC') + make_interval(mins => buffer_minutes), '[)') with &&)",
        "(ends_at at time zone 'UTC'), '[)') with &&)",
        (f"{SQL}policies.py::test_the_rest_after_a_meeting_is_nobody_elses",),
    ),
    Mutant(
        "one lobby has two live knocks",
        KNOCKS_SQL,
        "create unique index lobby_knocks_one_live",
        "create index lobby_knocks_one_live",
        (f"{SQL}catalogue.py::test_what_there_is_once_is_there_once_whatever_the_code_believes",),
    ),
    Mutant(
        "one meeting has two requests",
        MEETINGS_SQL,
        "create unique index meeting_requests_one_per_meeting",
        "create index meeting_requests_one_per_meeting",
        (f"{SQL}catalogue.py::test_what_there_is_once_is_there_once_whatever_the_code_believes",),
    ),
    Mutant(
        "one user is two clients",
        PEOPLE_SQL,
        "  constraint clients_one_per_user unique (auth_user_id)",
        "  constraint clients_one_per_user check (auth_user_id is not null)",
        (f"{SQL}catalogue.py::test_what_there_is_once_is_there_once_whatever_the_code_believes",),
    ),
    Mutant(
        "the owner of the tables passes every policy",
        "sql/migrations/20261129201500_fill_in_where_the_owner_sees_nobody.sql",
        "alter table public.meetings force row level security;\n",
        "",
        (f"{SQL}catalogue.py::test_the_catalogue_holds_no",),
    ),
    Mutant(
        "row security is off",
        BUFFERS_SQL,
        "alter table visio.calendar_feeds enable row level security;\n",
        "",
        (f"{SQL}policies.py::test_functions_cannot_cross_a_persons_bounds",),
    ),
    Mutant(
        "a browser sets a status",
        GRANTS_SQL,
        "grant select on public.transitions to authenticated;\n",
        "grant select on public.transitions to authenticated;\n"
        "grant update (status) on public.meetings to authenticated;\n",
        (f"{SQL}policies.py::test_a_browsers_role_writes_nothing_directly",),
    ),
    Mutant(
        "a client sees every meeting",
        POLICIES_SQL,
        'alter policy "a client sees their meetings" on public.meetings\n'
        "  using (client_id = (select id from public.clients "
        "where auth_user_id = (select auth.uid())));",
        "alter policy \"a client sees their meetings\" on public.meetings\n  using (status <> '');",
        (f"{SQL}policies.py::test_a_persona_sees_their_own_rows_only",),
    ),
    Mutant(
        "the record may be forgotten while it is young",
        "sql/migrations/20261128100500_forget_what_is_old.sql",
        " and recorded_at < now() - interval '5 years');",
        ");",
        (f"{FUNCTIONS}retention.py::test_not_even_the_system_forgets_what_is_recent",),
    ),
    Mutant(
        "one kind of work may take all of a sweep",
        "src/visio/flows/complete_meetings.py",
        "until = now + (self._until - now) / 2",
        "until = self._until",
        (f"{FUNCTIONS}retention.py::test_a_backlog_of_one_kind_starves_no_other",),
    ),
    Mutant(
        "a full batch is followed by the next at once",
        "src/visio/flows/complete_meetings.py",
        "            time.sleep(min(",
        "            float(min(",
        (f"{FUNCTIONS}retention.py::test_each_full_batch_is_followed_by_a_rest",),
    ),
    Mutant(
        "an operator meets whom they like",
        POLICIES_SQL,
        "with check (operator_id = (select auth.uid())\n    and exists (\n"
        "      select from public.clients c\n"
        "       where c.id = client_id and c.operator_id = (select auth.uid())));",
        "with check (operator_id = (select auth.uid()));",
        (f"{SQL}policies.py::test_functions_cannot_cross_a_persons_bounds",),
    ),
    Mutant(
        "a client listens to the operator's inbox",
        LOBBY_SQL,
        "where id = substr(topic, 10, 36)::uuid and id = (select auth.uid()))",
        "where id = substr(topic, 10, 36)::uuid)",
        (f"{SQL}policies.py::test_who_may_listen_where",),
    ),
    Mutant(
        "a browser sends on a channel",
        "sql/migrations/20261124090500_let_parties_listen.sql",
        "  for select to authenticated\n  using (extension = 'broadcast'",
        "  for all to authenticated\n  using (extension = 'broadcast'",
        (f"{SQL}policies.py::test_a_browser_sends_to_no_channel",),
    ),
    Mutant(
        "a channel may be listened to for ever",
        LOBBY_SQL,
        "and (status in ('scheduled', 'in_progress') or ended_at > now() - interval '15 minutes'))",
        "and status <> '')",
        (f"{SQL}policies.py::test_listening_ends_a_little_after_the_meeting",),
    ),
    Mutant(
        "what happened may be rewritten",
        RECORD_SQL,
        "create trigger never_changed before update on public.transitions\n"
        "  for each statement execute function visio.refuse_change();\n",
        "",
        (f"{SQL}policies.py::test_not_even_the_owner_rewrites_what_happened",),
    ),
    Mutant(
        "a deed is recorded in another's name",
        RECORD_SQL,
        "with check (actor = 'client' and exists (",
        "with check (exists (",
        (f"{SQL}policies.py::test_functions_cannot_cross_a_persons_bounds",),
    ),
    Mutant(
        "the system's role needs no claim",
        PEOPLE_SQL,
        'create policy "the system reads clients" on public.clients\n'
        "  for select to visio_system\n  using ((select auth.role()) = 'visio_system');",
        'create policy "the system reads clients" on public.clients\n'
        "  for select to visio_system\n  using ((select auth.role()) is not distinct from "
        "(select auth.role()));",
        (f"{SQL}policies.py::test_the_system_role_without_its_claim_sees_nothing",),
    ),
    # What other services do to us, and what a booking does to another.
    Mutant(
        "an answer that drips is waited for",
        PATIENCE,
        "            if left <= 0:\n"
        '                raise TimeoutError("the answer takes too long")\n'
        "            self._sock.settimeout(left)\n",
        "            self._sock.settimeout(max(left, 2.0))\n",
        (f"{REMOTE}::test_an_answer_that_drips_is_left_when_its_time_is_up",),
    ),
    Mutant(
        "an answer may be as large as it likes",
        PATIENCE,
        "if self._room < 0:",
        "if self._room > ROOM:",
        (f"{REMOTE}::test_nobody_sends_more_than_there_is_room_for",),
    ),
    Mutant(
        "a list of no keys is no list",
        IDENTITY,
        "if keys or not listed:",
        "if keys:",
        (f"{REMOTE}::test_a_list_of_no_keys_is_a_verdict_and_is_not_asked_for_by_every_stranger",),
    ),
    Mutant(
        "one odd key hides all others",
        IDENTITY,
        "dict(filter(None, map(_readable, listed)))",
        'dict((str(k["kid"]), PublishedKey(k)) for k in listed)',
        (f"{REMOTE}::test_a_key_of_another_kind_hides_no_key_of_ours",),
    ),
    Mutant(
        "a mail counts as not sent if its server leaves without a word",
        SMTP,
        "with contextlib.suppress(smtplib.SMTPException, OSError):",
        "with contextlib.suppress(KeyError):",
        (f"{REMOTE}::test_every_word_of_a_mail_server_is_understood",),
    ),
    Mutant(
        "nobody waits for the connection that is being opened",
        "src/visio/adapters/pool.py",
        "                self._ahead.join()\n",
        "                pass\n",
        (f"{SQL}pool.py::test_one_that_is_opened_ahead_is_waited_for_and_no_other_is_opened",),
    ),
    Mutant(
        "instants are answered in the database's own zone",
        "src/visio/adapters/pipeline.py",
        'startup_params={"TimeZone": "UTC"}',
        "startup_params={}",
        (f"{SQL}pipeline.py::test_instants_are_in_utc_wherever_the_database_is",),
    ),
    Mutant(
        "a session that changes hands is trusted with names",
        PIPELINE,
        "return Session.OWN if as_at_the_handshake else Session.SHARED",
        "return Session.OWN",
        (
            f"{SQL}prepared.py"
            "::test_behind_a_pooler_that_passes_names_on_each_session_is_told_what_to_hold",
        ),
    ),
    Mutant(
        "a session that is shared is not told what to hold",
        PIPELINE,
        "            waiting.insert(first, (held, self._encoded(held, values, anew=True)))\n",
        "",
        (
            f"{SQL}prepared.py"
            "::test_behind_a_pooler_that_passes_names_on_each_session_is_told_what_to_hold",
        ),
    ),
    Mutant(
        "rows are read as they looked to another session",
        PREPARED,
        "held.is_described = self.session is Session.OWN",
        "held.is_described = True",
        (
            f"{SQL}prepared.py"
            "::test_what_rows_look_like_is_remembered_where_nobody_else_reads_statements_anew",
        ),
    ),
    Mutant(
        "who hands a connection on hangs up",
        POOL,
        "            connection.abandon()\n",
        "            connection.close()\n",
        (
            f"{FUNCTIONS}started.py"
            "::test_the_first_caller_finds_a_connection_that_is_open_and_nobody_else_holds_it",
        ),
    ),
    Mutant(
        "a page of a list begins anew",
        "src/visio/adapters/paging.py",
        "(*conditions, continued and _BEHIND)",
        "conditions",
        (f"{FUNCTIONS}lobby.py::test_lists_are_newest_first_and_paged",),
    ),
    Mutant(
        "of the meetings before a slot the first one is looked at",
        REQUESTS,
        "order by before.scheduled_at desc",
        "order by before.scheduled_at",
        (
            f"{FUNCTIONS}agreeing.py"
            "::test_of_the_meetings_before_a_slot_the_last_one_may_reach_into_it",
        ),
    ),
    Mutant(
        "a statement that failed has no name, though the server has given it one",
        PIPELINE,
        "            if code == core.PARSE_COMPLETE and answered.name:\n",
        "            if code == core.COMMAND_COMPLETE and answered.name:\n",
        (f"{SQL}prepared.py::test_one_that_fails_keeps_the_name_that_it_got",),
    ),
    Mutant(
        "what a migration changed is asked for as it was",
        PREPARED,
        "        if code in OUTDATED:\n",
        "        if code in STRANGE:\n",
        (f"{SQL}prepared.py::test_what_a_migration_changed_is_read_anew",),
    ),
    Mutant(
        "messages of several channels are published together",
        PUBSUB,
        "batches.setdefault((message.topic, message.key), []).append(message)",
        'batches.setdefault((message.topic, ""), []).append(message)',
        (f"{REMOTE}::test_what_pubsub_may_not_take_together_is_published_apart_and_at_once",),
    ),
    Mutant(
        "a token that Pub/Sub refused is used on",
        PUBSUB,
        "                        self._account.forget()\n",
        "                        pass\n",
        (f"{REMOTE}::test_a_token_is_asked_for_once_and_again_when_it_is_refused",),
    ),
    Mutant(
        "a silent bus is waited for once for each message",
        PATIENCE,
        "whole=False, until=until)",
        "whole=False)",
        (f"{REMOTE}::test_a_pubsub_that_never_answers_holds_nobody_beyond_the_deadline",),
    ),
    Mutant(
        "a signal that was relayed is relayed again",
        RELAY,
        "    if ours is False:\n        return\n",
        "",
        (f"{FUNCTIONS}machines.py::test_a_signal_pushed_again_is_broadcast_once",),
    ),
    Mutant(
        "who loses every race is run for ever",
        EDGE,
        "for _ in range(TRIES):",
        "while True:",
        (f"{FUNCTIONS}edge.py::test_a_page_that_lost_a_race_is_run_again",),
    ),
    Mutant(
        "a key under way is not told from another request",
        REQUESTS,
        'or taken.rows[0]["free"]:',
        "or False:",
        (f"{FUNCTIONS}deciding.py::test_who_waits_too_long_is_told_for_what",),
    ),
    Mutant(
        "what ended here hides what lives of the same booking",
        CHAIN,
        "held.get(of.head) or live or ended",
        "held.get(of.head) or ended or live",
        (f"{FUNCTIONS}bookings.py::test_the_one_that_lives_is_what_a_later_end_is_told_of",),
    ),
)
