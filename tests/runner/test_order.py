"""An order crosses a pipe whole, or not at all."""

import io
from dataclasses import replace

import pytest

from foundations_runner.order import Order

ORDER = Order(job_id="one", archive="/a", runtime="/r", directory="/d", python="python3", worker="m:main")
FULL = replace(
    ORDER,
    environment_key="key",
    image="tag",
    s3={"access_key_id": "AKIA", "secret_access_key": "tell nobody"},
    cache="/c",
    owner=(1000, 1001),
    worker_user=65534,
    private="/p",
    memory="1g",
    signing=("73656372657421" * 5, "00" * 32),
)


@pytest.mark.parametrize("order", [ORDER, FULL])
def test_an_order_reads_back_as_it_was_written(order: Order) -> None:
    assert Order.read(io.BytesIO(order.encoded())) == order


def test_an_order_that_was_cut_off_is_none() -> None:
    whole = FULL.encoded()
    for length in (0, 3, 8, len(whole) - 1):
        with pytest.raises(EOFError, match="the driver went away"):
            Order.read(io.BytesIO(whole[:length]))


def test_the_text_of_an_order_shows_no_secret() -> None:
    assert "tell nobody" not in repr(FULL)
    assert "73656372657421" not in repr(FULL)
