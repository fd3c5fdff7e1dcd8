import sys

from pyspark.sql import SparkSession
from rows import tell

corpus = sys.argv[1]
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
documents = spark.read.parquet(f"{corpus}/data/documents").select("doc_id", "text", "split").collect()
sentences = spark.read.parquet(f"{corpus}/data/sentences").select("doc_id", "text", "start", "end", "split").collect()
tell(documents, sentences)
