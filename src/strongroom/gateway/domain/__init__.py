"""What passes through the gateway: who calls, what they may send, what they get to see. Pure."""
