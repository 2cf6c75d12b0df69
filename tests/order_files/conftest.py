"""Files of orders on their way in."""

from collections.abc import Callable
from typing import Any

import pytest
from order_file_samples import BY, blocks_of
from sqlalchemy import func, select

from tracker.order_files.queries import FileShown, file_shown
from tracker.order_files.store_upload import Wish, store_upload
from tracker.order_files.take_in import take_in_due
from tracker.orders.models import Order
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime


@pytest.fixture
def upload(runtime: Runtime, channel: ChannelFacts) -> Callable[..., int]:
    """Stores a file for a worker; returns its id."""

    def store(content: bytes, *, dry_run: bool = False, name: str = "工单.csv", **more: Any) -> int:
        wish = Wish(channel=channel, name=name, actor=BY, dry_run=dry_run, **more)
        return store_upload(runtime, wish, blocks_of(content), len(content)).id

    return store


@pytest.fixture
def shown(runtime: Runtime, channel: ChannelFacts) -> Callable[[int], FileShown]:
    return lambda file_id: file_shown(runtime, channel.operator_id, file_id)


@pytest.fixture
def bring(runtime: Runtime, upload: Callable[..., int], shown: Callable[[int], FileShown]):
    """Uploads a file and has it taken in; returns how it is shown then."""

    def act(content: bytes, **how: Any) -> FileShown:
        file_id = upload(content, **how)
        take_in_due(runtime)
        return shown(file_id)

    return act


@pytest.fixture
def count(runtime: Runtime) -> Callable[..., int]:
    def of(table: Any = Order) -> int:
        with runtime.db.reading() as connection:
            return int(connection.scalar(select(func.count()).select_from(table)) or 0)

    return of
