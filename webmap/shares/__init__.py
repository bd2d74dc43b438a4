"""Views handed on by a link, put into a text as a picture, or taken away as a file."""
