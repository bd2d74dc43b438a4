"""Points: what earns them, who has how many, what they are redeemed for. A balance is the sum of its lines, always."""
