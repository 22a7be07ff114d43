"""Files of others as frames of texts: format by the file's ending, compression read in passing."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from kloutspark.domain.errors import ConfigError, InputError

MALFORMED = "_malformed"  # the text of a line that is none of its format
FILE = "_file"  # where a row stood, to number equal rows within a file
COMPRESSION = (".gz", ".bz2", ".zst", ".xz")
FORMATS = {".csv": "csv", ".jsonl": "json", ".ndjson": "json", ".json": "json", ".parquet": "parquet"}
UNREADABLE = re.compile(
    r"EOFException|PATH_NOT_FOUND|ZipException|ZstdException|FAILED_READ_FILE|CANNOT_READ_FILE_FOOTER|UNABLE_TO_INFER_SCHEMA"
    r"|not a Parquet file|incorrect header check|MALFORMED_CSV_RECORD|MALFORMED_RECORD_IN_PARSING|MALFORMED_XML"
)


def existing(path: str) -> str:
    """The path as Spark takes it, if something stands there; addresses with a scheme are left to Spark.

    Raises:
        InputError: no such file or folder.
    """
    if "://" not in path and not Path(path).exists():
        raise InputError(path, expected="a file or folder", found="nothing", remedy="Check the path.")
    return path if "://" in path else re.sub(r"([][{}*?\\])", r"\\\1", path)  # a name is a name and no pattern


def read_file(spark: SparkSession, path: str) -> DataFrame:
    """CSV with a header, JSON lines or Parquet; values of texts as they stand, with MALFORMED and FILE.

    Raises:
        ConfigError: the ending says none of these.
        InputError: the file is missing or has no columns.
    """
    ending, path = ending_of(path), existing(path)
    if ending not in FORMATS:
        remedy = "Rename it, or convert it: the ending names the format."
        raise ConfigError(path, expected=f"an ending of {', '.join(FORMATS)}", found=ending or "none", remedy=remedy)
    match FORMATS[ending]:
        case "csv":
            frame = _read_csv(spark, path)
        case "json":
            reader = spark.read.option("primitivesAsString", True).option("columnNameOfCorruptRecord", MALFORMED)
            frame = reader.json(path)
        case _:
            frame = spark.read.parquet(path)
    if MALFORMED not in frame.columns:
        frame = frame.withColumn(MALFORMED, F.lit(None).cast("string"))
    return frame.withColumn(FILE, F.col("_metadata.file_path"))


def _read_csv(spark: SparkSession, path: str) -> DataFrame:
    # multiLine: names may hold line breaks inside quotes (RFC 4180); "" is the escape of that standard
    reader = spark.read.option("header", True).option("multiLine", True).option("escape", '"')
    columns = reader.csv(path).columns
    if not columns:
        raise InputError(path, expected="a header line", found="an empty file", remedy="Deliver the file again.")
    schema = ", ".join(f"`{name.replace('`', '``')}` string" for name in [*columns, MALFORMED])
    return reader.schema(schema).option("columnNameOfCorruptRecord", MALFORMED).csv(path)


def without_faults(frame: DataFrame, path: str) -> DataFrame:
    """A frame that an adapter has put together, as `bring` takes it: with FILE and no MALFORMED line."""
    return frame.withColumn(MALFORMED, F.lit(None).cast("string")).withColumn(FILE, F.lit(path))


def ending_of(path: str) -> str:
    """`.csv` of `interactions.csv.gz`."""
    plain = Path(path)
    return (Path(plain.stem) if plain.suffix in COMPRESSION else plain).suffix


def stem_of(path: str) -> str:
    """`interactions` of `in/interactions.csv.gz`."""
    return Path(path.rstrip("/")).name.split(".")[0]


@contextmanager
def said_plainly(where: str) -> Iterator[None]:
    """Turns Spark's trace for a damaged or unreadable file into one sentence.

    Raises:
        InputError: the file ends early, is not of its format or has vanished.
    """
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:  # the latter where a task failed
        text = str(error)
        found = UNREADABLE.search(text)
        if found is None:
            raise
        remedy = "Nothing was written. Deliver the file again (gzip -t FILE tests a gzip file)."
        raise InputError(where, expected="a whole, readable file", found=found.group(0), remedy=remedy) from None
