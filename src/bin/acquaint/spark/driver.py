"""Has a shipment of acquaint scored by Spark: python driver.py job.json

The job says which shipment, by which kernel, on which cluster. Nothing is decided here: tasks are ranges of people, the kernel makes
their lists, and the frames it makes are written one after the other, each after its length, to the file that the job names.
What is refused, or went wrong, is written to the job's report; docs/spark.md describes the settings that are asserted.
"""

import json
import os
import struct
import sys
import time

import pyspark
from pyspark import SparkConf
from pyspark.sql import SparkSession

import acquaint_worker

CHECKSUM = "spark.sql.shuffle.orderIndependentChecksum.enabled"
RETRY = "spark.sql.shuffle.orderIndependentChecksum.enableFullRetryOnMismatch"
# Of what replaces Spark's shuffle nobody says that it reports these checksums.
SHUFFLES = ("sort", "tungsten-sort", "org.apache.spark.shuffle.sort.SortShuffleManager")
ACCELERATORS = ("gluten", "comet", "rapids", "blaze", "auron")
PRIVATE = ("spark.authenticate", "spark.io.encryption.enabled")
ENCRYPTED = ("spark.network.crypto.enabled", "spark.ssl.rpc.enabled")


class Refused(Exception):
    """The cluster is not one that people's ties may be sent to, or not one whose results can be trusted."""


def refuse_version(version):
    number = tuple(int(part) for part in version.split("-")[0].split(".")[:3])
    if number < (4, 1, 0):
        raise Refused(f"Spark {version} has no checksums of shuffles that do not depend on the order of rows: use 4.3.0 or later")
    if number == (4, 2, 0):
        raise Refused("Spark 4.2.0 accepts a differing first attempt of a stage without a word: use 4.3.0 or later")


def refuse_settings(get, is_loopback):
    """Looks at the settings that are in force, wherever they were made."""
    for name in (CHECKSUM, RETRY):
        if get(name, "true").lower() != "true":
            raise Refused(f"{name} is off: a lost executor could change rows unseen. Turn it on")
    shuffle = get("spark.shuffle.manager", "sort")
    if shuffle not in SHUFFLES:
        raise Refused(f"spark.shuffle.manager is {shuffle}: nobody knows whether it reports checksums. Use Spark's own")
    plugins = (get("spark.plugins", "") + "," + get("spark.sql.extensions", "")).lower()
    for name in ACCELERATORS:
        if name in plugins:
            raise Refused(f"the accelerator {name} is on, and may report no checksums. Turn it off for this job")
    if is_loopback:
        return
    is_on = lambda name: get(name, "false").lower() == "true"
    for name in PRIVATE:
        if not is_on(name):
            raise Refused(f"the master is not on this machine, and {name} is off. Set --conf {name}=true")
    if not any(is_on(name) for name in ENCRYPTED):
        raise Refused(f"the master is not on this machine, and its connections are not encrypted. Set --conf {ENCRYPTED[0]}=true")


def session(job):
    refuse_version(pyspark.__version__)
    conf = SparkConf().setMaster(job["master"]).setAppName("acquaint")
    for name, value in job["conf"].items():
        conf.set(name, value)
    refuse_settings(conf.get, job["is_loopback"])
    spark = SparkSession.builder.config(conf=conf).getOrCreate()
    try:
        # What the cluster makes of them is what counts.
        refuse_version(spark.version)
        context = spark.sparkContext
        refuse_settings(lambda name, default: spark.conf.get(name, default), job["is_loopback"])
        if context.master != job["master"]:
            raise Refused(f"the master is {context.master}, not {job['master']}")
    except BaseException:
        spark.stop()
        raise
    return spark


def ship(spark, job):
    """Where workers find the kernel and the shipment: a path of this machine, or files that Spark carries to each executor."""
    context = spark.sparkContext
    context.addPyFile(acquaint_worker.__file__)
    spec = {name: job[name] for name in ("kernel_sha256", "kernel_version", "shipment_blake3", "n_people", "frame_people", "threads")}
    for name in ("kernel", "shipment"):
        if job["ship"] == "files":
            context.addFile(job[name])
            spec[name] = {"file": os.path.basename(job[name])}
        else:
            spec[name] = {"path": job[name]}
    return spec


def score(spark, job, spec):
    n_frames = -(-job["n_people"] // job["frame_people"])
    partitions = max(1, min(job["partitions"], n_frames))
    tasks = spark.range(0, n_frames, 1, partitions)
    made = tasks.mapInArrow(lambda batches: acquaint_worker.score(spec, batches), acquaint_worker.SCHEMA)
    made.write.mode("error").parquet(job["results"])
    return partitions


def collect(spark, job):
    told = {"frames": 0, "bytes": 0, "kernel_seconds": 0.0, "open_seconds": 0.0}
    rows = spark.read.schema(acquaint_worker.SCHEMA).parquet(job["results"])
    with open(job["frames"], "wb") as out:
        for row in rows.toLocalIterator(prefetchPartitions=True):
            out.write(struct.pack("<Q", len(row.frame)))
            out.write(row.frame)
            told["frames"] += 1
            told["bytes"] += len(row.frame)
            told["kernel_seconds"] += row.kernel_seconds
            told["open_seconds"] += row.open_seconds
    return told


def clean(spark, job, spec):
    """Removes what tasks and files left, as far as whoever made it still runs."""
    context = spark.sparkContext
    if job["ship"] == "files":
        n = 4 * max(1, context.defaultParallelism)
        context.parallelize(range(n), n).foreach(lambda _: acquaint_worker.remove(spec))
    path = context._jvm.org.apache.hadoop.fs.Path(job["results"])
    path.getFileSystem(context._jsc.hadoopConfiguration()).delete(path, True)


def run(job):
    begun = time.monotonic()
    acquaint_worker.check_kernel(job["kernel"], job)
    spark = session(job)
    started = time.monotonic()
    try:
        spec = ship(spark, job)
        partitions = score(spark, job, spec)
        scored = time.monotonic()
        told = collect(spark, job)
        clean(spark, job, spec)
        told.update(spark=spark.version, partitions=partitions)
    finally:
        spark.stop()
    ended = time.monotonic()
    told["seconds"] = {"start": started - begun, "score": scored - started, "collect": ended - scored}
    return told


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    try:
        told, code = run(job), 0
    except Refused as why:
        told, code = {"refused": str(why)}, 3
    except acquaint_worker.Unfit as why:
        told, code = {"refused": str(why)}, 3
    with open(job["report"], "w", encoding="utf-8") as file:
        json.dump(told, file)
    sys.exit(code)


if __name__ == "__main__":
    main()
