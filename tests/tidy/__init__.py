"""House rules that no other tool holds. Each rule is data with its own examples: what it refuses, what it lets pass."""
