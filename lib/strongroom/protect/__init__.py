"""Protection: Arrow array → Arrow array, compiled from a contract's column. One method, one file. No Spark."""

from strongroom.protect.columns import output_ddl, output_type, protector
from strongroom.protect.methods.encrypt import opener
from strongroom.protect.opening import revealed_type, revealer
from strongroom.protect.row_sealing import seal, unseal

__all__ = [
    "opener",
    "output_ddl",
    "output_type",
    "protector",
    "revealed_type",
    "revealer",
    "seal",
    "unseal",
]
