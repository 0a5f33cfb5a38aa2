"""The fingerprint of a master setup: it shows that the setup or its API key has changed, and reveals neither.

Not here: where a fingerprint is kept, and what a change leads to (rules/flow_health.py).
"""

import hashlib
import secrets

from npf_pipelines.config.master_setup import MasterSetup, SetupError

SHORT = 25
"""Characters of a fingerprint that are enough: its salt, and 32 bits."""


def fingerprint(setup: MasterSetup) -> str:
    """A fingerprint of the setup and its key as they are now, with a salt of its own."""
    return _salted(setup, secrets.token_hex(8))


def matches(setup: MasterSetup, earlier: str) -> bool:
    """Whether an earlier fingerprint, or its first characters, is of this setup with this key."""
    return len(earlier) >= SHORT and _salted(setup, earlier.partition(":")[0]).startswith(earlier)


def _salted(setup: MasterSetup, salt: str) -> str:
    try:
        key = setup.api_key().get_secret_value()
    except SetupError:
        key = ""
    return f"{salt}:{hashlib.sha256(f'{salt} {setup.model_dump_json()} {key}'.encode()).hexdigest()}"
