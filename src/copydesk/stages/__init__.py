"""The stages of the pipeline, one in each file: tables in, tables out.

A stage that works shard by shard declares itself as :class:`~copydesk.stages.runner.Stage` and offers a pure
function ``shard``; ``ingest``, ``deduplicate``, ``labels``, ``package`` and ``validate`` also work across shards.
Each has ``run(project)``, which the script of the same name and :func:`copydesk.build` call.
"""
