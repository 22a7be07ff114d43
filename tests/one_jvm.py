"""One JVM for all test workers: what takes most of a short JVM's time, loading and compiling, is done once.

The controller of xdist starts it and each worker attaches with a session of its own (own settings, own temporary
views); a run without workers starts its own as everybody does.
"""

import json
import os

from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

WHERE = "KLOUTSPARK_TEST_GATEWAY"  # not pyspark's own names: commands that tests start must start their own


def offer(session: SparkSession) -> None:
    """Tells the workers that are started from here on where the session's JVM listens."""
    gateway = session.sparkContext._gateway
    assert gateway is not None
    parameters = gateway.gateway_parameters
    os.environ[WHERE] = json.dumps({"port": parameters.port, "secret": parameters.auth_token})


def attach() -> None:
    """Makes a session in the offered JVM the one that `getOrCreate` finds, where one is offered."""
    if WHERE not in os.environ or SparkSession.getActiveSession() is not None:
        return
    offered = json.loads(os.environ[WHERE])
    pyspark = {"PYSPARK_GATEWAY_PORT": str(offered["port"]), "PYSPARK_GATEWAY_SECRET": offered["secret"]}
    os.environ.update(pyspark)
    try:
        gateway = launch_gateway()  # type: ignore[no-untyped-call]
    finally:
        for name in pyspark:
            del os.environ[name]
    jvm = gateway.jvm
    running = jvm.JavaSparkContext.fromSparkContext(jvm.org.apache.spark.SparkContext.getOrCreate())
    context = SparkContext(gateway=gateway, jsc=running, conf=SparkConf(_jconf=running.getConf()))
    shared = jvm.org.apache.spark.sql.classic.SparkSession.getDefaultSession().get()
    SparkSession._instantiatedSession = SparkSession(context, shared.newSession())
