"""What the engine knows, what co-signers say to it, and how it decides; pure."""
