"""Rules: who answers, what counts as walked, what may follow what."""
