"""People looking at screens: pages, API, maps and the command line."""
