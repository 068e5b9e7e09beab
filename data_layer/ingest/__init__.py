"""NEMWEB to lake: download, MMS file reader, pipeline. Public face: pipeline.ingest, update, ingest_files."""
