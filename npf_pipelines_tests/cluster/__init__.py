"""Several machines: two Celery workers that share PostgreSQL, Redis and a bucket, killed while they push.

`python -m npf_pipelines_tests.cluster` is the long form. Nothing of it is in `make test`.
"""
