"""What people asked for about themselves; written by these commands alone."""

from datetime import datetime

from pyspark.sql import functions as F

from kloutspark.domain.contracts import REQUESTS
from kloutspark.domain.errors import ConfigError, InputError
from kloutspark.storage.manifest import last_finished
from kloutspark.storage.tables import Tables

OPT_OUT = "opt_out"


def opt_out(tables: Tables, person_id: str, *, requested_at: datetime) -> bool:
    """Keeps that a person, or one account as `<network>:<account_id>`, is not to be published; whether that is new.

    Nobody needs to be known: who asks before the first reaction never gets a row.

    Raises:
        ConfigError: no person is named.
        InputError: the table of earlier requests is gone.
    """
    if not person_id:
        remedy = "Name a person, or <network>:<account_id>."
        raise ConfigError("PERSON", expected="an id", found="an empty text", remedy=remedy)
    last, _ = last_finished(tables)
    if last is not None and REQUESTS.path() in last.inputs and not tables.exists(REQUESTS):
        remedy = "Restore it: a new one would publish everybody who asked before."
        raise InputError(REQUESTS.path(), expected="the table that the last run read", found="none", remedy=remedy)
    tables.ensure(REQUESTS)
    asked = tables.read(REQUESTS, version=tables.version(REQUESTS))
    is_known = (F.col("person_id") == F.lit(person_id)) & (F.col("request") == F.lit(OPT_OUT))
    if not asked.where(is_known).isEmpty():
        return False
    row = {"person_id": person_id, "request": OPT_OUT, "requested_at": requested_at}
    tables.append(tables.rows(REQUESTS, [row]), REQUESTS)
    return True
