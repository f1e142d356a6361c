"""Which line of a requirements file is at fault."""

import pytest

from foundations_images import Requirements
from foundations_images.blame import Blamed, find_blamed

REQUIREMENTS = Requirements(
    (
        ("requirements.txt", "# all\n-r more.txt\nnumpy<2\nPy_Thing[x]==1\nmysqlclient==2.2.0\n"),
        ("more.txt", "pandas>=2\nhumanize==99\n"),
    )
)


@pytest.mark.parametrize(
    ("output", "blamed"),
    [
        (
            [
                "Using Python 3.11.2 environment at: /usr",
                "error: No solution found when resolving dependencies",
                "  cause: Because there is no version of humanize==99 and you require",
                "         humanize==99, we can conclude that your requirements are unsatisfiable.",
            ],
            Blamed("more.txt", 2, "humanize==99"),
        ),
        (
            ["error: x", "  cause: Because py-thing was not found in the package registry and you require py-thing[x]"],
            Blamed("requirements.txt", 4, "Py_Thing[x]==1"),
        ),
        (
            ["error: Failed to build `mysqlclient==2.2.0`", "  numpy is mentioned too"],
            Blamed("requirements.txt", 5, "mysqlclient==2.2.0"),
        ),
        (
            ["error: x", "cause: Because pandas>=2 depends on gone and gone was not found, and you require pandas>=2"],
            Blamed("more.txt", 1, "pandas>=2"),
        ),
        (["error: Hash mismatch for `numpy==1.26.4`"], Blamed("requirements.txt", 3, "numpy<2")),
        (["Downloading numpy", "error: Request failed after 3 retries"], None),
    ],
)
def test_the_line_that_the_error_names_is_found(output: list[str], blamed: Blamed | None) -> None:
    assert find_blamed(output, REQUIREMENTS) == blamed
