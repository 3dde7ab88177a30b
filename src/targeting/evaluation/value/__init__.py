"""What a list would really have caught, though only what officers chose was examined."""

from targeting.evaluation.value.difference import policy_difference
from targeting.evaluation.value.hidden import hidden_selection
from targeting.evaluation.value.lines import PolicyLines
from targeting.evaluation.value.value import Estimate, PolicyValue, policy_value

__all__ = [
    "Estimate",
    "PolicyLines",
    "PolicyValue",
    "hidden_selection",
    "policy_difference",
    "policy_value",
]
