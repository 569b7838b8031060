"""Tell one person, or everybody. The only writers of the room's rows."""

from alerts.operations.messages import (
    MOST_REPLAYED,
    DeliveryResult,
    deliver_batch,
    enqueue,
    replay_dead,
)
from alerts.operations.publishing import (
    BulletinFields,
    ContactFields,
    FileFields,
    publish_bulletin_step,
    publish_file_step,
    set_contact_step,
    withdraw_bulletin_step,
    withdraw_file_step,
)

__all__ = [
    "MOST_REPLAYED",
    "BulletinFields",
    "ContactFields",
    "DeliveryResult",
    "FileFields",
    "deliver_batch",
    "enqueue",
    "publish_bulletin_step",
    "publish_file_step",
    "replay_dead",
    "set_contact_step",
    "withdraw_bulletin_step",
    "withdraw_file_step",
]
