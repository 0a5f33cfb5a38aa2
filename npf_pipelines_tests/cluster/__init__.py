"""Several machines: Celery workers that share PostgreSQL, Redis and a bucket.

`python -m npf_pipelines_tests.cluster` kills two of them while they push. The tests, which run a few minutes each, are
marked `long`. Nothing of it is in `make test`.
"""
