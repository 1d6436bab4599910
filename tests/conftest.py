"""What all tests share: property tests that run the same examples everywhere, within a bound."""

import os

from hypothesis import HealthCheck, settings

_shared = {"deadline": None, "derandomize": True, "database": None, "print_blob": True}
settings.register_profile("ci", max_examples=60, suppress_health_check=[HealthCheck.too_slow], **_shared)
settings.register_profile("thorough", max_examples=2_000, suppress_health_check=list(HealthCheck), **_shared)
settings.load_profile(os.environ.get("ADJOINT_HYPOTHESIS", "ci"))
