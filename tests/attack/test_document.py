"""What the OpenAPI document says is so: asked with all that it allows, and with what it forbids."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings

from local.gateway import gateway
from tests.attack.scale import FULL, rounds
from tests.attack.skeletons import DOCUMENT, OPERATIONS
from tests.attack.test_fuzz import MACHINES, PUSHED
from tests.conftest import ON_ONE_SERVER
from tests.world import ALICE, MIKL, PUSH, SCHEDULER
from visio import bootstrap, settings

pytestmark = [
    ON_ONE_SERVER,
    pytest.mark.timeout(600),
]
CHECKS = schemathesis.checks.CHECKS
# A schema cannot say that a slot lies ahead, that a cursor is ours, or that of two fields one is
# there: to be refused for that with 422 is within the contract.
SENSELESS = ["positive_data_acceptance"]
# Pub/Sub pushes what is refused again, so that what is malformed is acknowledged, and recorded.
ACKNOWLEDGED = ["negative_data_rejection"]


def bearer(function, who, remote):
    """What opens that door; Cal.com's and LiveKit's signatures depend on a body, and have none."""
    if function not in MACHINES:
        return who.headers
    service = PUSH if function in PUSHED else SCHEDULER
    return {"Authorization": f"Bearer {remote.keys.sign_google(*service)}"}


def ask(operation, mode, headers, excluded):
    """Ask all that the document allows, or forbids; how many examples that was."""
    tried = 0

    @example_settings(
        max_examples=rounds(2, 25),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case):
        nonlocal tried
        tried += 1
        answer = case.call(headers=headers)
        case.validate_response(answer, headers=headers, excluded_checks=excluded)

    check()
    return tried


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
def test_every_answer_is_one_that_the_document_tells_of(environment, remote, holds, tally, mode):
    for name in ("RATE_LIMIT_FACTOR", "MAX_OPEN_REQUESTS"):
        environment.setenv(name, "0")
    settings.forget()
    bootstrap.forget()
    schema, tried = schemathesis.openapi.from_dict(DOCUMENT), 0
    schema.app = gateway()

    for function, (method, _) in OPERATIONS.items():
        operation = schema[f"/{function}"][method.lower()]
        if mode is schemathesis.GenerationMode.NEGATIVE and not (operation.body or operation.query):
            continue  # nothing is asked for that could be wrong
        excluded = CHECKS.get_by_names(SENSELESS + (ACKNOWLEDGED if function in PUSHED else []))
        for who in (ALICE, MIKL) if FULL else (MIKL,):
            tried += ask(operation, mode, bearer(function, who, remote), excluded)

    assert tried > len(OPERATIONS)
    tally(f"{mode.name.lower()} examples of the OpenAPI document", tried)
