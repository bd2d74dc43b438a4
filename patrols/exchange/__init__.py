"""Exchange with other platforms: incidents and their steps as files, both ways, and orders of the hotline 12345."""
