"""The sample town: real streets and buildings of one place, and everybody and everything else simulated."""
