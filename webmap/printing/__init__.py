"""Printed pages: the atlas of a community's grids, and the notice boards of its grids and buildings."""
