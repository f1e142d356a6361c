"""The cases of the table that are not right yet, by category.

To be empty.
"""

FAIL_TODAY: dict[str, str] = {
    "stages": "class_attribute_set global_list_mutated global_rebound global_rebound_in_a_helper module_attribute_set",
    "upstream": "uncached_same_result",
}


def fails_today(name: str) -> bool:
    """Tell whether a case is among them."""
    category, _, case = name.partition("/")
    return case in FAIL_TODAY.get(category, "").split()
