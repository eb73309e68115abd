"""Scoring archives: folders, tables, ZIP and TAR files, or lists of paths, to one table that survives a crash.

sources.py    what SOURCE may be, and the entries that it has
manifest.py   the entries on disk, in order, and the fixed shards and batches that they fall into
opening.py    the one place that turns an entry into bytes or a path
batch.py      one batch of entries to rows: reading, recipe, inference; pure, and what a remote worker calls
pipeline.py   many batches at once, in order, in bounded memory
job.py        the folder of an unfinished run: its identity, its lock, its shards
tables.py     the columns, and the finished CSV or Parquet file
run.py        all of it together; rows.py the same as a Python generator
storage.py    files by URL; listing.py and stored_file.py what is there, and what is in it
stored_job.py job.py's folder, on storage; shards.py the shards of either
cluster.py    all of it on Ray: actor.py is what a worker does, ray_session.py the connection
"""
