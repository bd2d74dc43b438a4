"""How the names of files end, by what the files are."""

TEXT_ENDINGS = frozenset({".csv", ".tsv", ".tab", ".txt"})
"""Tables of text."""
WORKBOOK_ENDINGS = frozenset({".xlsx", ".xlsm"})
PARQUET_ENDINGS = frozenset({".parquet", ".geoparquet"})
