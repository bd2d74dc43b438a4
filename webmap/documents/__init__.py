"""Figures of a period as documents: on a page, and as files of four kinds (.html, .xlsx, .pdf, .docx)."""
