"""Files in and out: maps, tables, tracks and OpenStreetMap, each read whole or refused with file, row and reason."""
